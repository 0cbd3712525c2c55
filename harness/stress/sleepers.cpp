// Reading the state of threads from /proc.
#include "harness/stress/sleepers.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "harness/stress/invisible.hpp"

namespace harness::stress_mode {
namespace {

std::string path_of(int process, int thread, const char* file) {
  const std::string owner = process == 0 ? "self" : std::to_string(process);
  const std::string task = "/proc/" + owner + "/task";
  return thread == 0 ? task : task + "/" + std::to_string(thread) + "/" + file;
}

// The beginning of a small file; "" where it cannot be read. Raw calls: the interceptors of a
// sanitizer would order the reader after whoever wrote.
std::string read_small(const std::string& path) {
  const long file = syscall(SYS_openat, AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";
  std::array<char, 1024> text;
  const long bytes = syscall(SYS_read, file, text.data(), text.size());
  syscall(SYS_close, file);
  return bytes <= 0 ? "" : std::string(text.data(), static_cast<std::size_t>(bytes));
}

}  // namespace

Glance look_at(int process, int thread) {
  Glance glance;
  // "tid (name) S ...": the name may hold anything, so look behind its last parenthesis.
  const std::string stat = read_small(path_of(process, thread, "stat"));
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat.size()) return glance;
  glance.state = stat[name_end + 2];
  glance.there = glance.state != 'Z' && glance.state != 'X';
  // Nanoseconds on the processor and the number of times it was put there; or, without them, the
  // ticks that are fields 14 and 15 of stat.
  unsigned long long run = 0, waited = 0, slices = 0;
  const std::string schedstat = read_small(path_of(process, thread, "schedstat"));
  if (std::sscanf(schedstat.c_str(), "%llu %llu %llu", &run, &waited, &slices) == 3) {
    glance.spent = run + slices;
    return glance;
  }
  const char* at = stat.c_str() + name_end + 2;
  for (int field = 3; field < 14 && at != nullptr; ++field) {
    at = std::strchr(at, ' ');
    if (at != nullptr) ++at;
  }
  if (at != nullptr && std::sscanf(at, "%llu %llu", &run, &slices) == 2)
    glance.spent = run + slices;
  return glance;
}

std::vector<int> threads_of(int process) {
  std::vector<int> threads;
  DIR* directory = opendir(path_of(process, 0, "").c_str());
  if (directory == nullptr) return threads;
  while (const dirent* entry = readdir(directory))
    if (const int thread = std::atoi(entry->d_name); thread > 0) threads.push_back(thread);
  closedir(directory);
  std::sort(threads.begin(), threads.end());
  return threads;
}

bool waits_for_ever(int process, int thread) {
  // "202 0xaddress 0xop 0xvalue 0xtimeout ...": number and arguments of the call it is in.
  const std::string call = read_small(path_of(process, thread, "syscall"));
  long number = -1;
  unsigned long long word = 0, op = 0, value = 0, timeout = 1;
  if (std::sscanf(call.c_str(), "%ld 0x%llx 0x%llx 0x%llx 0x%llx", &number, &word, &op, &value,
                  &timeout) != 5)
    return false;
  return number == SYS_futex && timeout == 0;
}

std::int64_t Sleeper::asleep_ns() {
  const Glance glance = look_at(process_, thread_);
  if (!glance.there) return -1;
  const std::int64_t now = now_ns();
  if (glance.state != 'S' || glance.spent != spent_ || since_ == 0) {
    since_ = glance.state == 'S' ? now : 0;
    spent_ = glance.spent;
    return 0;
  }
  return now - since_;
}

}  // namespace harness::stress_mode
