// moodycamel::ConcurrentQueue, with and without tokens, and the one that blocks.
#include <concurrentqueue/blockingconcurrentqueue.h>
#include <concurrentqueue/concurrentqueue.h>

#include <atomic>
#include <cassert>
#include <string_view>
#include <thread>

namespace {

// Small blocks, so that a few values go through all of it.
struct Small : moodycamel::ConcurrentQueueDefaultTraits {
  static constexpr std::size_t BLOCK_SIZE = 2;
  static constexpr std::size_t INITIAL_IMPLICIT_PRODUCER_HASH_SIZE = 2;
  static constexpr std::size_t IMPLICIT_INITIAL_INDEX_SIZE = 2;
  static constexpr std::size_t EXPLICIT_INITIAL_INDEX_SIZE = 2;
};
using Queue = moodycamel::ConcurrentQueue<int, Small>;

void take(Queue& queue, int (&seen)[7]) {
  int value = 0;
  if (queue.try_dequeue(value)) ++seen[value];
}

void without_tokens() {
  Queue queue(2);
  int seen[7] = {};
  int seen_there[7] = {};
  std::thread one([&] {
    for (int value = 1; value <= 3; ++value) assert(queue.enqueue(value));
  });
  std::thread other([&] {
    assert(queue.enqueue(4));
    take(queue, seen_there);
  });
  take(queue, seen);
  one.join();
  other.join();
  for (int i = 0; i < 4; ++i) take(queue, seen);
  for (int value = 1; value <= 4; ++value) assert(seen[value] + seen_there[value] == 1);
}

void with_tokens() {
  Queue queue(2);
  int seen[7] = {};
  std::thread producer([&] {
    moodycamel::ProducerToken token(queue);
    for (int value = 1; value <= 3; ++value) assert(queue.enqueue(token, value));
  });
  moodycamel::ConsumerToken token(queue);
  int last = 0;
  for (int i = 0; i < 2; ++i) {
    int value = 0;
    if (!queue.try_dequeue(token, value)) continue;
    assert(value == last + 1);
    last = value;
    ++seen[value];
  }
  producer.join();
  for (int i = 0; i < 3; ++i) take(queue, seen);
  for (int value = 1; value <= 3; ++value) assert(seen[value] == 1);
}

void blocking() {
  moodycamel::BlockingConcurrentQueue<int, Small> queue(2);
  std::thread producer([&] {
    queue.enqueue(1);
    queue.enqueue(2);
  });
  int value = 0;
  queue.wait_dequeue(value);
  assert(value == 1);
  queue.wait_dequeue(value);
  assert(value == 2);
  producer.join();
}

}  // namespace

int main(int, char** arguments) {
  const std::string_view what = arguments[1];
  if (what == "plain")
    without_tokens();
  else if (what == "tokens")
    with_tokens();
  else
    blocking();
}
