// explore() from an installed tree: the race is found, the locked counter is not one.
#include <cstdio>
#include <harness/explore.hpp>
#include <mutex>
#include <thread>

int main() {
  const auto racy = harness::explore([] {
    int counter = 0;
    std::thread other([&] { ++counter; });
    ++counter;
    other.join();
  });
  const auto locked = harness::explore([] {
    int counter = 0;
    std::mutex mutex;
    std::thread other([&] {
      const std::lock_guard lock(mutex);
      ++counter;
    });
    {
      const std::lock_guard lock(mutex);
      ++counter;
    }
    other.join();
    return counter == 2;
  });
  std::printf("%s\n%s\n", racy.text.c_str(), locked.text.c_str());
  return !racy && racy.rule == "data-race" && locked && locked.exhaustive ? 0 : 1;
}
