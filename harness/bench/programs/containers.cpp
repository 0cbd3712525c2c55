// Containers with a bug: a critical section that is missing or too narrow, a condition that is not
// looked at again, and lock-free ones.
#include <condition_variable>
#include <mutex>

#include "harness/bench/programs/common.hpp"

namespace {

using bench::Threads;
using bench::Variable;

// The flag says that there is something to pop, and nobody ever takes it back.
void stack() {
  constexpr int count = 10;
  static std::mutex mutex;
  static Variable<int> top = 0;
  static Variable<bool> filled = false;
  Threads threads;
  threads.start([] {
    for (int i = 0; i < count; ++i) {
      const std::lock_guard lock(mutex);
      top += 1;
      filled = true;
    }
  });
  threads.start([] {
    for (int i = 0; i < count; ++i) {
      const std::lock_guard lock(mutex);
      if (!filled) continue;
      assert(top > 0);
      top += -1;
    }
  });
}

// Two threads hand over one element after the other by flags; but the first element is put in without
// one, so that what is taken out is not what its number says, unless nobody came in vain before.
void queue() {
  constexpr int count = 20;
  static std::mutex mutex;
  static Variable<int> elements[count], head = 0, tail = 0;
  static Variable<bool> may_enqueue = true, may_dequeue = false;
  const auto enqueue = [] {
    const int place = tail;
    elements[place] = place;
    tail = place + 1;
  };
  Threads threads;
  threads.start([=] {
    {
      const std::lock_guard lock(mutex);
      enqueue();
    }
    for (int i = 1; i < count; ++i) {
      const std::lock_guard lock(mutex);
      if (!may_enqueue) continue;
      enqueue();
      may_enqueue = false;
      may_dequeue = true;
    }
  });
  threads.start([] {
    for (int i = 0; i < count; ++i) {
      const std::lock_guard lock(mutex);
      if (!may_dequeue) continue;
      assert(elements[head] == i);
      head += 1;
      may_dequeue = false;
      may_enqueue = true;
    }
  });
}

// Two producers take the same place.
void circular_buffer() {
  constexpr int size = 10;
  static Variable<int> places[size];
  static Variable<int> next = 0;
  {
    Threads threads;
    threads.start(2, [] {
      for (int i = 0; i < 2; ++i) {
        const int place = next;
        places[place] = 1;
        next = (place + 1) % size;
      }
    });
  }
  int filled = 0;
  for (int i = 0; i < size; ++i) filled += places[i];
  assert(filled == 4);
}

// One place; who was woken does not look again whether it is free, or filled.
void bounded_buffer() {
  static std::mutex mutex;
  static std::condition_variable changed;
  static Variable<int> count = 0;
  Threads threads;
  threads.start(2, [] {
    for (int i = 0; i < 2; ++i) {
      std::unique_lock lock(mutex);
      if (count == 1) changed.wait(lock);
      assert(count == 0);
      count += 1;
      changed.notify_all();
    }
  });
  threads.start(2, [] {
    for (int i = 0; i < 2; ++i) {
      std::unique_lock lock(mutex);
      if (count == 0) changed.wait(lock);
      assert(count == 1);
      count += -1;
      changed.notify_all();
    }
  });
}

// The owner looks at the head before it takes its element from the tail, a thief takes from the head
// (after Frigo, Leiserson, Randall: "The implementation of the Cilk-5 multithreaded language", PLDI
// 1998, whose order of the two is the other one).
class WorkStealingQueue {
 public:
  void push(int item) {
    const int tail = tail_;
    items_[tail] = item;
    tail_ = tail + 1;
  }
  int pop() {
    const int head = head_;
    const int tail = tail_ - 1;
    tail_ = tail;
    if (head <= tail) return items_[tail];
    const std::lock_guard lock(mutex_);
    tail_ = static_cast<int>(head_);
    return 0;
  }
  int steal() {
    const std::lock_guard lock(mutex_);
    const int head = head_;
    head_ = head + 1;
    if (head < tail_) return items_[head];
    head_ = head;
    return 0;
  }

 private:
  std::mutex mutex_;
  Variable<int> head_ = 0, tail_ = 0;
  Variable<int> items_[4];
};

void work_stealing_queue() {
  constexpr int count = 2;
  WorkStealingQueue queue;
  std::atomic<int> taken[count + 1] = {};
  {
    Threads threads;
    threads.start([&] {
      for (int item = 1; item <= count; ++item) queue.push(item);
      for (int item = 1; item <= count; ++item) ++taken[queue.pop()];
    });
    threads.start([&] {
      for (int item = 1; item <= count; ++item) ++taken[queue.steal()];
    });
  }
  for (int item = 1; item <= count; ++item) assert(taken[item] <= 1);
}

// A lock-free stack of nodes that are used again (Treiber, 1986): a node that came back looks as if
// nothing had happened.
class TreiberStack {
 public:
  void push(int node) {
    int top = top_.load();
    do next_[node].store(top);
    while (!top_.compare_exchange_weak(top, node));
  }
  int pop() {
    int top = top_.load();
    while (top != 0 && !top_.compare_exchange_weak(top, next_[top].load())) {
    }
    return top;
  }

 private:
  std::atomic<int> top_ = 0;
  std::atomic<int> next_[4] = {};
};

void treiber_aba() {
  TreiberStack stack;
  for (int node = 3; node > 0; --node) stack.push(node);
  int taken[4] = {};
  const auto take = [&] {
    if (const int node = stack.pop()) ++taken[node];
  };
  {
    Threads threads;
    threads.start(take);
    threads.start([&] {
      const int first = stack.pop();
      take();
      if (first != 0) stack.push(first);
    });
  }
  for (int i = 0; i < 3; ++i) take();
  for (const int times : taken) assert(times <= 1);
}

// A lock-free stack of three places that gives one of them out twice when three threads interleave in
// just the wrong way (D. Vyukov, 2010).
class SafeStack {
 public:
  int pop() {
    while (count_.load() > 1) {
      const int head = head_.load();
      const int next = places_[head].next.exchange(-1);
      if (next < 0) continue;
      int expected = head;
      if (head_.compare_exchange_strong(expected, next)) {
        count_.fetch_sub(1);
        return head;
      }
      places_[head].next.exchange(next);
    }
    return -1;
  }
  void push(int place) {
    int head = head_.load();
    do places_[place].next.store(head);
    while (!head_.compare_exchange_strong(head, place));
    count_.fetch_add(1);
  }
  void use(int place, int user) {
    places_[place].value = user;
    assert(places_[place].value == user);
  }

 private:
  struct Place {
    std::atomic<int> next;
    Variable<int> value;
  };
  std::atomic<int> head_ = 0;
  std::atomic<int> count_ = 3;
  Place places_[3] = {{1, 0}, {2, 0}, {-1, 0}};
};

void safestack() {
  SafeStack stack;
  Threads threads;
  for (int user = 0; user < 3; ++user)
    threads.start([&stack, user] {
      for (int i = 0; i < 2; ++i) {
        int place = -1;
        while ((place = stack.pop()) < 0) std::this_thread::yield();
        stack.use(place, user);
        stack.push(place);
      }
    });
}

void play(harness::Execution&, std::string_view variant) {
  if (variant == "stack") return stack();
  if (variant == "queue") return queue();
  if (variant == "circular-buffer") return circular_buffer();
  if (variant == "bounded-buffer") return bounded_buffer();
  if (variant == "work-stealing-queue") return work_stealing_queue();
  if (variant == "treiber-aba") return treiber_aba();
  safestack();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "containers",
    .about = "containers with a critical section that is missing or too narrow, and lock-free ones",
    .variants = {{"stack", "assertion"},
                 {"queue", "assertion"},
                 {"circular-buffer", "assertion"},
                 {"bounded-buffer", "assertion"},
                 {"work-stealing-queue", "assertion"},
                 {"treiber-aba", "assertion"},
                 {"safestack", "assertion"}},
    .play = play,
});
