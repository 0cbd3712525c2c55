// foreign-release: what is given back was never handed out: an address of nobody's, no address at
// all, a pointer into the middle of a slice, a slice whose region has gone. All the while an owner
// takes and gives back slices of the same pool.
//
// The historical pools look the region up and push whatever lies in it: the pointer into the middle
// is accepted, and will be handed out as a slice that overlaps two. `claimed` computes the place
// from the address, refuses each for its own reason, and nothing has changed afterwards.
#include "harness/scenario.hpp"
#include "scenarios/observed_pool.hpp"
#include "scenarios/page.hpp"

namespace {

using namespace scenarios;
using allocator::Released;

void check_refused(ObservedPool& pool, std::byte* address, Released expected,
                   const char* objection) {
  const Released result = pool.release({address, page});
  if (result == Released::ok) {
    harness::observe::violated("assertion", objection);
  } else if (result != expected && result != Released::foreign) {
    // "foreign" is the only reason that the historical pools know.
    harness::observe::violated("assertion", "a release was refused for the wrong reason");
  }
}

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 50;
  auto pool = observed(variant, small_pool);
  const allocator::Slice held = pool->allocate(page);
  stamp(held, 0x4e1d);
  // Of another class, in a region of its own, which is then given back. Nothing is mapped after
  // that.
  const allocator::Slice gone = pool->allocate(2 * page);
  pool->release(gone);
  pool->free_unused_regions();
  run.spawn("owner", [&] {
    for (int round = 0; round < rounds; ++round) {
      borrow(*pool, page, 0x0e + static_cast<std::uint64_t>(round));
    }
  });
  run.spawn("stranger", [&] {
    std::byte not_a_slice{};
    check_refused(*pool, &not_a_slice, Released::foreign, "an address on the stack was accepted");
    check_refused(*pool, nullptr, Released::foreign, "the null pointer was accepted");
    check_refused(*pool, gone.data(), Released::closed, "a slice of a region gone was accepted");
    check_refused(*pool, held.data() + 64, Released::misaligned,
                  "a pointer into the middle of a slice was accepted");
  });
  run.join();
  check_stamp(held, 0x4e1d);
  pool->check_accounts(1);
  pool->release(held);
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "foreign-release",
    .about = "what was never handed out is given back, while an owner uses the pool",
    .variants = {{"documented-fix", "assertion"}, {"claimed", "pass"}},
    .documented = "owner@holding stranger owner",
    .play = play,
});
