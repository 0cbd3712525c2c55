// reuse-vs-use: the next generation does not unmap an unused region but discards its pages
// (madvise(MADV_DONTNEED)) and queues it for reuse. Its report calls that fully thread-safe.
// Nothing crashes any more, indeed; what the reader wrote turns to zero under its hands instead.
//
//   reader                            reclaimer
//                                     collect: region has 8 of 8
//   slice = poll()                    |
//   unusedSlices = 7                  |
//   write slice                       |
//                                     discard the region, queue it for reuse
//   read slice                        -> zeros
//
// (What comes next, the slice being offered a second time while the reader still holds it, needs a
// second client. It is left out so that there is one way to fail, and that one the documented one.)
#include "harness/scenario.hpp"
#include "scenarios/observed_pool.hpp"
#include "scenarios/page.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 20;
  auto pool = observed(variant, small_pool);
  pool->release(pool->allocate(page));
  run.spawn("reclaimer", [&] {
    for (int round = 0; round < rounds; ++round) {
      pool->free_unused_regions();
    }
  });
  run.spawn("reader", [&] {
    for (int round = 0; round < rounds; ++round) {
      borrow(*pool, page, 0x4e05e + static_cast<std::uint64_t>(round));
    }
  });
  run.join();
  // No word about the accounts: madvise-reuse gets those wrong as well, and here the question is
  // where the bytes went.
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "reuse-vs-use",
    .about = "discarding a region for reuse against an allocation from it",
    .variants = {{"madvise-reuse", "freed-region-in-use",
                  "reclaimer@collected reader@holding reclaimer reader"},
                 {"claimed", "pass", "reclaimer@claimed reader reclaimer"}},
    .play = play,
});
