// System calls that fail at a time of the engine's choosing. A VirtualMemory that forwards to the
// system while the weather is fair and answers ENOMEM while it storms. A task of the scenario makes
// the storm; which calls fall into it is a matter of the interleaving, and so a choice of the
// engine like any other: every call alone, any run of calls, none.
#pragma once

#include <atomic>
#include <cstddef>
#include <system_error>

#include "allocator/virtual_memory.hpp"
#include "harness/point.hpp"

namespace scenarios {

class Weather final : public allocator::VirtualMemory {
 public:
  // The body of the task "storm".
  void storm() {
    storms_ = true;
    harness::point("storm");
    storms_ = false;
  }

  std::byte* map(std::size_t bytes, std::error_code& error) override {
    error = refusal();
    return error ? nullptr : system().map(bytes, error);
  }
  // A pool that gets no addresses is never made; that is not what these scenarios ask about.
  std::byte* reserve(std::size_t bytes, std::error_code& error) override {
    return system().reserve(bytes, error);
  }
  std::error_code commit(std::byte* base, std::size_t bytes) override {
    const std::error_code error = refusal();
    return error ? error : system().commit(base, bytes);
  }
  std::error_code decommit(std::byte* base, std::size_t bytes) override {
    const std::error_code error = refusal();
    return error ? error : system().decommit(base, bytes);
  }
  std::error_code discard(std::byte* base, std::size_t bytes) override {
    const std::error_code error = refusal();
    return error ? error : system().discard(base, bytes);
  }
  std::error_code release(std::byte* base, std::size_t bytes) override {
    const std::error_code error = refusal();
    return error ? error : system().release(base, bytes);
  }

 private:
  static allocator::VirtualMemory& system() { return allocator::system_memory(); }
  std::error_code refusal() const {
    return storms_ ? std::make_error_code(std::errc::not_enough_memory) : std::error_code{};
  }

  std::atomic<bool> storms_{false};
};

}  // namespace scenarios
