// A thread pool, right and subtly wrong: the wrong one stops without the lock, between a worker's look at the flag
// and its going to sleep.
#include <atomic>
#include <cassert>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "harness/test/ways/explored.hpp"

namespace {

enum class Stops { with_the_lock, without_it };

template <Stops stops>
class Pool {
 public:
  explicit Pool(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~Pool() {
    if (stops == Stops::with_the_lock) {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    } else {
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  template <class Body>
  std::future<int> submit(Body body) {
    auto task = std::make_shared<std::packaged_task<int()>>(std::move(body));
    std::future<int> result = task->get_future();
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back([task] { (*task)(); });
    }
    wake_.notify_one();
    return result;
  }

 private:
  void work() {
    for (;;) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      const std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

template <class P>
void runs_what_is_submitted() {
  int done = 0;
  {
    P pool(1);
    assert(pool.submit([&] { return ++done; }).get() == 1);
  }
  assert(done == 1);
}

template <class P>
void stops_when_idle() {
  P pool(2);
}

TEST(Right, RunsWhatIsSubmitted) { CALL_OR_EXPLORE(runs_what_is_submitted<Pool<Stops::with_the_lock>>); }
TEST(Right, StopsWhenIdle) { CALL_OR_EXPLORE(stops_when_idle<Pool<Stops::with_the_lock>>); }
TEST(Wrong, StopsWhenIdle) { CALL_OR_EXPLORE(stops_when_idle<Pool<Stops::without_it>>); }

}  // namespace
