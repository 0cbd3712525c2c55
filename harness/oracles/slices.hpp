// Slices: which slices are handed out at this moment, as their clients see it. A slice is out from
// `given` until its return is accepted; from `returning` on its pool may do with it what it likes.
// Where the return is refused, whoever was given the slice has given it up all the same; a refused
// return by anybody else (a stale one, a mistaken one) changes nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/oracles/intervals.hpp"

namespace harness {

struct Slice {
  Event given;
  std::uint32_t number = 0;     // counts gives, so that two lives of one address are told apart
  std::uint32_t returning = 0;  // tasks that are about to give it back
  bool given_up = false;        // its owner's return was refused
  bool out() const { return returning == 0 && !given_up; }
};

class Slices {
 public:
  using Entry = Intervals<Slice>::Entry;
  static constexpr Ops ops{Op::given, Op::returning, Op::returned};

  void begin() {
    slices_.clear();
    returns_.clear();
    given_ = 0;
  }

  // For given, returning and returned; other events are ignored.
  void see(const Event& event) {
    switch (event.op) {
      case Op::given:
        slices_.set(range_of(event), Slice{event, ++given_, 0, false});
        break;
      case Op::returning:
        begin_return(event);
        break;
      case Op::returned:
        end_return(event);
        break;
      default:
        break;
    }
  }

  // The first slice that is out and overlaps, nullptr where there is none.
  Entry* out_in(Range range) {
    Entry* found = nullptr;
    slices_.each(range, [&](Entry& entry) {
      if (!found && entry.what.out()) found = &entry;
    });
    return found;
  }
  // Calls visit(entry) for every slice that is out and overlaps.
  template <class Visit>
  void each_out(Range range, Visit visit) {
    slices_.each(range, [&](Entry& entry) {
      if (entry.what.out()) visit(entry);
    });
  }
  // All that never came back, by address, given up ones included.
  template <class Visit>
  void each_left(Visit visit) {
    for (Entry& entry : slices_)
      if (entry.what.returning == 0) visit(entry);
  }

 private:
  struct Return {
    TaskId task;
    std::uintptr_t object;
    std::uint32_t number;
  };

  Entry* at(std::uintptr_t object) {
    Entry* entry = slices_.first({object, object + 1});
    return entry && entry->begin == object ? entry : nullptr;
  }

  void begin_return(const Event& event) {
    Entry* entry = at(event.object);
    if (!entry) return;
    ++entry->what.returning;
    returns_.push_back({event.task, event.object, entry->what.number});
  }

  void end_return(const Event& event) {
    const auto begun = std::find_if(returns_.begin(), returns_.end(), [&](const Return& r) {
      return r.task == event.task && r.object == event.object;
    });
    if (begun == returns_.end()) return;
    const std::uint32_t number = begun->number;
    returns_.erase(begun);
    Entry* entry = at(event.object);
    if (!entry || entry->what.number != number) return;  // it was given anew meanwhile
    Slice& slice = entry->what;
    --slice.returning;
    slice.given_up = slice.given_up || event.task == slice.given.task;
    if (event.value != 0) slices_.cut(*entry);
  }

  Intervals<Slice> slices_;
  std::vector<Return> returns_;
  std::uint32_t given_ = 0;
};

}  // namespace harness
