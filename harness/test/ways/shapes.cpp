// Programs of the shapes that other tools are tested with, each with what must be said of it: a
// rule, or "pass". The first argument chooses one; without any, their names and rules are listed.
// Run by ways_shapes_test.cpp.
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <regex>
#include <set>
#include <shared_mutex>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

template <class First, class Second>
void both(First first, Second second) {
  std::thread one(first);
  std::thread other(second);
  one.join();
  other.join();
}

thread_local volatile std::size_t seen;  // by this thread; nothing here is left out by the compiler
const char* volatile const letters = "ab";

// --- text in memory that libc looks at
char text[64] = "some text";
char other_text[64] = "some text";
void change() { text[3] = 'E'; }

void length_of_changing() {
  both([] { seen = std::strlen(text); }, change);
}
void compared_where_changing() {
  both([] { seen = std::strcmp(text, other_text) == 0; }, change);
}
void compared_before_changing() {
  other_text[1] = 'x';  // so nobody looks any further
  both([] { seen = std::strcmp(text, other_text) == 0; }, change);
}
void first_bytes_compared() {
  both([] { seen = std::strncmp(text, other_text, 3) == 0; }, change);
}
void blocks_compared() {
  static volatile std::size_t bytes = sizeof text;
  both([] { seen = std::memcmp(text, other_text, bytes) == 0; }, change);
}
void found_in_changing() {
  both([] { seen = std::strchr(text, 't') != nullptr; }, change);
}
void byte_found_before() {
  both([] { seen = std::memchr(text, 'o', 3) != nullptr; }, change);
}
void copied_from_changing() {
  both([] { std::strcpy(other_text, text); }, change);
}
void appended_twice() {
  const auto append = [] { std::strcat(text, letters); };
  both(append, append);
}
void duplicated() {
  static char* volatile copy;
  both([] { copy = strdup(text); }, change);
  std::free(copy);
}
void read_by_both() {
  both([] { seen = std::strlen(text) + (strcasecmp(text, "SOME") == 0); },
       [] { seen = std::strstr(text, "text") != nullptr && std::strrchr(text, 'x') != nullptr; });
}
void printed_into_one() {
  both([] { std::snprintf(text, sizeof text, "%d", 12); },
       [] { std::snprintf(text, sizeof text, "<%s>", letters); });
}
void printed_into_two() {
  both([] { std::snprintf(text, sizeof text, "%d", 12); },
       [] { std::sprintf(other_text, "<%s>", letters); });
}
void printed_no_further() {
  both([] { std::snprintf(text, 4, "%s", other_text); }, [] { text[4] = 'x'; });
}
void calendar_of_all() {
  const auto year = [] {
    const std::time_t time = 0;
    seen = static_cast<std::size_t>(std::localtime(&time)->tm_year);
  };
  both(year, year);
}
void calendar_of_each() {
  const auto year = [] {
    const std::time_t time = 0;
    std::tm date;
    seen = static_cast<std::size_t>(localtime_r(&time, &date)->tm_year);
  };
  both(year, year);
}

// --- containers whose nodes are linked in libstdc++
class RecentlyUsed {
 public:
  explicit RecentlyUsed(int count) {
    for (int i = 0; i < count; ++i) {
      order_.push_front(i);
      places_[i] = order_.begin();
    }
  }
  template <class Lock>
  int use(int key) {
    const Lock guard(mutex_);
    order_.splice(order_.begin(), order_, places_.at(key));
    return order_.front();
  }

 private:
  std::shared_mutex mutex_;
  std::list<int> order_;
  std::unordered_map<int, std::list<int>::iterator> places_;
};

void reordered_by_readers() {
  RecentlyUsed cache(4);
  const auto use = [&] { cache.use<std::shared_lock<std::shared_mutex>>(1); };
  both(use, use);
}
void reordered_by_writers() {
  RecentlyUsed cache(4);
  const auto use = [&] { assert(cache.use<std::unique_lock<std::shared_mutex>>(1) == 1); };
  both(use, use);
}
const std::map<int, int> some = {{1, 1}, {3, 3}, {5, 5}, {7, 7}, {9, 9}, {11, 11}};
int sum(const std::map<int, int>& of) {
  int all = 0;
  for (const auto& [key, value] : of) all += value;
  for (auto each = of.rbegin(); each != of.rend(); ++each) all -= each->second;
  return all;
}
void walked_while_inserting() {
  std::map<int, int> tree = some;
  both([&] { seen = static_cast<std::size_t>(sum(tree)); }, [&] { tree.emplace(4, 4); });
}
void walked_while_erasing() {
  std::map<int, int> tree = some;
  both([&] { seen = static_cast<std::size_t>(sum(tree)); }, [&] { tree.erase(5); });
}
void walked_by_both() {
  const std::map<int, int> tree = some;
  both([&] { assert(sum(tree) == 0); }, [&] { assert(sum(tree) == 0); });
}
void trees_of_each() {
  const auto work = [] {
    std::set<int> tree;
    for (int i = 0; i < 40; ++i) tree.insert(i * 7 % 40);
    for (int i = 0; i < 40; i += 2) tree.erase(i);
    assert(*--tree.end() == 39 && tree.size() == 20);
    std::list<int> list = {3, 1, 2};
    list.sort();
    list.reverse();
    assert(list.front() == 3);
  };
  both(work, work);
}
void patterns_of_each() {  // libstdc++ fills a table of characters whoever comes first
  const auto match = [] { assert(std::regex_search("xaab", std::regex("a+b"))); };
  both(match, match);
}

// --- blocks of the heap
int* const before_main = new int(1);
void old_block_freed() {
  both([] { *before_main = 2; }, [] { delete before_main; });
}
void old_block_freed_twice() {
  both([] { delete before_main; }, [] {});
  delete before_main;
}
void old_block_used_late() {
  std::thread([] { delete before_main; }).join();
  seen = static_cast<std::size_t>(*before_main);
}
void old_block_freed_once() {
  both([] { *before_main = 2; }, [] {});
  delete before_main;
}
void variable_freed() {
  static int value;
  int* volatile variable = &value;
  std::free(variable);
}
void variable_of_stack_freed() {
  int value = 0;
  int* volatile variable = &value;
  std::free(variable);
}
void block_given_away_relaxed() {
  std::atomic<int*> place{nullptr};
  both([&] { place.store(new int[4], std::memory_order_relaxed); },
       [&] {
         if (int* const block = place.load(std::memory_order_relaxed)) block[2] = 1;
       });
  delete[] place.load();
}
void block_given_away() {
  std::atomic<int*> place{nullptr};
  both([&] { place.store(new int[4], std::memory_order_release); },
       [&] {
         if (int* const block = place.load(std::memory_order_acquire)) block[2] = 1;
       });
  delete[] place.load();
}
void arena_of_all() {
  std::pmr::monotonic_buffer_resource arena;
  const auto fill = [&] { std::pmr::vector<int>(8, 1, &arena); };
  both(fill, fill);
}
void arena_of_all_locked() {
  std::pmr::synchronized_pool_resource arena;
  const auto fill = [&] { std::pmr::vector<int>(8, 1, &arena); };
  both(fill, fill);
}
struct Late {
  std::vector<int> values = std::vector<int>(4);
} late;
void destroyed_while_used() {
  std::thread([] { late.values[2] = 1; }).detach();
}

// --- polling with locks in the loop: no strategy may starve the others
std::mutex mutex;
void producer_that_never_waits() {
  std::deque<int> queue;
  std::atomic<bool> stop{false};
  std::thread producer([&] {
    while (!stop) {
      const std::lock_guard guard(mutex);
      if (queue.size() < 4) queue.push_back(1);
    }
  });
  for (int taken = 0; taken < 3;) {
    const std::lock_guard guard(mutex);
    if (queue.empty()) continue;
    queue.pop_front();
    ++taken;
  }
  stop = true;
  producer.join();
}
void stolen_work() {
  std::deque<int> queues[2] = {{1}, {}};
  std::mutex mutexes[2];
  std::atomic<int> left{1};
  const auto work = [&](int me) {
    for (int i = me; left > 0; i = 1 - i) {
      const std::lock_guard guard(mutexes[i]);
      if (queues[i].empty()) continue;
      queues[i].pop_front();
      --left;
    }
  };
  both([&] { work(0); }, [&] { work(1); });
}

// --- work until a time has come
void work_until_a_time() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  std::atomic<int> done{0};
  const auto work = [&] {
    while (std::chrono::steady_clock::now() < end) ++done;
  };
  both(work, work);
  assert(done > 0);
}

// --- signals
int wake_pipe[2];
void write_a_byte(int) { static_cast<void>(!write(wake_pipe[1], "x", 1)); }

void handled_while_polling() {
  assert(pipe(wake_pipe) == 0 && signal(SIGUSR1, write_a_byte) != SIG_ERR);
  std::thread other([poller = pthread_self()] { pthread_kill(poller, SIGUSR1); });
  pollfd file = {wake_pipe[0], POLLIN, 0};
  while (poll(&file, 1, -1) != 1) assert(errno == EINTR);
  other.join();
}
// Who has it blocked has not heard of it.
void blocked_signal_orders_nothing() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread other([reader = pthread_self()] {
    text[0] = 'S';
    pthread_kill(reader, SIGUSR1);
  });
  std::this_thread::yield();
  seen = static_cast<std::size_t>(text[0]);
  other.join();
}

// --- main() returns, and others go on
std::map<int, int> destroyed_by_exit;
void used_at_exit() {
  std::thread([] { destroyed_by_exit[1] = 1; }).detach();
}
std::atomic<int> never_set;
void looked_at_before_exit() {
  std::thread([] { seen = static_cast<std::size_t>(never_set); }).detach();
}

// --- waits in vain, each giving way to the others
void three_wait_for_ever() {
  const auto wait = [] {
    while (never_set == 0) std::this_thread::yield();
  };
  std::thread third(wait);
  both(wait, wait);
  third.join();
}

// --- memory that is written without a call, and without instrumentation
void unmapped_while_cleared() {
  void* const memory =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert(memory != MAP_FAILED);
  both(
      [=] {
        std::this_thread::yield();
        std::memset(memory, 1, 64);
      },
      [=] { munmap(memory, 4096); });
}

struct Shape {
  const char* name;
  const char* rule;
  void (*play)();
};

const Shape shapes[] = {
    {"length-of-changing", "data-race", length_of_changing},
    {"compared-where-changing", "data-race", compared_where_changing},
    {"compared-before-changing", "pass", compared_before_changing},
    {"first-bytes-compared", "pass", first_bytes_compared},
    {"blocks-compared", "data-race", blocks_compared},
    {"found-in-changing", "data-race", found_in_changing},
    {"byte-found-before", "pass", byte_found_before},
    {"copied-from-changing", "data-race", copied_from_changing},
    {"appended-twice", "data-race", appended_twice},
    {"duplicated", "data-race", duplicated},
    {"read-by-both", "pass", read_by_both},
    {"printed-into-one", "data-race", printed_into_one},
    {"printed-into-two", "pass", printed_into_two},
    {"printed-no-further", "pass", printed_no_further},
    {"calendar-of-all", "data-race", calendar_of_all},
    {"calendar-of-each", "pass", calendar_of_each},
    {"reordered-by-readers", "data-race", reordered_by_readers},
    {"reordered-by-writers", "pass", reordered_by_writers},
    {"walked-while-inserting", "data-race", walked_while_inserting},
    {"walked-while-erasing", "data-race", walked_while_erasing},
    {"walked-by-both", "pass", walked_by_both},
    {"trees-of-each", "pass", trees_of_each},
    {"patterns-of-each", "pass", patterns_of_each},
    {"old-block-freed", "data-race", old_block_freed},
    {"old-block-freed-twice", "double-free", old_block_freed_twice},
    {"old-block-used-late", "heap-use-after-free", old_block_used_late},
    {"old-block-freed-once", "pass", old_block_freed_once},
    {"variable-freed", "invalid-free", variable_freed},
    {"variable-of-stack-freed", "invalid-free", variable_of_stack_freed},
    {"block-given-away-relaxed", "data-race", block_given_away_relaxed},
    {"block-given-away", "pass", block_given_away},
    {"arena-of-all", "data-race", arena_of_all},
    {"arena-of-all-locked", "pass", arena_of_all_locked},
    {"destroyed-while-used", "data-race", destroyed_while_used},
    {"producer-that-never-waits", "pass", producer_that_never_waits},
    {"stolen-work", "pass", stolen_work},
    {"work-until-a-time", "pass", work_until_a_time},
    {"handled-while-polling", "pass", handled_while_polling},
    {"blocked-signal-orders-nothing", "data-race", blocked_signal_orders_nothing},
    {"used-at-exit", "data-race", used_at_exit},
    {"looked-at-before-exit", "pass", looked_at_before_exit},
    {"three-wait-for-ever", "livelock", three_wait_for_ever},
    {"unmapped-while-cleared", "freed-region-in-use", unmapped_while_cleared},
};

}  // namespace

int main(int count, char** arguments) {
  const std::string name = count > 1 ? arguments[1] : "";
  if (count > 2) never_set = 1;  // a compiler that saw no store would leave the loads out
  for (const Shape& shape : shapes) {
    if (name.empty()) std::printf("%s %s\n", shape.name, shape.rule);
    if (name == shape.name) return shape.play(), 0;
  }
  return name.empty() ? 0 : 99;
}
