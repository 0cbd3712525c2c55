#include "harness/engine/fiber.hpp"

#include <linux/futex.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cstring>
#include <stdexcept>
#include <utility>

#include "harness/engine/raw_syscall.hpp"
#include "harness/engine/real.hpp"

extern "C" {
void harness_switch_fsgsbase(harness::Context* from, const harness::Context* to);
void harness_switch_prctl(harness::Context* from, const harness::Context* to);
void harness_fiber_start();
struct harness_tls_index {
  std::size_t module;
  std::size_t offset;
};
void* __tls_get_addr(harness_tls_index*);
}

namespace harness {
namespace {

bool has_fsgsbase() {
  constexpr unsigned long hwcap2_fsgsbase = 1ul << 1;
  return (getauxval(AT_HWCAP2) & hwcap2_fsgsbase) != 0;
}

bool fibers_are_threads = false;

// Not through syscall(): a parked thread comes here while the program under test may be running.
void futex(std::uint32_t* word, int operation, std::uint32_t value) {
  raw_syscall(SYS_futex, reinterpret_cast<long>(word), operation | FUTEX_PRIVATE_FLAG, value);
}

void give_turn(Context& to) {
  __atomic_store_n(&to.turn, 1, __ATOMIC_RELEASE);
  futex(&to.turn, FUTEX_WAKE, 1);
}

void take_turn(Context& me) {
  while (__atomic_exchange_n(&me.turn, 0, __ATOMIC_ACQUIRE) == 0) futex(&me.turn, FUTEX_WAIT, 0);
}

void hand_over(Context* from, const Context* to) {
  give_turn(*const_cast<Context*>(to));
  take_turn(*from);
  if (from->restart != nullptr) longjmp(*std::exchange(from->restart, nullptr), 1);
}

}  // namespace

void (*chosen_switch)(Context*, const Context*) =
    has_fsgsbase() ? harness_switch_fsgsbase : harness_switch_prctl;

void make_fibers_threads(bool threads) {
  fibers_are_threads = threads;
  chosen_switch = threads           ? hand_over
                  : has_fsgsbase() ? harness_switch_fsgsbase
                                   : harness_switch_prctl;
}

Context context_of_this_thread() { return {0, static_cast<std::uintptr_t>(pthread_self())}; }

Fiber::Fiber(std::uintptr_t slot, std::size_t stack_bytes, std::span<const TlsImage> images)
    : images_(images), stack_base_(slot + guard_bytes), stack_bytes_(stack_bytes) {
  make_thread();
}

Fiber::Fiber(OfThisThread)
    : stack_base_(stack_range.end() - usual_stack_bytes), stack_bytes_(usual_stack_bytes) {
  if (real::mprotect(reinterpret_cast<void*>(stack_base_), stack_bytes_, PROT_READ | PROT_WRITE) != 0)
    throw std::runtime_error("cannot make a stack accessible");
  parked_at_ = stack_base_ + stack_bytes_;
  handle_ = pthread_self();
  process_ = raw_syscall(SYS_getpid);
  context_.thread_pointer = static_cast<std::uintptr_t>(handle_);
}

void Fiber::own() {
  if (process_ == raw_syscall(SYS_getpid)) return;
  blocks_.clear();
  is_parked_ = 0;
  make_thread();
}

void Fiber::make_thread() {
  process_ = raw_syscall(SYS_getpid);
  if (real::mprotect(reinterpret_cast<void*>(stack_base_), stack_bytes_, PROT_READ | PROT_WRITE) != 0)
    throw std::runtime_error("cannot make a stack accessible");
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, reinterpret_cast<void*>(stack_base_), stack_bytes_);
  const int error = real::pthread_create(&handle_, &attributes, park, this);
  pthread_attr_destroy(&attributes);
  if (error != 0)
    throw std::runtime_error(std::string("cannot create a thread: ") + std::strerror(error));
  while (__atomic_load_n(&is_parked_, __ATOMIC_ACQUIRE) == 0) futex(&is_parked_, FUTEX_WAIT, 0);
  context_.thread_pointer = static_cast<std::uintptr_t>(handle_);
}

// Runs on the new pthread: makes its thread-local blocks exist (they are allocated on first use), tells
// where they are, and never returns.
void* Fiber::park(void* self) {
  auto& fiber = *static_cast<Fiber*>(self);
  for (const TlsImage& image : fiber.images_) {
    harness_tls_index index{image.module, 0};
    fiber.blocks_.push_back({__tls_get_addr(&index), &image});
  }
  std::uint32_t never = 0;
  fiber.parked_at_ = reinterpret_cast<std::uintptr_t>(&never);
  __atomic_store_n(&fiber.is_parked_, 1, __ATOMIC_RELEASE);
  futex(&fiber.is_parked_, FUTEX_WAKE, 1);
  if (fibers_are_threads) fiber.run_as_thread();
  for (;;) futex(&never, FUTEX_WAIT, 0);
}

void Fiber::run_as_thread() {
  // An execution that is over leaves the thread in mid-flight; with its next turn it comes back here.
  if (setjmp(restart_) == 0) take_turn(context_);
  context_.restart = nullptr;
  entry_(argument_);
  __builtin_unreachable();
}

void Fiber::prepare(void (*entry)(void*), void* argument) {
  for (const Block& block : blocks_) {
    real::memcpy(block.address, block.image->image, block.image->image_bytes);
    real::memset(static_cast<char*>(block.address) + block.image->image_bytes, 0,
                 block.image->bytes - block.image->image_bytes);
  }
  entry_ = entry;
  argument_ = argument;
  if (fibers_are_threads) {
    context_.restart = &restart_;
    return;
  }
  // Below the frames of the parked thread, which stay as they are.
  constexpr std::uintptr_t distance = 1024;
  auto* top = reinterpret_cast<std::uintptr_t*>((parked_at_ - distance) & ~std::uintptr_t{63});
  struct Frame {
    std::uint32_t mxcsr, x87;
    std::uintptr_t r15, r14, r13, r12, rbx, rbp, start;
  };
  auto* frame = reinterpret_cast<Frame*>(top) - 1;
  *frame = {0x1f80, 0x037f, 0, 0, 0, reinterpret_cast<std::uintptr_t>(argument),
            reinterpret_cast<std::uintptr_t>(entry), 0,
            reinterpret_cast<std::uintptr_t>(&harness_fiber_start)};
  context_.stack_pointer = reinterpret_cast<std::uintptr_t>(frame);
}

}  // namespace harness
