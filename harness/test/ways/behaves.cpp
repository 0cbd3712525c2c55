// A whole program that does, by its first argument, one of the things that programs do to the process they run in:
// end it, change what outlives an execution, or break it. Run by ways_process_test.cpp.
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <clocale>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

std::atomic<int> counter{0};
std::vector<std::string> words{"first"};
thread_local std::string local = "fresh";
const std::thread::id before_main = std::this_thread::get_id();

struct Farewell {
  ~Farewell() {
    if (counter == 77) std::_Exit(9);  // only where main() asked for it
  }
} farewell;

// So that there is something to explore: both orders, then one result.
void two_threads() {
  std::thread other([] { ++counter; });
  ++counter;
  other.join();
}

// --- what an execution leaves behind, each checked for what an earlier one may have left
int globals() {
  assert(counter == 0 && words.size() == 1 && local == "fresh");
  two_threads();
  assert(counter == 2);
  words.push_back(std::string(100, 'x'));
  words.front()[0] = 'F';
  local = "used";
  return 0;
}

int process_state() {
  assert(getenv("LEFT_BEHIND") == nullptr && std::rand() == 1804289383);
  setenv("LEFT_BEHIND", "yes", 1);
  setenv("PATH", "/nowhere", 1);
  char directory[4096];
  assert(getcwd(directory, sizeof directory) != nullptr && std::strcmp(directory, "/usr") != 0);
  assert(chdir("/usr") == 0);
  assert(umask(077) != 077);
  two_threads();
  return 0;
}

int descriptors() {
  const int file = open("/dev/null", O_RDWR);
  assert(file == 3 && fcntl(STDOUT_FILENO, F_GETFD) >= 0);
  close(STDOUT_FILENO);
  dup2(file, 9);
  two_threads();
  return 0;
}

int input() {
  std::string line;
  assert(std::getline(std::cin, line) && line == "one line");
  assert(!std::getline(std::cin, line));
  two_threads();
  std::printf("printed\n");
  std::cout << "streamed\n";
  return 0;
}

int identity() {
  assert(std::this_thread::get_id() == before_main);
  two_threads();
  return 0;
}

int locale() {
  assert(std::strcmp(std::setlocale(LC_ALL, nullptr), "C") == 0);
  std::setlocale(LC_ALL, "C.UTF-8");
  two_threads();
  return 0;
}

std::vector<char> large;
int large_state() {
  assert(large.empty() || large[0] == 0);
  large.assign(std::size_t{16} << 20, 1);
  two_threads();
  return 0;
}

// --- how it ends
int threads_alive() {
  static std::mutex held;
  held.lock();
  std::thread([] { held.lock(); }).detach();
  return 0;
}

int exit_in_thread() {
  std::thread other([] { std::exit(5); });
  other.join();
  return 0;
}

int thread_exit() {
  pthread_t other;
  pthread_create(&other, nullptr, [](void*) -> void* { ++counter; return nullptr; }, nullptr);
  pthread_exit(nullptr);
}

std::atomic<int> handlers{0};
int exit_handlers() {
  std::atexit([] { if (++handlers != 2) std::_Exit(3); });
  std::atexit([] { if (++handlers != 1) std::_Exit(4); });
  two_threads();
  return 0;
}

int static_destructor() {
  counter = 77;
  return 0;
}

int race_of_exit() {
  static std::atomic<bool> ready{false};
  std::thread([] { ready = true; }).detach();
  return ready ? 6 : 0;
}

// --- what breaks it
int endless_loop() {
  two_threads();
  for (volatile int i = 0;; i = i + 1) {
  }
}

int recursion(volatile int depth) {
  volatile char room[4096];
  room[0] = static_cast<char>(depth);
  return recursion(depth + 1) + room[0];
}

int close_all() {
  for (int number = 0; number < 2000; ++number) close(number);
  two_threads();
  return 0;
}

int handlers_of_signals() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGUSR1, SIGUSR2, SIGTERM, SIGINT})
    std::signal(signal, [](int) {});
  two_threads();
  return 0;
}

std::jmp_buf place;
int long_jump() {
  std::mutex mutex;
  if (setjmp(place) == 0) {
    std::lock_guard lock(mutex);
    two_threads();
    std::longjmp(place, 1);
  }
  return counter == 2 ? 0 : 1;
}

int unmap() {
  two_threads();
  for (std::uintptr_t at = 0x0800'0000'0000; at < 0x4000'0000'0000; at += 0x0100'0000'0000)
    munmap(reinterpret_cast<void*>(at), std::size_t{1} << 30);
  two_threads();
  return 0;
}

int many_words() {
  for (int i = 0; i < 20'000; ++i) std::printf("line %d\n", i);
  two_threads();
  return 1;
}

int allocate() {
  std::vector<std::string*> all;
  for (;;) all.push_back(new std::string(1 << 20, 'x'));
}

int spawn() {
  std::vector<std::thread> all;
  for (;;) all.emplace_back([] { std::this_thread::sleep_for(std::chrono::hours(1)); });
}

int clock_loop() {
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(50)) {
  }
  two_threads();
  return 0;
}

int throw_out() {
  std::thread([] { throw std::runtime_error("out of the thread"); }).join();
  return 0;
}

const std::map<std::string, int (*)()> behaviours = {
    {"globals", globals},
    {"process-state", process_state},
    {"descriptors", descriptors},
    {"input", input},
    {"identity", identity},
    {"locale", locale},
    {"large-state", large_state},
    {"threads-alive", threads_alive},
    {"exit-in-thread", exit_in_thread},
    {"thread-exit", thread_exit},
    {"exit-handlers", exit_handlers},
    {"static-destructor", static_destructor},
    {"race-of-exit", race_of_exit},
    {"quick-exit", [] { std::quick_exit(4); return 0; }},
    {"underscore-exit", [] { _exit(7); return 0; }},
    {"abort", [] { std::abort(); return 0; }},
    {"assert", [] { assert(counter == 1); return 0; }},
    {"throw", throw_out},
    {"endless-loop", endless_loop},
    {"recursion", [] { return recursion(0); }},
    {"close-all", close_all},
    {"signal-handlers", handlers_of_signals},
    {"long-jump", long_jump},
    {"unmap", unmap},
    {"many-words", many_words},
    {"allocate", allocate},
    {"spawn", spawn},
    {"clock-loop", clock_loop},
};

}  // namespace

int main(int count, char** arguments) {
  const auto behaviour = behaviours.find(count > 1 ? arguments[1] : "");
  if (behaviour == behaviours.end()) return 99;
  arguments[1][0] = '_';  // the next execution must find it as it was
  return behaviour->second();
}
