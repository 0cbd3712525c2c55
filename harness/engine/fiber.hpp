// A fiber that is, to the code that runs on it, a thread: it borrows the stack, the thread-local storage and
// the pthread_t of a real pthread that is parked for ever. Switching is a register swap and a new FS base.
//
// Fibers are made once per worker and used again by later executions. All of them run on one OS thread.
#pragma once

#include <pthread.h>
#include <setjmp.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "harness/engine/address_space.hpp"

namespace harness {

struct Context {
  std::uintptr_t stack_pointer = 0;
  std::uintptr_t thread_pointer = 0;

  // Only where fibers_are_threads().
  std::uint32_t turn = 0;      // futex: it is this one's turn to run
  jmp_buf* restart = nullptr;  // where to begin anew when the turn comes
};

// For the benchmark: fibers as what most controllers for C++ use in their place, the pooled OS threads
// themselves, which hand over to each other with futexes. To be said before the first fiber is made.
void make_fibers_threads(bool threads);

// Thread-local block of a module whose content is reset before a fiber is used again.
struct TlsImage {
  std::size_t module = 0;  // dlpi_tls_modid
  const void* image = nullptr;
  std::size_t image_bytes = 0;
  std::size_t bytes = 0;
};

extern void (*chosen_switch)(Context* from, const Context* to);
// Saves the present state in `from`, and goes to `to`; returns when somebody goes to `from`.
[[gnu::always_inline]] inline void switch_context(Context& from, Context& to) { chosen_switch(&from, &to); }

class Fiber {
 public:
  // What a thread gets that does not ask for more.
  static constexpr std::size_t usual_stack_bytes = std::size_t{8} << 20;
  static constexpr std::size_t guard_bytes = std::size_t{64} << 10;

  // Parks a pthread and takes its place; its stack and, below it, the guard begin at `slot`. Throws
  // std::runtime_error where no thread can be made.
  Fiber(std::uintptr_t slot, std::size_t stack_bytes, std::span<const TlsImage> images);
  // The calling thread itself, on a stack of its own: same thread-local storage, same pthread_t.
  struct OfThisThread {};
  explicit Fiber(OfThisThread);
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Fresh thread-local variables, and a stack on which `entry(argument)` is about to be called.
  void prepare(void (*entry)(void*), void* argument);
  Context& context() { return context_; }
  pthread_t handle() const { return handle_; }
  // Makes the fiber again if another process made it, of which only what is shared is left.
  void own();
  std::uint16_t last_task = 0xffff;  // of this execution that ran on it, for the engine
  // The lowest pages of the stack, where an overflow faults.
  AddressRange guard() const { return {stack_base_ - guard_bytes, guard_bytes}; }
  std::size_t stack_bytes() const { return stack_bytes_; }
  // With the thread-local storage, which is above it; while somebody else runs.
  AddressRange stack_in_use() const {
    return {context_.stack_pointer, stack_base_ + stack_bytes_ - context_.stack_pointer};
  }

 private:
  struct Block {
    void* address;
    const TlsImage* image;
  };
  void make_thread();
  static void* park(void* self);
  [[noreturn]] void run_as_thread();

  std::span<const TlsImage> images_;
  std::vector<Block> blocks_;
  std::uintptr_t stack_base_ = 0;
  std::size_t stack_bytes_ = 0;
  std::uintptr_t parked_at_ = 0;
  std::uint32_t is_parked_ = 0;
  long process_ = 0;  // that made the thread
  pthread_t handle_{};
  void (*entry_)(void*) = nullptr;  // for run_as_thread
  void* argument_ = nullptr;
  jmp_buf restart_;
  Context context_;
};

// Leaves `from` (filling it) and goes on at `to`.
// The context of the calling OS thread, for coming back to it: its thread pointer is filled in.
Context context_of_this_thread();

}  // namespace harness
