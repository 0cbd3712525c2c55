// The bookkeeping of MemoryDouble. The record changes before memory goes and after it comes, so
// that another thread's mapping at the same address finds it in order.
#include "allocator/test/memory_double.hpp"

#include <algorithm>

namespace allocator {

void MemoryDouble::fail(Call call, std::size_t good, std::size_t failures, int code) {
  const std::lock_guard hold(lock_);
  Plan& plan = plans_[static_cast<std::size_t>(call)];
  plan.good = good;
  plan.failures = failures;
  plan.code = code;
}

std::size_t MemoryDouble::calls(Call call) const {
  const std::lock_guard hold(lock_);
  return plans_[static_cast<std::size_t>(call)].calls;
}

bool MemoryDouble::accessible(const std::byte* address) const {
  const std::lock_guard hold(lock_);
  const auto after = accessible_.upper_bound(address);
  if (after == accessible_.begin()) return false;
  const auto at = std::prev(after);
  return address < at->first + at->second;
}

std::size_t MemoryDouble::accessible_bytes() const {
  const std::lock_guard hold(lock_);
  return accessible_bytes_;
}

std::size_t MemoryDouble::most_accessible_bytes() const {
  const std::lock_guard hold(lock_);
  return most_accessible_bytes_;
}

std::size_t MemoryDouble::repeated_unmappings() const {
  const std::lock_guard hold(lock_);
  return repeated_unmappings_;
}

std::byte* MemoryDouble::map(std::size_t bytes, std::error_code& error) {
  if (error = entered(Call::map); error) return nullptr;
  std::byte* const base = system_memory().map(bytes, error);
  if (base != nullptr) add(base, bytes);
  return base;
}

std::byte* MemoryDouble::reserve(std::size_t bytes, std::error_code& error) {
  if (error = entered(Call::reserve); error) return nullptr;
  std::byte* const base = system_memory().reserve(bytes, error);
  const std::lock_guard hold(lock_);
  if (base != nullptr) reserved_[base] = bytes;
  return base;
}

std::error_code MemoryDouble::commit(std::byte* base, std::size_t bytes) {
  if (const std::error_code error = entered(Call::commit)) return error;
  const std::error_code error = system_memory().commit(base, bytes);
  if (!error) add(base, bytes);
  return error;
}

std::error_code MemoryDouble::decommit(std::byte* base, std::size_t bytes) {
  if (const std::error_code error = entered(Call::decommit)) return error;
  const std::size_t removed = remove(base, bytes);
  const std::lock_guard hold(lock_);
  if (removed != bytes) ++repeated_unmappings_;
  return system_memory().decommit(base, bytes);
}

std::error_code MemoryDouble::discard(std::byte* base, std::size_t bytes) {
  if (const std::error_code error = entered(Call::discard)) return error;
  return system_memory().discard(base, bytes);
}

std::error_code MemoryDouble::release(std::byte* base, std::size_t bytes) {
  if (const std::error_code error = entered(Call::release)) return error;
  const std::size_t removed = remove(base, bytes);
  const std::lock_guard hold(lock_);
  // A reservation may go with any part of it accessible; a plain mapping only as a whole.
  if (reserved_.erase(base) == 0 && removed != bytes) ++repeated_unmappings_;
  return system_memory().release(base, bytes);
}

std::error_code MemoryDouble::entered(Call call) {
  const std::lock_guard hold(lock_);
  Plan& plan = plans_[static_cast<std::size_t>(call)];
  ++plan.calls;
  if (plan.failures == 0) return {};
  if (plan.good > 0) {
    --plan.good;
    return {};
  }
  --plan.failures;
  return std::error_code{plan.code, std::system_category()};
}

void MemoryDouble::add(std::byte* base, std::size_t bytes) {
  const std::lock_guard hold(lock_);
  accessible_[base] = bytes;
  accessible_bytes_ += bytes;
  most_accessible_bytes_ = std::max(most_accessible_bytes_, accessible_bytes_);
}

std::size_t MemoryDouble::remove(std::byte* base, std::size_t bytes) {
  const std::lock_guard hold(lock_);
  std::size_t removed = 0;
  auto at = accessible_.lower_bound(base);
  while (at != accessible_.end() && at->first < base + bytes) {
    removed += at->second;
    at = accessible_.erase(at);
  }
  accessible_bytes_ -= removed;
  return removed;
}

}  // namespace allocator
