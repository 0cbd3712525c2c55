// contains-vs-remove: a pool that knows which slices are lent, so that a second release can be
// refused; but it looks, and acts on what it saw as a second step.
//
//   first                             second
//   lent? yes
//   |                                 lent? yes
//   strike off, push                  strike off, push: in the pool twice
//
// In `claimed` looking and striking off are one compare-and-swap.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/checked_release.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  auto pool = lifecycles::pool_of<lifecycles::ContainsThenRemove>(
      variant, {.budget_bytes = 4 * page, .cores = 1, .region_bytes = 4 * page});
  const allocator::Slice shared = pool->allocate(page);
  std::array<bool, 2> accepted{};
  const auto give_back = [&](std::size_t task) {
    accepted[task] = pool->release(shared) == allocator::Released::ok;
  };
  run.spawn("first", [&] { give_back(0); });
  run.spawn("second", [&] { give_back(1); });
  run.join();
  if (!accepted[0] && !accepted[1]) {
    harness::observe::violated("assertion", "a slice was released twice, and neither was accepted");
  }
  check_nothing_lost<4>(*pool);
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "contains-vs-remove",
    .about = "two releases of one slice, each of which looks first and acts afterwards",
    .variants = {{"contains-then-remove", "double-release", "first@checked second first"},
                 {"claimed", "pass", "first@pushed second first"}},
    .play = play,
});
