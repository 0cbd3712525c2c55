// membarrier(2), which the C library has no wrapper for.
#include "allocator/claimed/barrier.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "allocator/magazines.hpp"

namespace allocator::claimed {
namespace {

bool run(int command) { return syscall(SYS_membarrier, command, 0, 0) == 0; }

}  // namespace

// Registering again costs next to nothing, and a child of fork() may have to.
bool has_process_barrier() {
  if constexpr (detail::worker_does_the_barrier) return true;
  return run(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}

void process_barrier() {
  if constexpr (detail::worker_does_the_barrier) return;
  while (!run(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) run(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}

}  // namespace allocator::claimed
