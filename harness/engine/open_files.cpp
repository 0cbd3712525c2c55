#include "harness/engine/open_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "harness/engine/raw_syscall.hpp"

namespace harness {
namespace {

constexpr int first_copy = 512;  // above what programs usually have open

std::vector<int> open_descriptors() {
  std::vector<int> numbers;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    numbers.push_back(std::stoi(entry.path().filename().string()));
  std::sort(numbers.begin(), numbers.end());
  // The one that the list was read through is closed by now.
  std::erase_if(numbers, [](int number) { return fcntl(number, F_GETFD) < 0; });
  return numbers;
}

int copy_of(int number) {
  const int copy = fcntl(number, F_DUPFD_CLOEXEC, first_copy);
  if (copy < 0)
    throw std::runtime_error(fmt::format("cannot keep a copy of descriptor {}: {}; check `ulimit -n` (1024 is enough)",
                                         number, std::strerror(errno)));
  return copy;
}

void close_between(int first, int last) {
  if (first <= last) raw_syscall(SYS_close_range, first, last, 0);
}

}  // namespace

OpenFiles::OpenFiles() : directory_(-1), mask_(umask(0)) {
  umask(mask_);
  for (const int number : open_descriptors())
    kept_.push_back({number, copy_of(number), lseek(number, 0, SEEK_CUR), fcntl(number, F_GETFL)});
  const int directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;  // it cannot be looked at; then it is not gone back to
  directory_ = copy_of(directory);
  close(directory);
}

bool OpenFiles::restore() {
  int next = 0;
  for (const Kept& kept : kept_) {
    close_between(next, kept.number - 1);
    next = kept.number + 1;
    if (raw_syscall(SYS_dup3, kept.copy, kept.number, 0) < 0) return false;
    if (kept.offset >= 0) raw_syscall(SYS_lseek, kept.number, kept.offset, SEEK_SET);
    if ((kept.flags & O_NONBLOCK) == 0) continue;
    raw_syscall(SYS_fcntl, kept.number, F_SETFL, kept.flags);
  }
  close_between(next, first_copy - 1);
  raw_syscall(SYS_umask, static_cast<long>(mask_));
  return directory_ < 0 || raw_syscall(SYS_fchdir, directory_) == 0;
}

}  // namespace harness
