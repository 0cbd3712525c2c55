// A bounded lock-free queue of many producers and consumers (each cell carries a sequence number that says whose
// turn it is), right and subtly wrong, with the tests that anybody would write.
#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <optional>
#include <thread>

#include "harness/test/ways/explored.hpp"

namespace {

// In the order in which push() makes a value known.
enum class Publishes { after_writing, before_writing };

template <Publishes publishes>
class Queue {
 public:
  Queue() {
    for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i].turn = i;
  }

  bool push(int value) {
    std::size_t at = tail_.load();
    for (;;) {
      Cell& cell = cells_[at % cells_.size()];
      const std::size_t turn = cell.turn.load();
      if (turn < at) return false;  // full
      if (turn == at && tail_.compare_exchange_weak(at, at + 1)) {
        if (publishes == Publishes::before_writing) cell.turn.store(at + 1);
        cell.value.store(value, std::memory_order_relaxed);
        if (publishes == Publishes::after_writing) cell.turn.store(at + 1);
        return true;
      }
      if (turn != at) at = tail_.load();
    }
  }

  std::optional<int> pop() {
    std::size_t at = head_.load();
    for (;;) {
      Cell& cell = cells_[at % cells_.size()];
      const std::size_t turn = cell.turn.load();
      if (turn < at + 1) return {};  // empty
      if (turn == at + 1 && head_.compare_exchange_weak(at, at + 1)) {
        const int value = cell.value.load(std::memory_order_relaxed);
        cell.turn.store(at + cells_.size());
        return value;
      }
      if (turn != at + 1) at = head_.load();
    }
  }

 private:
  struct Cell {
    std::atomic<std::size_t> turn{0};
    std::atomic<int> value{0};
  };
  std::array<Cell, 2> cells_;
  std::atomic<std::size_t> head_{0};
  std::atomic<std::size_t> tail_{0};
};

// What is popped has been pushed, once.
template <class Q>
void two_producers_and_a_consumer() {
  Q queue;
  std::thread first([&] { queue.push(1); });
  std::thread second([&] { queue.push(2); });
  int sum = 0;
  int count = 0;
  const auto take = [&] {
    if (const auto value = queue.pop()) {
      assert(*value == 1 || *value == 2);
      sum += *value;
      ++count;
    }
  };
  take();
  first.join();
  second.join();
  take();
  take();
  assert(count == 2 && sum == 3);
}

TEST(Right, KeepsWhatIsPushed) {
  CALL_OR_EXPLORE(two_producers_and_a_consumer<Queue<Publishes::after_writing>>);
}
TEST(Wrong, KeepsWhatIsPushed) {
  CALL_OR_EXPLORE(two_producers_and_a_consumer<Queue<Publishes::before_writing>>);
}

// The very same threads, outside of any exploration.
TEST(Right, RealThreads) {
  Queue<Publishes::after_writing> queue;
  std::thread([&] { queue.push(7); }).join();
  EXPECT_EQ(queue.pop(), 7);
}

}  // namespace
