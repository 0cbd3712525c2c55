// What the programs of the search benchmark share. They are the small programs that the literature
// on concurrency testing measures itself by, written from their published shapes, with the bug left in.
#pragma once

#undef NDEBUG  // a failed assertion is what is looked for
#include <atomic>
#include <cassert>
#include <functional>
#include <thread>
#include <vector>

#include "harness/scenario.hpp"

namespace bench {

// A variable that tasks share without a lock of its own. Every access of it has to be a scheduling
// point: a relaxed atomic, which under sequential consistency is the same as plain memory. += is a read
// and a write.
template <class T>
class Variable {
 public:
  constexpr Variable(T value = T{}) : value_(value) {}
  operator T() const { return value_.load(std::memory_order_relaxed); }
  T operator=(T value) {
    value_.store(value, std::memory_order_relaxed);
    return value;
  }
  void operator+=(T more) { *this = static_cast<T>(*this + more); }

 private:
  std::atomic<T> value_;
};

// Threads, begun in order; joined at the end of the block.
class Threads {
 public:
  template <class Body>
  void start(Body body) {
    threads_.emplace_back(std::move(body));
  }
  template <class Body>
  void start(int count, Body body) {
    for (int i = 0; i < count; ++i) start(body);
  }
  ~Threads() {
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::vector<std::thread> threads_;
};

}  // namespace bench
