// poison-vs-remap: a pool poisons what is free, so that a sanitizer sees a use after release; then
// it unmaps the region. Somebody else maps memory of his own, and gets the same addresses: fresh
// memory that the sanitizer calls poisoned.
//
//   reclaimer                         stranger
//   release(slice): poison it
//   free_unused_regions(): munmap
//                                     mmap(): the same address, poisoned
//
// The addresses of `claimed` stay reserved for it, whatever is mapped there: nobody else gets them.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/poisoning.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  lifecycles::Poison poison;
  constexpr allocator::Options options = {
      .budget_bytes = 2 * page, .cores = 1, .region_bytes = 2 * page};
  std::unique_ptr<allocator::Pool> inner;
  if (variant == lifecycles::UnmapsPoisoned::name) {
    inner = std::make_unique<lifecycles::UnmapsPoisoned>(options);
  } else {
    inner = allocator::make(variant, options);
  }
  auto pool = std::make_unique<lifecycles::PoisoningPool>(std::move(inner), poison);
  const allocator::Slice held = pool->allocate(page);
  std::byte* fresh = nullptr;
  run.spawn("reclaimer", [&] {
    pool->release(held);
    pool->free_unused_regions();
  });
  run.spawn("stranger", [&] {
    std::error_code error;
    fresh = allocator::system_memory().map(2 * page, error);
    harness::point("mapped-own");
    if (fresh != nullptr && poison.is_on(fresh)) {
      harness::observe::violated("assertion", "memory that was never used is poisoned");
    }
  });
  run.join();
  if (fresh != nullptr) static_cast<void>(allocator::system_memory().release(fresh, 2 * page));
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "poison-vs-remap",
    .about = "a region is unmapped with poison on it, and mapped by somebody else",
    .variants = {{"unmaps-poisoned", "assertion", "reclaimer stranger/1"}, {"claimed", "pass"}},
    .documented = "reclaimer stranger",
    .play = play,
});
