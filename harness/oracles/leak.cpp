// leak: the execution is over, and memory that it mapped is still accessible, or a slice was never
// given back. Everything that the execution mapped counts, a pool's metadata too (reservations,
// PROT_NONE, do not); a slice counts unless its pool was closed, which ends every claim.
#include <fmt/format.h>

#include <vector>

#include "harness/oracles/each.hpp"
#include "harness/oracles/slices.hpp"
#include "harness/oracles/words.hpp"

namespace harness {
namespace {

constexpr const char* rule = "leak";

class Leak final : public Oracle {
 public:
  Ops watches() const override {
    return Ops(Op::map, Op::unmap, Op::protect, Op::given, Op::returning, Op::returned, Op::closed);
  }

  void begin() override {
    mapped_.clear();
    slices_.begin();
    closed_.clear();
  }

  std::optional<Violation> see(const Event& event) override {
    switch (event.op) {
      case Op::map:
      case Op::unmap:
      case Op::protect:
        if (!event.failed) see_memory(event);
        break;
      case Op::closed:
        if (event.bytes == 0) closed_.push_back(event);
        break;
      default:
        slices_.see(event);
    }
    return {};
  }

  std::optional<Violation> end() override {
    if (auto found = leaked_slices()) return found;
    return leaked_memory();
  }

 private:
  struct Mapping {
    Event mapped;
    bool accessible = false;
  };
  using Entry = Intervals<Mapping>::Entry;

  void see_memory(const Event& event) {
    const Range range = pages_of(event);
    if (event.op == Op::unmap) return mapped_.cut(range);
    if (event.op == Op::map) return mapped_.set(range, {event, event.value != 0});
    changed_.clear();
    mapped_.each(range, [&](const Entry& entry) {
      const Range part = entry.common(range);
      // What is made accessible is charged to who did so, not to the reservation.
      const Event& by = entry.what.accessible ? entry.what.mapped : event;
      changed_.push_back({part, {by, event.value != 0}});
    });
    for (const Changed& changed : changed_) mapped_.set(changed.range, changed.mapping);
  }

  std::optional<Violation> leaked_slices() {
    const Slices::Entry* first = nullptr;
    std::size_t count = 0;
    slices_.each_left([&](const Slices::Entry& slice) {
      const Event& given = slice.what.given;
      for (const Event& closed : closed_)
        if (closed.object == given.value) return;
      ++count;
      if (!first || slice.what.number < first->what.number) first = &slice;
    });
    if (!first) return {};
    const Event& given = first->what.given;
    return violation(
        rule,
        fmt::format("the slice {} that was given to {} at step {} never came back{}{}",
                    range_text(*first), mention(given.task), given.step,
                    first->what.given_up ? ": its return was refused" : "", more(count, "slices")),
        given);
  }

  std::optional<Violation> leaked_memory() {
    const Entry* first = nullptr;
    std::size_t count = 0;
    std::uint64_t bytes = 0;
    for (const Entry& entry : mapped_) {
      if (!entry.what.accessible) continue;
      ++count;
      bytes += entry.end - entry.begin;
      if (!first) first = &entry;
    }
    if (!first) return {};
    const Event& mapped = first->what.mapped;
    return violation(rule,
                     fmt::format("{} was mapped by {} at step {} and is still mapped at the end{}",
                                 range_text(*first), mention(mapped.task), mapped.step,
                                 count > 1 ? more(count, "ranges") + ", " + bytes_text(bytes) : ""),
                     mapped);
  }

  static std::string more(std::size_t count, const char* what) {
    return count > 1 ? fmt::format("; {} {} in all", count, what) : "";
  }

  struct Changed {
    Range range;
    Mapping mapping;
  };

  Intervals<Mapping> mapped_;
  Slices slices_;
  std::vector<Event> closed_;     // pools
  std::vector<Changed> changed_;  // for see_memory() only; a member to keep its room
};

}  // namespace

std::unique_ptr<Oracle> make_leak() { return std::make_unique<Leak>(); }

}  // namespace harness
