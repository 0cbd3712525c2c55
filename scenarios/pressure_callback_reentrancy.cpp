// pressure-callback-reentrancy: where the budget is used up the pool asks its client to give
// something back. The client's function does what clients do: it releases, it allocates, it frees
// regions. Called with a lock of the pool held, it waits for its own caller.
//
//   asker (the budget is used up)
//   lock the growth
//     on_pressure()
//       allocate(), release(a slice)
//         lock the growth             for ever
#include <chrono>

#include "allocator/segment_pool.hpp"
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/called_back.hpp"

namespace {

using namespace scenarios;

constexpr allocator::Options options = {
    .budget_bytes = 2 * page, .cores = 1, .region_bytes = 2 * page};

void play_locked(harness::Execution& run) {
  auto made = std::make_unique<lifecycles::CallsBackLocked>(options);
  lifecycles::CallsBackLocked& inner = *made;
  auto pool = std::make_unique<ObservedPool>(std::move(made));
  std::array<allocator::Slice, 2> held;
  for (auto& slice : held) slice = pool->allocate(page);
  bool gave_back = false;
  inner.on_pressure([&] {
    ask(*pool, 0x0c);
    pool->release(held[0]);
    gave_back = true;
  });
  run.spawn("asker", [&] { ask(*pool, 0xa5); });
  run.spawn("returner", [&] { pool->release(held[1]); });
  run.join();
  if (!gave_back) pool->release(held[0]);
  pool->close();
}

void use_segment(const allocator::Segment& segment, std::uint64_t value) {
  use({segment.data(), segment.size()}, value);
}

// The pool to use, by its handles.
void play_unlocked(harness::Execution& run) {
  allocator::SegmentPool pool(options);
  std::array<allocator::Segment, 2> held;
  for (auto& segment : held) segment = pool.allocate(page);
  run.spawn("asker", [&] {
    try {
      const auto segment = pool.allocate_for(page, std::chrono::milliseconds(1), [&](std::size_t) {
        if (!held[0]) return false;
        held[0].reset();
        if (const auto own = pool.try_allocate(page)) use_segment(own, 0x0c);
        const auto other = pool.try_allocate(2 * page);  // of another class: no room for it
        pool.free_unused_regions();
        return true;
      });
      use_segment(segment, 0xa5);
    } catch (const allocator::OutOfMemory&) {
      harness::observe::violated("assertion", "refused, although the client has given back");
    }
  });
  run.spawn("returner", [&] { held[1].reset(); });
  run.join();
  held[0].reset();
  if (const std::string wrong = pool.verify(); !wrong.empty()) {
    harness::observe::violated("accounting-drift", wrong.c_str());
  }
  pool.free_unused_regions();
  if (pool.statistics().mapped_bytes != 0) {
    harness::observe::violated("leak", "everything is back and was freed, and memory is mapped");
  }
}

}  // namespace

HARNESS_SCENARIO({
    .name = "pressure-callback-reentrancy",
    .about = "a client is asked to give something back, and allocates",
    .variants = {{"calls-back-locked", "deadlock"}, {"claimed", "pass"}},
    .documented = "asker returner",
    .search = {.executions = 20'000},
    .play =
        [](harness::Execution& run, std::string_view variant) {
          variant == "claimed" ? play_unlocked(run) : play_locked(run);
        },
});
