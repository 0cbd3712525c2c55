// The fibers of a worker: made when they are first needed, used again by later executions, in the same order
// in each, so that a thread finds its stack at the same address in every process. Stacks come in a few
// sizes, each with an address range of its own.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "harness/engine/fiber.hpp"

namespace harness {

class FiberPool {
 public:
  // nullptr where the limit on threads or stacks, ours or the system's, is reached.
  Fiber* take(std::size_t stack_bytes, std::span<const TlsImage> images);
  bool can_take(std::size_t stack_bytes, std::span<const TlsImage> images);
  void give_back(Fiber& fiber);
  // A new execution: all of them are free.
  void reset();
  // Makes again those that another process made, see Fiber::own().
  void own();

 private:
  struct Size {
    std::vector<std::unique_ptr<Fiber>> all;
    std::vector<Fiber*> free;
  };

  static constexpr std::size_t sizes = 4;
  // The smallest that is large enough; `sizes`: there is none.
  static std::size_t size_of(std::size_t stack_bytes);
  bool make_one(std::size_t at, std::span<const TlsImage> images);

  std::array<Size, sizes> sizes_;
};

}  // namespace harness
