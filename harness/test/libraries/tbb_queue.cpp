// oneTBB's concurrent_queue and concurrent_bounded_queue: headers, but for the memory and the
// waiting, which are in the shared library as it comes.
#include <oneapi/tbb/concurrent_queue.h>

#include <atomic>
#include <cassert>
#include <string_view>
#include <thread>

namespace {

void unbounded() {
  tbb::concurrent_queue<int> queue;
  std::thread producer([&] {
    queue.push(1);
    queue.push(2);
  });
  std::thread other([&] { queue.push(10); });
  int last = 0;
  int sum = 0;
  for (int taken = 0; taken < 3;) {
    int value = 0;
    if (!queue.try_pop(value)) {
      std::this_thread::yield();
      continue;
    }
    ++taken;
    sum += value;
    if (value == 10) continue;
    assert(value == last + 1);  // in the order of their producer
    last = value;
  }
  producer.join();
  other.join();
  assert(sum == 13 && queue.empty());
}

void bounded() {
  tbb::concurrent_bounded_queue<int> queue;
  queue.set_capacity(1);
  std::thread producer([&] {
    queue.push(1);
    queue.push(2);  // waits for room
  });
  int value = 0;
  queue.pop(value);
  assert(value == 1);
  queue.pop(value);
  assert(value == 2);
  producer.join();
}

}  // namespace

int main(int, char** arguments) {
  if (std::string_view(arguments[1]) == "unbounded")
    unbounded();
  else
    bounded();
}
