// Programs that leave things behind: every execution must start as the first one did.
#include <sys/mman.h>

#include <atomic>
#include <map>
#include <string>
#include <vector>

#undef NDEBUG
#include <cassert>

#include "harness/point.hpp"
#include "harness/scenario.hpp"

namespace {

int global = 3;
int zeroed[1000];
thread_local int local = 5;
std::vector<int> grown = {1, 2, 3};  // on the heap since the plugin was loaded
std::map<std::string, int> table = {{"one", 1}};

void play(harness::Execution& run, std::string_view) {
  assert(global == 3 && zeroed[999] == 0 && local == 5 && grown.size() == 3 && grown[2] == 3);
  assert(table.size() == 1 && table.at("one") == 1);
  static int first_time = 1;
  assert(first_time == 1);
  first_time = 0;
  auto* const block = static_cast<char*>(
      mmap(nullptr, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  assert(block != MAP_FAILED && block[0] == 0 && block[60000] == 0);
  for (const char* name : {"first", "second"})
    run.spawn(name, [block, name] {
      assert(local == 5);
      local = 6;
      harness::point("between");
      assert(local == 6);
      block[60000 + name[0]] = 1;
    });
  run.join();
  global = 4;
  zeroed[999] = 1;
  local = 7;
  grown[2] = 9;
  grown.resize(1000, 8);
  table["two"] = 2;
  table.erase("one");
  munmap(block, 1 << 16);
  static_cast<void>(new int[50]);  // left behind
}

}  // namespace

HARNESS_SCENARIO({
    .name = "state",
    .about = "executions that leave things behind",
    .variants = {{"everything", "pass"}},
    .play = play,
});
