// fork-while-growing: a thread forks while another one is growing the pool. The child has the pool
// as it was at that instant, and nobody who would finish what was half done.
//
//   grower                            forker
//   lock the growth
//   |                                 fork(): the child's copy of the lock is held
//   |                                 child: allocate() waits for ever
//   map, unlock
//
// And where the mappings are shared, but the notes about them are not, one page has two owners.
#include <memory>

#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/forked.hpp"

namespace {

using namespace scenarios;

std::unique_ptr<lifecycles::ForkedPool> make(std::string_view variant,
                                             const allocator::Options& options) {
  if (variant == lifecycles::SharesMappings::name) {
    return std::make_unique<lifecycles::SharesMappings>(options);
  }
  if (variant == lifecycles::ForksUnprepared::name) {
    return std::make_unique<lifecycles::ForksUnprepared>(options);
  }
  return std::make_unique<lifecycles::ForksPrepared>(options);
}

void play(harness::Execution& run, std::string_view variant) {
  auto inner = make(variant, {.budget_bytes = page, .cores = 1, .region_bytes = page});
  lifecycles::ForkedPool& forking = *inner;
  auto parent = std::make_unique<ObservedPool>(std::move(inner));
  // A page that parent and child might both believe to be free.
  if (variant == lifecycles::SharesMappings::name) parent->release(parent->allocate(page));
  std::unique_ptr<ObservedPool> child;
  run.spawn("grower", [&] { borrow(*parent, page, 0x96); });
  run.spawn("forker", [&] {
    child = std::make_unique<ObservedPool>(forking.fork());
    harness::point("forked");
    borrow(*child, page, 0xc4);
  });
  run.join();
  child->close();
  parent->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "fork-while-growing",
    .about = "a thread forks while another one is growing the pool",
    .variants = {{"shares-mappings", "double-give", "forker@forked grower@holding forker"},
                 {"forks-unprepared", "deadlock"},
                 {"forks-prepared", "pass", "grower forker"}},
    .documented = "grower@growing forker grower",
    .play = play,
});
