#include "harness/explore/orders.hpp"

#include <algorithm>
#include <bitset>
#include <initializer_list>
#include <map>
#include <tuple>

#include "harness/strategies/dependence.hpp"
#include "harness/strategies/each.hpp"

namespace harness {
namespace {

constexpr std::size_t most_orders = 128;      // that are considered
constexpr std::size_t most_in_threes = 48;    // of them, in sets of three
constexpr std::size_t most_events = 600;      // the last ones, among which they are looked for
constexpr std::uint64_t first_look = 400;     // executions without any demand
constexpr std::uint64_t random_checks = 300;  // each by random and by pct
constexpr std::uint64_t dfs_checks = 3000;
constexpr int dfs_preemptions = 2;
constexpr std::size_t most_guesses = 100;

using Orders = std::bitset<most_orders>;
static_assert(most_orders == 64 * std::tuple_size_v<Probe::Note>);

// What the strategy was asked about, in order: the first event of each step.
std::vector<Event> steps_of(std::span<const Recorded> events) {
  std::vector<Event> steps;
  for (const Recorded& recorded : events) {
    const Event& event = recorded.event;
    const bool is_new = steps.empty() ? event.step > 0 : event.step > steps.back().step;
    if (is_new && is_scheduling_point(event.op)) steps.push_back(event);
  }
  return steps;
}

std::vector<Mark> marks_of(const std::vector<Event>& steps) {
  std::map<std::tuple<TaskId, Op, std::uintptr_t>, std::uint32_t> seen;
  std::vector<Mark> marks;
  for (const Event& event : steps)
    marks.push_back({event.task, event.op, event.where,
                     seen[std::make_tuple(event.task, event.op, event.where)]++});
  return marks;
}

// The order of threads' beginnings and ends is nobody's doing.
bool is_of_interest(const Event& event) {
  return event.op != Op::start && event.op != Op::end && event.op != Op::spawn &&
         event.op != Op::join && event.where != 0;
}

class OrderSearch {
 public:
  OrderSearch(Probe& probe, std::span<const Recorded> events, std::span<const Event> guilty,
              std::uint64_t seed, Effort& effort)
      : probe_(probe), steps_(steps_of(events)), guilty_(guilty), seed_(seed), effort_(effort) {
    if (steps_.size() > most_events) first_ = steps_.size() - most_events;
    marks_of_steps_ = marks_of(steps_);
  }

  FoundOrders run(const std::vector<Stops>& near, bool with_guilty) {
    passing_.clear();
    failing_.clear();
    choose_orders(with_guilty);
    look(follow_stops(near), near.size(), {});
    look(make_random({.seed = seed_}), first_look, {});
    for (std::size_t guesses = 0; guesses < most_guesses && !effort_.is_spent(); ++guesses) {
      const auto guess = smallest_guess();
      if (!guess) break;
      const std::size_t known = passing_.size();
      if (stands(*guess)) return result(*guess);
      if (passing_.size() == known) break;  // neither refuted nor shown
    }
    found_.found = false;
    return found_;
  }

 private:
  using Guess = std::vector<std::size_t>;  // indices of orders

  bool is_guilty(const Event& event) const {
    return std::any_of(guilty_.begin(), guilty_.end(), [&](const Event& one) {
      return one.step == event.step && one.task == event.task;
    });
  }

  // For each event the last one of every other task before it that it depends on, and the first one
  // after: the orders between neighbours. Accesses stand before locks, which mean less to a reader.
  void choose_orders(bool with_guilty) {
    orders_.clear();
    for (std::size_t j = first_; j < steps_.size(); ++j) add_neighbours(j, with_guilty);
    std::sort(orders_.begin(), orders_.end(), [&](const StepPair& a, const StepPair& b) {
      const auto rank = [&](const StepPair& pair) {
        return std::tuple(!dependence::is_access(steps_[pair.then].op), steps_.size() - pair.then,
                          steps_.size() - pair.first);
      };
      return rank(a) < rank(b);
    });
    orders_.erase(std::unique(orders_.begin(), orders_.end()), orders_.end());
    if (orders_.size() > most_orders) orders_.resize(most_orders);
    number_marks();
  }

  void add_neighbours(std::size_t j, bool with_guilty) {
    if (!is_usable(j, with_guilty)) return;
    std::vector<TaskId> done;
    for (std::size_t i = j; i-- > first_;) {
      if (!is_usable(i, with_guilty) || !dependent(steps_[i], steps_[j])) continue;
      if (steps_[i].task == steps_[j].task) continue;
      if (std::count(done.begin(), done.end(), steps_[i].task)) continue;
      done.push_back(steps_[i].task);
      orders_.push_back({i, j});
    }
    done.clear();
    for (std::size_t k = j + 1; k < steps_.size(); ++k) {
      if (!is_usable(k, with_guilty) || !dependent(steps_[j], steps_[k])) continue;
      if (steps_[k].task == steps_[j].task) continue;
      if (std::count(done.begin(), done.end(), steps_[k].task)) continue;
      done.push_back(steps_[k].task);
      orders_.push_back({j, k});
    }
  }

  bool is_usable(std::size_t at, bool with_guilty) const {
    return is_of_interest(steps_[at]) && (with_guilty || !is_guilty(steps_[at]));
  }

  void number_marks() {
    marks_.clear();
    for (const StepPair& pair : orders_) {
      marks_.push_back(marks_of_steps_[pair.first]);
      marks_.push_back(marks_of_steps_[pair.then]);
    }
    std::sort(marks_.begin(), marks_.end());
    marks_.erase(std::unique(marks_.begin(), marks_.end()), marks_.end());
  }

  Order order(std::size_t number) const {
    const auto index = [&](std::size_t step) {
      const auto at = std::lower_bound(marks_.begin(), marks_.end(), marks_of_steps_[step]);
      return static_cast<std::size_t>(at - marks_.begin());
    };
    return {index(orders_[number].first), index(orders_[number].then)};
  }

  struct Look {
    std::uint64_t with_orders = 0;  // executions that had all the demanded orders, and failed
    bool refuted = false;
    bool exhausted = false;
  };

  // Runs until an execution has the demanded orders and passes. The passing ones are remembered,
  // but for those that refute no more than an earlier one does.
  Look look(std::unique_ptr<Strategy> inner, std::uint64_t count, const Guess& demanded,
            Ordered::Otherwise otherwise = Ordered::Otherwise::gives_up) {
    std::vector<Order> all;
    for (std::size_t i = 0; i < orders_.size(); ++i) all.push_back(order(i));
    std::vector<Order> wanted;
    for (const std::size_t number : demanded) wanted.push_back(all[number]);
    Ordered strategy(std::move(inner), marks_, wanted, otherwise);
    const auto next = [&](const Probe::Tried& tried) {
      tried.note = {};
      for (std::size_t i = 0; i < all.size(); ++i)
        if (strategy.holds(all[i])) tried.note[i / 64] |= std::uint64_t{1} << (i % 64);
      return demanded.empty() || tried.answer != Answer::passed || !strategy.holds_all();
    };
    const Probe::Result result = probe_.run(strategy, count, effort_, next);
    found_.tried += result.answers.size();
    Look seen;
    seen.exhausted = result.exhausted;
    seen.refuted = result.choices.has_value();
    for (std::size_t i = 0; i < result.answers.size(); ++i) {
      Orders held(result.notes[i][1]);
      held = held << 64 | Orders(result.notes[i][0]);
      const bool failed = result.answers[i] == Answer::same || result.answers[i] == Answer::other;
      if (result.answers[i] == Answer::passed && explains(held)) passing_.push_back(held);
      if (failed) ++seen.with_orders;
      if (failed && demanded.empty()) failing_.push_back(held);
    }
    return seen;
  }

  bool explains(const Orders& guess) const {
    return std::none_of(passing_.begin(), passing_.end(),
                        [&](const Orders& held) { return (held & guess) == guess; });
  }

  // Of those with the fewest orders that no passing execution refutes, the one that holds in the
  // most failing executions: it says the most in general.
  std::optional<Guess> smallest_guess() const {
    Best best;
    const std::size_t n = orders_.size();
    const std::size_t few = std::min(n, most_in_threes);
    consider({}, best);
    if (best.guess) return best.guess;
    for (std::size_t a = 0; a < n; ++a) consider({a}, best);
    if (best.guess) return best.guess;
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = a + 1; b < n; ++b) consider({a, b}, best);
    if (best.guess) return best.guess;
    for (std::size_t a = 0; a < few; ++a)
      for (std::size_t b = a + 1; b < few; ++b)
        for (std::size_t c = b + 1; c < few; ++c) consider({a, b, c}, best);
    return best.guess;
  }

  struct Best {
    std::optional<Guess> guess;
    std::size_t holds = 0;  // in so many failing executions
  };

  void consider(std::initializer_list<std::size_t> guess, Best& best) const {
    Orders orders;
    for (const std::size_t number : guess) orders.set(number);
    if (!explains(orders)) return;
    const auto holds = static_cast<std::size_t>(
        std::count_if(failing_.begin(), failing_.end(),
                      [&](const Orders& held) { return (held & orders) == orders; }));
    if (!best.guess || holds > best.holds) best = {Guess(guess), holds};
  }

  bool stands(const Guess& guess) {
    const Look random = look(make_random({.seed = seed_ + 1}), random_checks, guess);
    if (random.refuted) return false;
    const Look pct = look(make_pct({.seed = seed_ + 2}, 0), random_checks, guess);
    if (pct.refuted) return false;
    const Look dfs =
        look(make_dfs(dfs_preemptions), dfs_checks, guess, Ordered::Otherwise::abandons);
    if (dfs.refuted || effort_.is_spent()) return false;
    found_.random = random.with_orders + pct.with_orders;
    found_.depth_first = dfs.with_orders;
    found_.is_all = dfs.exhausted;
    found_.preemptions = dfs_preemptions;
    return found_.random + found_.depth_first > 0;
  }

  FoundOrders result(const Guess& guess) {
    found_.found = true;
    for (const std::size_t number : guess)
      found_.orders.push_back(
          {steps_[orders_[number].first].step, steps_[orders_[number].then].step});
    std::sort(found_.orders.begin(), found_.orders.end(),
              [](const StepOrder& a, const StepOrder& b) { return a.first < b.first; });
    return found_;
  }

  struct StepPair {  // indices into steps_
    std::size_t first;
    std::size_t then;
    friend bool operator==(const StepPair&, const StepPair&) = default;
  };

  Probe& probe_;
  std::vector<Event> steps_;
  std::span<const Event> guilty_;
  std::uint64_t seed_;
  Effort& effort_;
  std::size_t first_ = 0;  // of the steps that are looked at
  std::vector<Mark> marks_of_steps_;
  std::vector<StepPair> orders_;
  std::vector<Mark> marks_;
  std::vector<Orders> passing_;  // what held in passing executions
  std::vector<Orders> failing_;  // and in failing ones, of which nothing was demanded
  FoundOrders found_;
};

}  // namespace

// Orders with the guilty events themselves ("freed before used") say what the violation says
// already; they are taken where nothing else explains it.
FoundOrders find_orders(Probe& probe, std::span<const Recorded> events,
                        std::span<const Event> guilty, const std::vector<Stops>& near,
                        std::uint64_t seed, Effort& effort) {
  OrderSearch search(probe, events, guilty, seed, effort);
  const FoundOrders found = search.run(near, false);
  return found.found ? found : search.run(near, true);
}

}  // namespace harness
