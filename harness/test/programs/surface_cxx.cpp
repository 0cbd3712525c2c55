// What the standard library offers for threads beyond surface.cpp, used rightly, and next to it the same used
// subtly wrongly: the former must pass under every interleaving, the latter must be found. Here: atomics, threads
// that stop, futures, initialisation, coroutines, exceptions; the rest is in surface_waits.cpp.
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

#undef NDEBUG
#include <cassert>

#include "harness/test/programs/table.hpp"

namespace {

using namespace std::chrono_literals;

// --- atomics

void floating_point(harness::Execution& run) {
  static std::atomic<double> sum;
  static std::atomic<float> small;
  sum = 0;
  small = 1.5f;
  const auto work = [] {
    sum.fetch_add(0.5);
    float seen = small;
    while (!small.compare_exchange_weak(seen, seen * 2)) {
    }
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
  assert(sum == 1.0 && small == 6.0f);
}

void references(harness::Execution& run) {
  alignas(std::atomic_ref<long>::required_alignment) long value = 0;
  std::array<int, 2> plain = {0, 0};
  const auto work = [&] {
    std::atomic_ref<long>(value).fetch_add(1);
    std::atomic_ref<int>(plain[0]).fetch_or(4);
    std::atomic_ref<int> word(plain[1]);
    word.store(1);
    word.notify_all();
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.spawn("third", [&] { std::atomic_ref<int>(plain[1]).wait(0); });
  run.join();
  assert(value == 2 && plain[0] == 4);
}

void reference_lost_update(harness::Execution& run) {
  int value = 0;
  const auto work = [&] {
    std::atomic_ref<int> word(value);
    word.store(word.load() + 1);
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
  assert(value == 2);
}

// libstdc++ 12 releases the lock in them with a relaxed operation: by the letter of the language its accesses to the
// pointer race. That is suppressed.
void shared_pointers(harness::Execution& run) {
  std::atomic<std::shared_ptr<int>> shared{std::make_shared<int>(0)};
  const auto work = [&] {
    auto seen = shared.load();
    while (!shared.compare_exchange_weak(seen, std::make_shared<int>(*seen + 1))) {
    }
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
  const std::shared_ptr<int> last = shared.load();
  assert(*last == 2 && last.use_count() == 2);
  std::shared_ptr<int> old = std::make_shared<int>(7);
  assert(*std::atomic_exchange(&old, std::make_shared<int>(8)) == 7 && *std::atomic_load(&old) == 8);
  std::atomic<std::weak_ptr<int>> weak{old};
  assert(*weak.load().lock() == 8);
}

void shared_pointer_waits(harness::Execution& run) {
  std::atomic<std::shared_ptr<int>> shared;
  run.spawn("waiter", [&] {
    shared.wait(nullptr);
    assert(*shared.load() == 5);
  });
  run.spawn("setter", [&] {
    shared.store(std::make_shared<int>(5));
    shared.notify_one();
  });
  run.join();
}

// Words that are no futex wait in libstdc++'s pool of proxies.
template <class T>
void waits_of(harness::Execution& run, std::string name) {
  static std::atomic<T> word;
  word = T{0};
  run.spawn(name + "-first", [] { word.wait(T{0}); });
  run.spawn(name + "-second", [] { word.wait(T{0}); });
  run.spawn(name + "-notifier", [] {
    word = T{1};
    word.notify_all();
  });
  run.join();
}
void proxy_waits(harness::Execution& run) {
  waits_of<char>(run, "char");
  waits_of<long>(run, "long");
}

void forgotten_notify(harness::Execution& run) {
  std::atomic<long> word{0};
  run.spawn("waiter", [&] { word.wait(0); });
  run.spawn("setter", [&] { word = 1; });
  run.join();
}

void flags(harness::Execution& run) {
  std::atomic_flag flag;
  run.spawn("waiter", [&] {
    flag.wait(false);
    assert(flag.test());
  });
  run.spawn("setter", [&] {
    flag.test_and_set();
    flag.notify_all();
  });
  run.join();
}

// --- threads that stop

void jthreads(harness::Execution&) {
  std::atomic<int> rounds{0};
  std::atomic<bool> called{false};
  {
    std::jthread worker([&](std::stop_token token) {
      const std::stop_callback callback(token, [&] { called = true; });
      rounds = 1;
      while (!token.stop_requested()) {
      }
    });
    while (rounds == 0) std::this_thread::yield();
  }
  assert(called && rounds == 1);
}

void stoppable_wait(harness::Execution&) {
  std::mutex mutex;
  std::condition_variable_any condition;
  bool stopped = false;
  {
    std::jthread worker([&](std::stop_token token) {
      std::unique_lock lock(mutex);
      stopped = !condition.wait(lock, token, [] { return false; });
    });
  }
  assert(stopped);
}

void stop_callbacks(harness::Execution& run) {
  std::stop_source source;
  std::atomic<int> calls{0};
  run.spawn("registers", [&] { const std::stop_callback callback(source.get_token(), [&] { calls.fetch_add(1); }); });
  run.spawn("first", [&] { source.request_stop(); });
  run.spawn("second", [&] { source.request_stop(); });
  run.join();
  assert(calls <= 1 && source.stop_requested());
}

// --- futures

void futures(harness::Execution&) {
  std::promise<int> promise;
  std::shared_future<int> shared = promise.get_future().share();
  auto doubled = std::async(std::launch::async, [shared] { return shared.get() * 2; });
  auto lazy = std::async(std::launch::deferred, [] { return std::this_thread::get_id(); });
  assert(shared.wait_for(1ms) == std::future_status::timeout);
  promise.set_value(21);
  assert(doubled.get() == 42 && lazy.get() == std::this_thread::get_id());
  std::packaged_task<int(int)> task([](int x) -> int { throw x; });
  auto result = task.get_future();
  std::thread(std::move(task), 5).join();
  try {
    result.get();
    assert(false);
  } catch (int value) {
    assert(value == 5);
  }
  auto abandoned = [] { return std::promise<void>().get_future(); }();
  try {
    abandoned.get();
    assert(false);
  } catch (const std::future_error& error) {
    assert(error.code() == std::future_errc::broken_promise);
  }
}

void two_setters(harness::Execution& run) {
  std::promise<int> promise;
  std::atomic<int> refused{0};
  const auto work = [&] {
    try {
      promise.set_value(1);
    } catch (const std::future_error&) {
      refused.fetch_add(1);
    }
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
  assert(promise.get_future().get() == 1 && refused == 1);
}

// --- once, statics, thread-locals

int once_attempts;
void once_throws_often(harness::Execution& run) {
  std::once_flag flag;
  once_attempts = 0;
  std::atomic<int> thrown{0};
  const auto work = [&] {
    try {
      std::call_once(flag, [] {
        if (++once_attempts < 3) throw std::logic_error("not yet");
      });
    } catch (const std::logic_error&) {
      thrown.fetch_add(1);
    }
  };
  for (const char* name : {"first", "second", "third"}) run.spawn(name, work);
  run.join();
  assert(once_attempts == 3 && thrown == 2);
}

struct Throwing {
  static inline int attempts = 0;
  Throwing() {
    if (++attempts == 1) throw std::runtime_error("first");
  }
};
void static_throws(harness::Execution& run) {
  std::atomic<int> thrown{0};
  const auto work = [&] {
    try {
      static Throwing instance;
      static_cast<void>(&instance);
    } catch (const std::runtime_error&) {
      thrown.fetch_add(1);
    }
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
  assert(Throwing::attempts == 2 && thrown == 1);
}

// --- coroutines, passed from thread to thread

struct Job {
  struct promise_type {
    Job get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(int value) { result = value; }
    void unhandled_exception() { error = std::current_exception(); }
    int result = 0;
    std::exception_ptr error;
  };
  std::coroutine_handle<promise_type> handle;
};

Job add_up(std::atomic<int>& sum, int until) {
  for (int i = 1; i <= until; ++i) {
    sum.fetch_add(i);
    co_await std::suspend_always{};
  }
  if (until > 2) throw std::runtime_error("too far");
  co_return sum.load();
}

void coroutines(harness::Execution& run) {
  std::atomic<int> sum{0};
  std::mutex mutex;
  Job job = add_up(sum, 2);
  Job fails = add_up(sum, 3);
  const auto work = [&] {
    for (int i = 0; i < 4; ++i) {
      const std::lock_guard lock(mutex);
      if (!job.handle.done()) job.handle.resume();
      if (!fails.handle.done()) fails.handle.resume();
    }
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
  assert(job.handle.done() && fails.handle.done() && sum == 9 && fails.handle.promise().error != nullptr);
  job.handle.destroy();
  fails.handle.destroy();
}

// --- exceptions through everything

void nested_exceptions(harness::Execution& run) {
  const auto work = [] {
    std::mutex mutex;
    std::exception_ptr kept;
    try {
      const std::lock_guard lock(mutex);
      try {
        throw std::invalid_argument("inner");
      } catch (...) {
        std::this_thread::yield();
        std::throw_with_nested(std::runtime_error("outer"));
      }
    } catch (const std::runtime_error& error) {
      assert(std::string(error.what()) == "outer" && std::uncaught_exceptions() == 0);
      kept = std::current_exception();
    }
    assert(mutex.try_lock());
    try {
      std::rethrow_exception(kept);
    } catch (const std::nested_exception& nested) {
      try {
        nested.rethrow_nested();
      } catch (const std::invalid_argument& inner) {
        assert(std::string(inner.what()) == "inner");
      }
    }
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
}

struct Yields {
  ~Yields() {
    std::this_thread::yield();
    assert(std::uncaught_exceptions() == 1);
  }
};
void unwinding_is_interleaved(harness::Execution& run) {
  const auto work = [] {
    try {
      const Yields outer, inner;
      throw std::runtime_error("both at once");
    } catch (const std::exception&) {
      assert(std::uncaught_exceptions() == 0);
    }
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
}

const harness::test::Programs programs = {
    {"floating-point", {floating_point}},
    {"references", {references}},
    {"reference-lost-update", {reference_lost_update, "assertion"}},
    {"shared-pointers", {shared_pointers, "pass"}},
    {"shared-pointer-waits", {shared_pointer_waits, "pass"}},
    {"proxy-waits", {proxy_waits}},
    {"forgotten-notify", {forgotten_notify, "deadlock"}},
    {"flags", {flags}},
    {"jthreads", {jthreads}},
    {"stoppable-wait", {stoppable_wait}},
    {"stop-callbacks", {stop_callbacks}},
    {"futures", {futures}},
    {"two-setters", {two_setters}},
    {"once-throws-often", {once_throws_often}},
    {"static-throws", {static_throws}},
    {"coroutines", {coroutines}},
    {"nested-exceptions", {nested_exceptions}},
    {"unwinding-is-interleaved", {unwinding_is_interleaved}},
};

}  // namespace

HARNESS_SCENARIO({
    .name = "surface_cxx",
    .about = "what the standard library offers for threads",
    .variants = variants_of(programs),
    .play = [](harness::Execution& run, std::string_view variant) { programs.at(variant).play(run); },
});
