// Boost.Lockfree: queue and stack of several producers and consumers, and the queue of one each.
// What goes in comes out, once; the free list of the nodes is used again and again.
#include <array>
#include <atomic>
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#include <boost/lockfree/stack.hpp>
#include <cassert>
#include <string_view>
#include <thread>

namespace {

// Two producers of two values each; main and another thread take what is there.
template <class Container>
void many(Container& container) {
  std::array<std::atomic<int>, 5> taken{};
  const auto produce = [&](int first) {
    for (int value = first; value < first + 2; ++value)
      while (!container.push(value)) std::this_thread::yield();
  };
  const auto take = [&] {
    int value = 0;
    if (container.pop(value)) taken.at(static_cast<std::size_t>(value)).fetch_add(1);
  };
  std::thread one(produce, 1);
  std::thread other(produce, 3);
  std::thread consumer([&] { take(), take(); });
  take();
  one.join();
  other.join();
  consumer.join();
  for (int i = 0; i < 4; ++i) take();
  for (std::size_t value = 1; value <= 4; ++value) assert(taken[value] == 1);
  assert(container.empty());
}

void one_each() {
  boost::lockfree::spsc_queue<int, boost::lockfree::capacity<2>> queue;
  std::thread producer([&] {
    for (int value = 1; value <= 3; ++value)
      while (!queue.push(value)) std::this_thread::yield();
  });
  for (int wanted = 1; wanted <= 3; ++wanted) {
    int value = 0;
    while (!queue.pop(value)) std::this_thread::yield();
    assert(value == wanted);
  }
  producer.join();
}

}  // namespace

int main(int, char** arguments) {
  const std::string_view what = arguments[1];
  if (what == "queue") {
    boost::lockfree::queue<int> queue(1);
    many(queue);
  } else if (what == "fixed-queue") {
    boost::lockfree::queue<int, boost::lockfree::capacity<4>> queue;
    many(queue);
  } else if (what == "stack") {
    boost::lockfree::stack<int> stack(1);
    many(stack);
  } else {
    one_each();
  }
}
