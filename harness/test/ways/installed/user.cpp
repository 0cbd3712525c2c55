// With "explore" as its argument it explores itself; otherwise it is a program to be run.
#include <harness/explore.hpp>

#include <atomic>
#include <cstdio>
#include <thread>

namespace {

bool add_twice() {
  std::atomic<int> sum{0};
  const auto add = [&] { sum.store(sum.load() + 1); };
  std::thread other(add);
  add();
  other.join();
  return sum == 2;
}

}  // namespace

int main(int count, char**) {
  if (count == 1) return add_twice() ? 0 : 1;
  const auto found = harness::explore({}, add_twice);
  std::fputs(found.text.c_str(), stdout);
  return found ? 1 : 0;
}
