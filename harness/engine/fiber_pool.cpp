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

Fiber* FiberPool::take(std::size_t stack_bytes, std::span<const TlsImage> images) {
  std::size_t at = 0;
  while (at < sizes && stack_bytes_of(at) < stack_bytes) ++at;
  if (at == sizes) return nullptr;
  Size& size = sizes_[at];
  if (!size.free.empty()) {
    Fiber* const fiber = size.free.back();
    size.free.pop_back();
    return fiber;
  }
  const std::size_t slot_bytes = stack_bytes_of(at) + Fiber::guard_bytes;
  // The last of the largest is room for the stack of Fiber::OfThisThread.
  if ((size.all.size() + (at == sizes - 1 ? 2 : 1)) * slot_bytes > range_bytes) return nullptr;
  const LoadingPaused paused;
  const std::uintptr_t slot = stack_range.base + at * range_bytes + size.all.size() * slot_bytes;
  try {
    size.all.push_back(std::make_unique<Fiber>(slot, stack_bytes_of(at), images));
  } catch (const std::runtime_error&) {
    return nullptr;
  }
  return size.all.back().get();
}

void FiberPool::give_back(Fiber& fiber) {
  std::size_t at = 0;
  while (stack_bytes_of(at) < fiber.stack_bytes()) ++at;
  sizes_[at].free.push_back(&fiber);
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
