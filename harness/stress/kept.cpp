// Keeping unmapped addresses; see kept.hpp.
#include "harness/stress/kept.hpp"

#include <sys/mman.h>

#include <atomic>
#include <vector>

#include "harness/stress/invisible.hpp"
#include "harness/stress/ranges.hpp"
#include "harness/stress/sanitizer.hpp"

extern "C" [[gnu::weak]] int __interceptor_munmap(void*, std::size_t);

namespace harness::stress_mode {
namespace {

constexpr std::size_t most_kept_bytes = std::size_t{4} << 30;
constexpr std::size_t most_kept_ranges = 1024;

struct Kept {
  std::atomic<bool> keeps{false};
  InvisibleLock lock;
  Ranges ranges;
  std::size_t count = 0;  // of ranges, and of their bytes: as many as were ever kept at once
  std::size_t bytes = 0;
};
Kept kept;

// The lock, and the tool's own heap calls.
class Locked {
 public:
  Locked() { kept.lock.lock(); }
  ~Locked() { kept.lock.unlock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  KeepErrno errno_;
  Unseen unseen_;
};

std::uintptr_t address_of(const void* address) { return reinterpret_cast<std::uintptr_t>(address); }

std::uintptr_t end_of(const void* address, std::size_t bytes) {
  return address_of(address) + (bytes + 4095) / 4096 * 4096;
}

}  // namespace

int plain_munmap(void* address, std::size_t bytes) {
  if (__interceptor_munmap != nullptr) return __interceptor_munmap(address, bytes);
  return static_cast<int>(syscall(SYS_munmap, address, bytes));
}

int real_munmap(void* address, std::size_t bytes) {
  given_anew(address_of(address), end_of(address, bytes));
  return plain_munmap(address, bytes);
}

bool keep_range(void* address, std::size_t bytes) {
  if (!kept.keeps || address_of(address) % 4096 != 0 || bytes == 0) return false;
  const Locked locked;
  if (kept.count >= most_kept_ranges || kept.bytes + bytes > most_kept_bytes) return false;
  // A raw call: to ThreadSanitizer the range still has the history that taking_away() wrote.
  if (syscall(SYS_mmap, address, bytes, PROT_NONE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0L) == -1)
    return false;
  kept.ranges.set(address_of(address), end_of(address, bytes), PROT_NONE);
  ++kept.count;
  kept.bytes += bytes;
  return true;
}

bool touches_kept(const void* address, std::size_t bytes) {
  if (kept.count == 0) return false;
  const Locked locked;
  bool touches = false;
  kept.ranges.each(address_of(address), end_of(address, bytes),
                   [&](std::uintptr_t, std::uintptr_t, int) { touches = true; });
  return touches;
}

void take_from_kept(const void* address, std::size_t bytes, bool vacate) {
  if (kept.count == 0) return;
  const Locked locked;
  const std::uintptr_t low = address_of(address);
  const std::uintptr_t high = end_of(address, bytes);
  if (vacate)
    kept.ranges.each(low, high, [](std::uintptr_t from, std::uintptr_t to, int) {
      real_munmap(reinterpret_cast<void*>(from), to - from);
    });
  kept.ranges.remove(low, high);
}

void keep_unmapped(bool keep) { kept.keeps.store(keep); }

bool keeps(std::uintptr_t low) { return touches_kept(reinterpret_cast<const void*>(low), 1); }

void drop_unmapped() {
  const Locked locked;
  kept.ranges.each(0, UINTPTR_MAX, [](std::uintptr_t from, std::uintptr_t to, int) {
    real_munmap(reinterpret_cast<void*>(from), to - from);
  });
  kept.ranges.clear();
  kept.count = 0;
  kept.bytes = 0;
}

}  // namespace harness::stress_mode
