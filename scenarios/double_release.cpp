// double-release: one slice given back twice, by two tasks at once and by one task twice.
//
// The historical pools take it: the slice lies in the pool twice, will be handed to two owners, and
// the count goes past the total. `claimed` sees that the slice's bit is free already and refuses,
// once and only once, however the two meet. (A release that comes after the slice was handed out
// again cannot be told from the new owner's by a bit; nobody allocates here.)
#include <array>

#include "harness/scenario.hpp"
#include "scenarios/observed_pool.hpp"
#include "scenarios/page.hpp"

namespace {

using namespace scenarios;

// Of two releases of one slice exactly one is accepted. Two are the harness's to see; none means
// that the slice is lost.
void check_one_accepted(bool a, bool b) {
  if (!a && !b) {
    harness::observe::violated("assertion", "a slice was released twice, and neither was accepted");
  }
}

// Nothing is in the pool twice: all of a region can be out at once.
void drain_and_refill(ObservedPool& pool) {
  std::array<allocator::Slice, 4> slices;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    slices[i] = pool.allocate(page);
    stamp(slices[i], i);
  }
  for (std::size_t i = 0; i < slices.size(); ++i) {
    check_stamp(slices[i], i);
    pool.release(slices[i]);
  }
}

void play(harness::Execution& run, std::string_view variant) {
  auto pool = observed(variant, {.budget_bytes = 4 * page, .cores = 1, .region_bytes = 4 * page});
  const allocator::Slice shared = pool->allocate(page);
  const allocator::Slice own = pool->allocate(page);
  std::array<bool, 4> accepted{};
  const auto release = [&](const allocator::Slice& slice, std::size_t index) {
    accepted[index] = pool->release(slice) == allocator::Released::ok;
  };
  run.spawn("first", [&] { release(shared, 0); });
  run.spawn("second", [&] { release(shared, 1); });
  run.spawn("twice", [&] {
    release(own, 2);
    release(own, 3);
  });
  run.join();
  check_one_accepted(accepted[0], accepted[1]);
  check_one_accepted(accepted[2], accepted[3]);
  drain_and_refill(*pool);
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "double-release",
    .about = "one slice given back twice, by two tasks at once and by one task twice",
    .variants = {{"documented-fix", "double-release"},
                 {"madvise-reuse", "double-release"},
                 {"claimed", "pass"}},
    .documented = "first second",
    .play = play,
});
