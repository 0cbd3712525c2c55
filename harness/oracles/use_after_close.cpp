// use-after-close: the owner of a range declared everything in it over while a slice of it was
// handed out; or something in a closed range is accessed or handed out before the range is mapped
// anew; or a pool that was closed answers a request that began afterwards.
#include <fmt/format.h>

#include <vector>

#include "harness/oracles/each.hpp"
#include "harness/oracles/slices.hpp"
#include "harness/oracles/words.hpp"

namespace harness {
namespace {

constexpr const char* rule = "use-after-close";

class UseAfterClose final : public Oracle {
 public:
  Ops watches() const override {
    return Ops(Op::map, Op::unmap, Op::protect, Op::asked, Op::given, Op::returning, Op::returned,
               Op::closed, Op::budget, Op::read, Op::write, Op::crashed);
  }

  void begin() override {
    closed_.clear();
    slices_.begin();
    pools_.clear();
    requests_.clear();
  }

  std::optional<Violation> see(const Event& event) override {
    switch (event.op) {
      case Op::map:
      case Op::unmap:
      case Op::protect:
        if (!event.failed && !closed_.empty()) see_memory(event);
        return {};
      case Op::closed:
        return event.bytes == 0 ? see_pool_closed(event) : see_closed(event);
      case Op::budget:  // a pool introduces itself: a new one, even at the place of an old one
        std::erase_if(pools_, [&](const Event& pool) { return pool.object == event.object; });
        return {};
      case Op::asked:
        see_asked(event);
        return {};
      case Op::given:
        return see_given(event);
      case Op::returning:
      case Op::returned:
        slices_.see(event);
        return {};
      default:
        if (event.op == Op::crashed && event.object == 0) return {};
        return see_access(event);
    }
  }

 private:
  struct Closed {
    Event event;
    bool unmapped = false;
  };
  using Entry = Intervals<Closed>::Entry;

  void see_memory(const Event& event) {
    const Range range = pages_of(event);
    const bool taken_away = event.op == Op::unmap || event.value == 0;
    if (!taken_away && event.op == Op::map) return closed_.cut(range);
    // To make accessible again what had been taken away is to begin anew; to change the protection
    // of what is still there is not.
    split_at(range.begin);
    split_at(range.end);
    reopened_.clear();
    closed_.each(range, [&](Entry& entry) {
      if (taken_away) entry.what.unmapped = true;
      if (!taken_away && entry.what.unmapped) reopened_.push_back(entry);
    });
    for (const Range& again : reopened_) closed_.cut(again);
  }

  void split_at(std::uintptr_t address) {
    const Entry* entry = closed_.first({address, address + 1});
    if (!entry || entry->begin == address) return;
    const Entry whole = *entry;
    closed_.set({address, whole.end}, whole.what);
  }

  std::optional<Violation> see_closed(const Event& event) {
    const Range range = range_of(event);
    if (const Slices::Entry* slice = slices_.out_in(range)) {
      const Event& given = slice->what.given;
      return violation(
          rule,
          fmt::format("{} closes {} while its slice {} is handed out to {} (since step {})",
                      mention(event.task), range_text(range), range_text(*slice),
                      mention(given.task), given.step),
          given, event);
    }
    closed_.set(range, {event, false});
    return {};
  }

  std::optional<Violation> see_pool_closed(const Event& event) {
    pools_.push_back(event);
    return {};
  }

  const Event* closing_of(std::uintptr_t pool) const {
    for (const Event& closed : pools_)
      if (closed.object == pool) return &closed;
    return nullptr;
  }

  // Remembers the requests that came too late. A task has one request under way at most.
  void see_asked(const Event& event) {
    std::erase_if(requests_, [&](const Event& request) { return request.task == event.task; });
    if (closing_of(event.object)) requests_.push_back(event);
  }

  std::optional<Violation> see_given(const Event& event) {
    slices_.see(event);
    const Range range = range_of(event);
    if (const Entry* entry = closed_.first(range))
      return closed_range(*entry, event, fmt::format("is given {}", range_text(range)));
    for (const Event& request : requests_) {
      if (request.task != event.task || request.object != event.value) continue;
      const Event* closed = closing_of(request.object);
      if (!closed) return {};
      return violation(
          rule,
          fmt::format("{} is given {} by a pool that {} had closed at step {}, before the "
                      "request began",
                      mention(event.task), range_text(range), mention(closed->task), closed->step),
          *closed, event);
    }
    return {};
  }

  std::optional<Violation> see_access(const Event& event) {
    const Entry* entry = closed_.first(range_of(event));
    if (!entry) return {};
    return closed_range(*entry, event, access_text(event));
  }

  static Violation closed_range(const Entry& entry, const Event& event, const std::string& what) {
    const Event& closed = entry.what.event;
    Violation result = violation(
        rule,
        fmt::format("{} {}, in {}, which {} had closed at step {}", mention(event.task), what,
                    range_text(range_of(closed)), mention(closed.task), closed.step),
        closed, event);
    result.freed_region = entry.what.unmapped;
    return result;
  }

  Intervals<Closed> closed_;
  Slices slices_;
  std::vector<Event> pools_;     // how each closed pool was closed
  std::vector<Event> requests_;  // under way, begun after the close
  std::vector<Range> reopened_;  // for see_memory() only; a member to keep its room
};

}  // namespace

std::unique_ptr<Oracle> make_use_after_close() { return std::make_unique<UseAfterClose>(); }

}  // namespace harness
