// free-list-aba: a lock-free list of free frames. A pop reads the top frame and the one below it,
// and then swaps the top if it is the same still. It can be the same *again*:
//
//   popper                            other (free: A, B, C)
//   top is A, below it is B
//   |                                 pop A; pop B; push A      (free: A, C)
//   top is A still: top = B           B is free now, and in use
//   pop: B                            still uses B
//
// In `claimed` a slice is a bit of a word, and nothing is read from it that could be out of date
// when the word is swapped.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/linked_list.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 20;
  auto pool = lifecycles::pool_of<lifecycles::UntaggedList>(
      variant, {.budget_bytes = 8 * page, .cores = 1, .region_bytes = 8 * page});
  pool->release(pool->allocate(page));
  run.spawn("popper", [&] {
    for (int round = 0; round < rounds; ++round) {
      const allocator::Slice one = pool->allocate(page);
      const allocator::Slice two = pool->allocate(page);
      use(two, 0xb);
      pool->release(two);
      pool->release(one);
    }
  });
  run.spawn("other", [&] {
    for (int round = 0; round < rounds; ++round) {
      const allocator::Slice a = pool->allocate(page);
      const allocator::Slice b = pool->allocate(page);
      pool->release(a);
      harness::point("pushed-back");
      use(b, 0xbb);
      pool->release(b);
    }
  });
  run.join();
  // Where nobody else takes the frame that has two owners, the list only loses some: the same
  // defect, but the question here is whether two had one at once.
  if (variant == "claimed") {
    check_nothing_lost<8>(*pool);
    pool->check_accounts(0);
  }
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "free-list-aba",
    .about = "a pop that finds the same frame on top again, but another one below it",
    .variants = {{"untagged-list", "double-give",
                  "popper@read-next other@pushed-back popper other"},
                 {"claimed", "pass", "popper@polled other@pushed-back popper other"}},
    .play = play,
});
