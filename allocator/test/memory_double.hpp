// A VirtualMemory for tests: forwards to the system, fails on demand, and writes down which ranges
// have lost their memory, so that a test can tell without touching them.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <mutex>

#include "allocator/virtual_memory.hpp"

namespace allocator {

class MemoryDouble final : public VirtualMemory {
 public:
  enum class Call : std::size_t { map, reserve, commit, decommit, discard, release };

  // From now on `good` calls of this kind succeed, then `failures` fail with `code`.
  void fail(Call call, std::size_t good = 0, std::size_t failures = 1, int code = 12 /* ENOMEM */);
  std::size_t calls(Call call) const;

  // Whether `address` lies in memory that can be touched now, as far as these calls have made it
  // so.
  bool accessible(const std::byte* address) const;
  std::size_t accessible_bytes() const;
  std::size_t most_accessible_bytes() const;  // ever
  // Releases and decommits of something that was not accessible then.
  std::size_t repeated_unmappings() const;

  std::byte* map(std::size_t bytes, std::error_code& error) override;
  std::byte* reserve(std::size_t bytes, std::error_code& error) override;
  std::error_code commit(std::byte* base, std::size_t bytes) override;
  std::error_code decommit(std::byte* base, std::size_t bytes) override;
  std::error_code discard(std::byte* base, std::size_t bytes) override;
  std::error_code release(std::byte* base, std::size_t bytes) override;

 private:
  struct Plan {
    std::size_t calls = 0;
    std::size_t good = 0;
    std::size_t failures = 0;
    int code = 0;
  };
  std::error_code entered(Call call);
  void add(std::byte* base, std::size_t bytes);
  std::size_t remove(std::byte* base, std::size_t bytes);

  mutable std::mutex lock_;
  std::array<Plan, 6> plans_{};
  std::map<const std::byte*, std::size_t> accessible_;
  std::map<const std::byte*, std::size_t> reserved_;
  std::size_t accessible_bytes_ = 0;
  std::size_t most_accessible_bytes_ = 0;
  std::size_t repeated_unmappings_ = 0;
};

}  // namespace allocator
