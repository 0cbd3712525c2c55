// init-vs-first-use: the pool is made when it is first asked for something. Two tasks ask at once.
//
//   first                             second
//   started? no: started = true
//   |                                 started? yes: use the pool, which is not there yet
//   make the pool
#include <memory>

#include "harness/scenario.hpp"
#include "scenarios/lifecycles/lazy_pool.hpp"
#include "scenarios/page.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  std::unique_ptr<lifecycles::LazyPool> lazy;
  if (variant == "claimed") {
    lazy = std::make_unique<lifecycles::MadeOnce>(small_pool);
  } else {
    lazy = std::make_unique<lifecycles::FlagFirst>(small_pool);
  }
  for (const char* name : {"first", "second"}) {
    run.spawn(name, [&] {
      allocator::Pool* const pool = lazy->get();
      if (pool == nullptr) {
        harness::observe::violated("assertion", "the pool is used before it has been made");
        return;
      }
      borrow(*pool, page, 0xf1);
    });
  }
  run.join();
  lazy->get()->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "init-vs-first-use",
    .about = "a pool that is made at its first use, which two tasks make at once",
    .variants = {{"flag-first", "assertion"}, {"claimed", "pass", "first second"}},
    .documented = "first@made second first",
    .play = play,
});
