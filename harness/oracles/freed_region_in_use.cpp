// freed-region-in-use: memory that was taken away (unmapped, made inaccessible, mapped over) is
// accessed; or it was taken away, or its content discarded, while a slice of it was handed out,
// touched or not.
//
// The second kind is noticed at once but told later, at the strongest evidence that the execution
// has to offer: an access; else the slice's way back, another owner, a close; else whatever ends
// the execution.
#include <fmt/format.h>

#include <vector>

#include "harness/oracles/each.hpp"
#include "harness/oracles/slices.hpp"
#include "harness/oracles/words.hpp"

namespace harness {
namespace {

constexpr const char* rule = "freed-region-in-use";

class FreedRegionInUse final : public Oracle {
 public:
  Ops watches() const override {
    return Ops(Op::map, Op::unmap, Op::protect, Op::discard, Op::given, Op::returning, Op::returned,
               Op::closed, Op::counted, Op::lost, Op::violated, Op::read, Op::write, Op::stuck,
               Op::aborted, Op::crashed);
  }

  void begin() override {
    memory_.clear();
    slices_.begin();
    taken_.clear();
  }

  std::optional<Violation> see(const Event& event) override {
    switch (event.op) {
      case Op::map:
      case Op::unmap:
      case Op::protect:
      case Op::discard:
        if (!event.failed) see_memory(event);
        return {};
      case Op::given:
        return see_given(event);
      case Op::returning:
      case Op::returned:
      case Op::closed:
        return see_end_of_slice(event);
      case Op::read:
      case Op::write:
        return see_access(event);
      case Op::lost:
      case Op::counted:
        return event.value == event.before ? std::nullopt : see_symptom(event);
      default:
        return see_symptom(event);
    }
  }

  std::optional<Violation> end() override {
    if (taken_.empty()) return {};
    return tell(taken_.front());
  }

 private:
  struct Memory {
    enum State : std::uint8_t { live, reserved, freed } state = live;
    Event freed_by;
  };
  // Memory taken from under a slice, or a slice handed out of freed memory.
  struct Taken {
    Range range;
    Event given;
    Event freed_by;
    std::uint32_t number;  // of the slice
    bool freed_first;
  };

  void see_memory(const Event& event) {
    const Range range = pages_of(event);
    const bool changes_nothing = event.op == Op::protect && event.value != 0;
    if (!changes_nothing) take_from_slices(range, event);
    if (event.op == Op::discard) return;
    if (event.op != Op::unmap && event.value != 0)
      memory_.set(range, {Memory::live, {}});
    else
      free_memory(range, event);
  }

  void take_from_slices(Range range, const Event& event) {
    slices_.each_out(range, [&](const Slices::Entry& slice) {
      for (const Taken& taken : taken_)
        if (taken.number == slice.what.number) return;
      taken_.push_back({slice.common(range), slice.what.given, event, slice.what.number, false});
    });
  }

  // Freed is what was accessible, or (no mapping seen) must have been. A reservation was not, and
  // what is freed already stays so, whoever unmaps it again.
  void free_memory(Range range, const Event& event) {
    const bool fresh_is_freed = event.op != Op::map;
    const Memory other{fresh_is_freed ? Memory::freed : Memory::reserved, event};
    kept_.clear();
    memory_.each(range, [&](const Intervals<Memory>::Entry& entry) {
      Memory memory = entry.what;
      if (memory.state == Memory::live) memory = {Memory::freed, event};
      kept_.push_back({entry.common(range), memory});
    });
    memory_.set(range, other);
    for (const Kept& kept : kept_) memory_.set(kept.range, kept.memory);
  }

  const Event* freed_in(Range range) {
    const Event* found = nullptr;
    memory_.each(range, [&](const Intervals<Memory>::Entry& entry) {
      if (!found && entry.what.state == Memory::freed) found = &entry.what.freed_by;
    });
    return found;
  }

  const Taken* taken_in(Range range) const {
    for (const Taken& taken : taken_)
      if (taken.range.overlaps(range)) return &taken;
    return nullptr;
  }

  std::optional<Violation> see_given(const Event& event) {
    const Range range = range_of(event);
    if (const Taken* taken = taken_in(range))
      return tell(*taken, event,
                  fmt::format("{} is given {} of it", mention(event.task), range_text(range)));
    slices_.see(event);
    if (const Event* freed_by = freed_in(range))
      taken_.push_back({range.common(pages_of(*freed_by)), event, *freed_by,
                        slices_.out_in(range)->what.number, true});
    return {};
  }

  std::optional<Violation> see_end_of_slice(const Event& event) {
    slices_.see(event);
    if (event.op == Op::returned) return {};
    for (const Taken& taken : taken_) {
      const bool pool = event.op == Op::closed && event.bytes == 0;
      const bool ends = pool ? taken.given.value == event.object
                        : event.op == Op::returning
                            ? taken.given.object == event.object
                            : range_of(taken.given).overlaps(range_of(event));
      if (ends) return tell(taken);
    }
    return {};
  }

  std::optional<Violation> see_access(const Event& event) {
    const Range range = range_of(event);
    const Event* freed_by = freed_in(range);
    const Taken* taken = taken_in(range);
    if (taken) return tell(*taken, event, mention(event.task) + " " + access_text(event));
    if (!freed_by) return {};
    return freed_region(
        *freed_by, event,
        fmt::format("{} {}, in memory that {} had {} at step {}", mention(event.task),
                    access_text(event), mention(freed_by->task), freeing_text(*freed_by),
                    freed_by->step));
  }

  // The execution is about to end for another reason, of which this one is probably the cause.
  std::optional<Violation> see_symptom(const Event& event) {
    if (event.op == Op::crashed && event.object != 0)
      if (auto accessed = see_access(event)) return accessed;
    if (event.op == Op::lost)
      if (const Taken* taken = taken_in(range_of(event)))
        return tell(*taken, event, fmt::format("{} finds other data there", mention(event.task)));
    return end();
  }

  static Violation freed_region(const Event& first, const Event& last, std::string message) {
    Violation result = violation(rule, std::move(message), first, last);
    result.freed_region = true;
    return result;
  }

  static std::string story(const Taken& taken) {
    const Event& given = taken.given;
    const Event& freed = taken.freed_by;
    if (taken.freed_first)
      return fmt::format("the slice {} was given to {} at step {} after {} had {} it at step {}",
                         range_text(range_of(given)), mention(given.task), given.step,
                         mention(freed.task), freeing_text(freed), freed.step);
    return fmt::format(
        "{} {} {} at step {} while its slice {} was handed out to {} (since step {})",
        mention(freed.task), freeing_text(freed), range_text(pages_of(freed)), freed.step,
        range_text(range_of(given)), mention(given.task), given.step);
  }
  static Violation tell(const Taken& taken, const Event& evidence, const std::string& what) {
    return freed_region(taken.freed_by, evidence,
                        fmt::format("{} at step {}: {}", what, evidence.step, story(taken)));
  }
  static Violation tell(const Taken& taken) {
    const Event& first = taken.freed_first ? taken.freed_by : taken.given;
    const Event& last = taken.freed_first ? taken.given : taken.freed_by;
    return freed_region(first, last, story(taken));
  }

  struct Kept {
    Range range;
    Memory memory;
  };

  Intervals<Memory> memory_;
  Slices slices_;
  std::vector<Taken> taken_;
  std::vector<Kept> kept_;  // for free_memory() only; a member to keep its room
};

}  // namespace

std::unique_ptr<Oracle> make_freed_region_in_use() { return std::make_unique<FreedRegionInUse>(); }

}  // namespace harness
