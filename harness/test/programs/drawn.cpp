// A violation that hangs on an order and on random data: confirmation and replay must see the data
// that the search saw.
#include <atomic>

#undef NDEBUG
#include <cassert>

#include "harness/scenario.hpp"

namespace {

void play(harness::Execution& run, std::string_view) {
  const std::uint64_t data = run.random(8);
  std::atomic<int> writes{0};
  for (const char* name : {"first", "second", "third"})
    run.spawn(name, [&writes, data, name] {
      const int before = writes.fetch_add(1);
      assert(data != 0 || name[0] != 'f' || before != 2);
    });
  run.join();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "drawn",
    .about = "an assertion that fails in one order, for one number in eight",
    .variants = {{"one-in-eight", "assertion"}},
    .play = play,
});
