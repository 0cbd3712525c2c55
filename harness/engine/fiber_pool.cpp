#include "harness/engine/fiber_pool.hpp"

#include <algorithm>
#include <stdexcept>

#include "harness/engine/event.hpp"
#include "harness/engine/loading.hpp"

namespace harness {
namespace {

constexpr std::size_t range_bytes = stack_range.bytes / 4;

// 8 MiB, 64 MiB, 512 MiB, 4 GiB.
constexpr std::size_t stack_bytes_of(std::size_t size) { return Fiber::usual_stack_bytes << (3 * size); }

}  // namespace

std::size_t FiberPool::size_of(std::size_t stack_bytes) {
  std::size_t at = 0;
  while (at < sizes && stack_bytes_of(at) < stack_bytes) ++at;
  return at;
}

Fiber* FiberPool::take(std::size_t stack_bytes, std::span<const TlsImage> images) {
  if (!can_take(stack_bytes, images)) return nullptr;
  std::vector<Fiber*>& free = sizes_[size_of(stack_bytes)].free;
  Fiber* const fiber = free.back();
  free.pop_back();
  return fiber;
}

bool FiberPool::can_take(std::size_t stack_bytes, std::span<const TlsImage> images) {
  const std::size_t at = size_of(stack_bytes);
  return at < sizes && (!sizes_[at].free.empty() || make_one(at, images));
}

bool FiberPool::make_one(std::size_t at, std::span<const TlsImage> images) {
  Size& size = sizes_[at];
  const std::size_t slot_bytes = stack_bytes_of(at) + Fiber::guard_bytes;
  // The last of the largest is room for the stack of Fiber::OfThisThread.
  if ((size.all.size() + (at == sizes - 1 ? 2 : 1)) * slot_bytes > range_bytes) return false;
  const LoadingPaused paused;
  const std::uintptr_t slot = stack_range.base + at * range_bytes + size.all.size() * slot_bytes;
  try {
    size.all.push_back(std::make_unique<Fiber>(slot, stack_bytes_of(at), images));
  } catch (const std::runtime_error&) {
    return false;
  }
  size.free.push_back(size.all.back().get());
  return true;
}

void FiberPool::give_back(Fiber& fiber) {
  sizes_[size_of(fiber.stack_bytes())].free.push_back(&fiber);
}

void FiberPool::own() {
  for (Size& size : sizes_)
    for (const auto& fiber : size.all) fiber->own();
}

void FiberPool::reset() {
  for (Size& size : sizes_) {
    size.free.clear();
    for (const auto& fiber : size.all) {
      fiber->last_task = no_task;
      size.free.push_back(fiber.get());
    }
    std::reverse(size.free.begin(), size.free.end());
  }
}

}  // namespace harness
