// portfolio: the default. A few executions of each strategy tell how large the tree of interleavings is
// (Knuth, "Estimating the efficiency of backtrack programs", 1975: along a random path the product of the
// numbers of choices is, on average, the number of leaves). A small tree is searched to its end by dpor, or
// by dfs where dpor cannot, or the search is divided. Of a
// large one every second execution goes to the search with few preemptions, until the bound is done with,
// and the rest to those that sample, by what each has found: orders of conflicting events that were never
// seen before.
//
// What one strategy sees, feedback learns from. The search ends when the tree, or the bound, is done with,
// and as many executions have been sampled, of a bound that is done with soon at least a few thousand: what
// needs more preemptions is for them to find. exhausted() then holds within bound().
//
// An execution depends on seed, number and all executions before it. After a lost worker there has been a
// violation, so that nothing can be exhaustive any more: a new one only samples, and begins to learn anew.
#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "harness/strategies/conflicts.hpp"
#include "harness/strategies/draws.hpp"
#include "harness/strategies/each.hpp"

namespace harness {
namespace {

constexpr double small_tree = 1'000'000;  // leaves
constexpr std::uint64_t enough_estimates = 8;
constexpr std::uint64_t enough_samples = 10'000;  // beside a search within a bound

enum Arm : std::size_t { feedback, pos, random, surw, pct, pct2, pct3, urw, sampling_arms };

// The first executions; then what has paid off. Which arm a letter is, says arm_of(). First feedback, which
// finds what goes wrong wherever one task is held up; then mostly pct, which needs many tries, but few of its
// parameters to be right, where three tasks must come in one order.
constexpr std::string_view opening =
    "ffufffff32f3r2323f33233f23r323f3323f323o233rs233rf323rc33r23rfrf";

constexpr Arm arm_of(char letter) {
  switch (letter) {
    case 'f':
      return feedback;
    case 'o':
      return pos;
    case 'r':
      return random;
    case 's':
      return surw;
    case 'c':
      return pct;
    case '2':
      return pct2;
    case '3':
      return pct3;
    default:
      return urw;
  }
}

class Portfolio final : public Strategy {
 public:
  Portfolio(Stream stream, int preemptions)
      : draws_(stream), preemptions_(preemptions), conflicts_(std::make_shared<Conflicts>()) {
    arms_[feedback].strategy = make_feedback(stream, conflicts_);
    arms_[pos].strategy = make_pos(stream);
    arms_[random].strategy = make_random(stream);
    arms_[surw].strategy = make_surw(stream);
    arms_[pct].strategy = make_pct(stream, 0);
    arms_[pct2].strategy = make_pct({~stream.seed, stream.part, stream.parts}, 2);
    arms_[pct3].strategy = make_pct({stream.seed + 1, stream.part, stream.parts}, 3);
    arms_[urw].strategy = make_urw(stream);
    stream_ = stream;
  }

  bool begin(std::uint64_t execution) override {
    if (done_) return false;
    if (!abandoned_) choose(execution);
    abandoned_ = false;
    if (systematic_ && !begin_search()) {
      finished_ = true;
      if (!may_sample()) return !(done_ = true);
      systematic_ = false;
      arm_ = drawn_arm();
    }
    if (!systematic_) begin_sampling();
    return true;
  }

  std::size_t next(std::span<const Ready> ready, TaskId current) override {
    if (systematic_) {
      const std::size_t index = search_->next(ready, current);
      abandoned_ = index == abandon;
      return index;
    }
    const std::size_t index = arms_[arm_].strategy->next(ready, current);
    if (ready.size() > 1) ++steps_;
    if (arm_ == random) leaves_ *= static_cast<double>(ready.size());
    if (arm_ != feedback) {
      const Event& event = ready[index].event;
      conflicts_->executed(conflicts_->site_of(event), event);
    }
    return index;
  }

  // What the systematic search wants to see.
  Ops watches() const override { return make_dpor(-1)->watches(); }
  void executed(const Event& event) override {
    if (systematic_) search_->executed(event);
  }
  void blocked(const Event& event) override {
    if (systematic_) search_->blocked(event);
  }
  bool counts() const override { return !systematic_ || search_->counts(); }
  void completed() override { running().completed(); }

  void end() override {
    running().end();
    if (abandoned_) return;
    if (systematic_) {
      searched_ += search_->counts() ? 1 : 0;
      return;
    }
    ++sampled_;
    Sampling& arm = arms_[arm_];
    ++arm.executions;
    for (Sampling& each : arms_) each.paid *= 0.999;
    arm.paid += static_cast<double>(conflicts_->orders() - orders_);
    if (arm_ != random) return;
    constexpr double most = 1e300;
    leaves_sum_ = std::min(leaves_sum_ + leaves_, most);
    ++leaves_count_;
  }
  // The tree is another one now.
  void reconsider() override {
    search_.reset();
    is_small_ = finished_ = done_ = abandoned_ = false;
    searched_ = 0;
    leaves_sum_ = 0;
    leaves_count_ = 0;
  }

  void resume(std::uint64_t executions, std::span<const Choice> /*path*/) override {
    lost_ = executions > 0;
    for (Sampling& arm : arms_) arm.executions = executions;
  }

  bool exhausted() const override { return done_ && search_->exhausted(); }
  int bound() const override { return exhausted() ? search_->bound() : -1; }
  double leaves() const override {
    return leaves_count_ == 0 ? 0 : leaves_sum_ / static_cast<double>(leaves_count_);
  }
  const std::string& diverged() const override { return running_search().diverged(); }

 private:
  struct Sampling {
    std::unique_ptr<Strategy> strategy;
    std::uint64_t executions = 0;
    double paid = 0;  // orders seen first, those of long ago counting less
  };

  Strategy& running() { return systematic_ ? *search_ : *arms_[arm_].strategy; }
  const Strategy& running_search() const { return search_ ? *search_ : *arms_[random].strategy; }

  void choose(std::uint64_t execution) {
    draws_.start(execution);
    systematic_ = false;
    if (sampled_ < opening.size() && !lost_) {
      arm_ = arm_of(opening[sampled_]);
      return;
    }
    if (!lost_ && !search_ && leaves_count_ < enough_estimates) {
      arm_ = random;
      return;
    }
    if (!lost_ && !search_) choose_search();
    systematic_ = !lost_ && !finished_ && (is_small_ || searched_ <= sampled_);
    if (finished_ && !may_sample()) systematic_ = true;  // and its begin() says that it is over
    if (!systematic_) arm_ = drawn_arm();
  }

  void choose_search() {
    is_small_ = leaves() <= small_tree;
    by_dpor_ = is_small_ && stream_.parts == 1;
    search_ = by_dpor_    ? make_dpor(-1)
              : is_small_ ? make_dfs(-1, stream_)
                          : make_preemptions(preemptions_, stream_);
  }

  bool begin_search() {
    if (search_->begin(searched_)) return true;
    if (!by_dpor_ || search_->exhausted()) return false;
    by_dpor_ = false;
    search_ = make_dfs(-1, stream_);
    return search_->begin(searched_);
  }

  // After the search has come to its end.
  bool may_sample() const {
    if (is_small_) return false;
    return sampled_ < (preemptions_ < 0 ? searched_ : std::max(searched_, enough_samples));
  }

  Arm drawn_arm() {
    double sum = 0;
    for (const Sampling& arm : arms_) sum += weight(arm);
    double drawn = static_cast<double>(draws_.word() >> 11) * 0x1p-53 * sum;
    for (std::size_t i = 0; i + 1 < sampling_arms; ++i) {
      drawn -= weight(arms_[i]);
      if (drawn < 0) return static_cast<Arm>(i);
    }
    return static_cast<Arm>(sampling_arms - 1);
  }
  static double weight(const Sampling& arm) { return 1 + std::min(arm.paid, 8.0); }

  void begin_sampling() {
    Sampling& arm = arms_[arm_];
    if (arm_ != feedback) conflicts_->begin();
    choice_steps_ = std::max(choice_steps_, steps_);
    steps_ = 0;
    orders_ = conflicts_->orders();
    leaves_ = 1;
    // What it has to learn first, others have seen already.
    if (arm.executions == 0) arm.strategy->recall(choice_steps_);
    arm.strategy->begin(arm.executions);
  }

  Draws draws_;
  Stream stream_;
  int preemptions_;  // bound of the search in a large tree; -1: none
  std::shared_ptr<Conflicts> conflicts_;
  std::array<Sampling, sampling_arms> arms_;
  std::unique_ptr<Strategy> search_;  // from the end of the opening on
  bool is_small_ = false;
  bool by_dpor_ = false;
  bool finished_ = false;  // the search has nothing left
  bool done_ = false;
  bool lost_ = false;
  std::uint64_t sampled_ = 0, searched_ = 0;
  std::uint32_t choice_steps_ = 0;  // most of an execution that sampled
  double leaves_sum_ = 0;
  std::uint64_t leaves_count_ = 0;
  // of the execution that runs
  Arm arm_ = feedback;
  bool systematic_ = false;
  bool abandoned_ = false;
  std::uint32_t steps_ = 0;  // at which there was a choice
  double leaves_ = 1;
  std::size_t orders_ = 0;
};

}  // namespace

std::unique_ptr<Strategy> make_portfolio(Stream stream, int preemptions) {
  return std::make_unique<Portfolio>(stream, preemptions);
}

}  // namespace harness
