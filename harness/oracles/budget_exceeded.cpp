// budget-exceeded: more memory is accessible at one instant than the pools promised, all their
// budgets together. Only what was made accessible after the first promise counts: a pool announces
// its budget right after its construction, so that what it mapped for itself until then is its own
// business.
#include <fmt/format.h>

#include <vector>

#include "harness/oracles/each.hpp"
#include "harness/oracles/intervals.hpp"
#include "harness/oracles/words.hpp"

namespace harness {
namespace {

class BudgetExceeded final : public Oracle {
 public:
  Ops watches() const override { return Ops(Op::map, Op::unmap, Op::protect, Op::budget); }

  void begin() override {
    accessible_.clear();
    budgets_.clear();
    bytes_ = promised_ = 0;
  }

  std::optional<Violation> see(const Event& event) override {
    if (event.failed) return {};
    if (event.op == Op::budget)
      promise(event);
    else if (event.op == Op::unmap || event.value == 0)
      take_away(pages_of(event));
    else
      make_accessible(event);
    if (budgets_.empty() || bytes_ <= promised_) return {};
    return exceeded(event);
  }

 private:
  enum class Counts : bool { no, yes };

  void promise(const Event& event) {
    std::erase_if(budgets_, [&](const Event& budget) {
      if (budget.object != event.object) return false;
      promised_ -= budget.value;
      return true;
    });
    budgets_.push_back(event);
    promised_ += event.value;
  }

  void take_away(Range range) {
    accessible_.each(range, [&](const Intervals<Counts>::Entry& entry) {
      const Range gone = entry.common(range);
      if (entry.what == Counts::yes) bytes_ -= gone.end - gone.begin;
    });
    accessible_.cut(range);
  }

  void make_accessible(const Event& event) {
    const Range range = pages_of(event);
    const Counts counts = budgets_.empty() ? Counts::no : Counts::yes;
    if (event.op == Op::map) {  // takes the place of whatever was there
      take_away(range);
      return add(range, counts);
    }
    gaps_.clear();  // protect() adds what was not accessible yet, and leaves the rest as it is
    std::uintptr_t at = range.begin;
    accessible_.each(range, [&](const Intervals<Counts>::Entry& entry) {
      if (at < entry.begin) gaps_.push_back({at, entry.begin});
      at = entry.end;
    });
    if (at < range.end) gaps_.push_back({at, range.end});
    for (const Range gap : gaps_) add(gap, counts);
  }

  void add(Range range, Counts counts) {
    if (counts == Counts::yes) bytes_ += range.end - range.begin;
    accessible_.set(range, counts);
  }

  Violation exceeded(const Event& event) const {
    const std::string what =
        event.op == Op::budget ? "promises a budget" : "makes memory accessible";
    const std::string several =
        budgets_.size() > 1 ? fmt::format(" by {} pools together", budgets_.size()) : "";
    return violation(
        "budget-exceeded",
        fmt::format("{} {}, with which {} are mapped where at most {} were promised{}",
                    mention(event.task), what, bytes_text(bytes_), bytes_text(promised_), several),
        event.op == Op::budget ? event : budgets_.back(), event);
  }

  Intervals<Counts> accessible_;
  std::vector<Event> budgets_;  // the last of each pool
  std::vector<Range> gaps_;     // for make_accessible() only; a member to keep its room
  std::uint64_t bytes_ = 0;     // of what counts
  std::uint64_t promised_ = 0;
};

}  // namespace

std::unique_ptr<Oracle> make_budget_exceeded() { return std::make_unique<BudgetExceeded>(); }

}  // namespace harness
