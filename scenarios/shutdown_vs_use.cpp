// shutdown-vs-use: close() comes while slices are out. The historical generations unmap everything
// at once, under whoever still reads and writes. In `claimed` slices that are out stay valid, their
// regions go when the last of their slices comes home, later requests are refused, and nothing
// stays behind.
#include "harness/scenario.hpp"
#include "scenarios/observed_pool.hpp"
#include "scenarios/page.hpp"

namespace {

using namespace scenarios;

// False where the pool was closed already.
bool read(ObservedPool& pool, std::uint64_t value) {
  try {
    borrow(pool, page, value);
    return true;
  } catch (const allocator::OutOfMemory&) {
    return false;
  }
}

void check_closed(ObservedPool& pool) {
  if (read(pool, 0)) {
    harness::observe::violated("use-after-close", "a closed pool served a request");
  }
  pool.check_accounts(0);
  const allocator::Statistics said = pool.statistics();
  harness::observe::counted("regions left by close()", said.regions, 0);
  harness::observe::counted("bytes left mapped by close()", said.mapped_bytes, 0);
}

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 50;
  auto pool = observed(variant, small_pool);
  const allocator::Slice held = pool->allocate(page);
  run.spawn("reader", [&] {
    for (int round = 0; round < rounds && read(*pool, 0x5d); ++round) {
    }
  });
  run.spawn("returner", [&] {
    use(held, 0x4d);
    pool->release(held);
  });
  run.spawn("closer", [&] { pool->close(); });
  run.join();
  check_closed(*pool);
}

}  // namespace

HARNESS_SCENARIO({
    .name = "shutdown-vs-use",
    .about = "close() of the pool while slices are out and others are asked for",
    .variants = {{"uncounted-alloc", "freed-region-in-use"},
                 {"documented-fix", "freed-region-in-use"},
                 {"madvise-reuse", "freed-region-in-use"},
                 {"claimed", "pass"}},
    .documented = "reader@holding closer reader",
    .play = play,
});
