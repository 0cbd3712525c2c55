// What locks, conditions, semaphores, barriers and futexes do, in terms of tasks and events. Objects are
// known by their address. Each function is one scheduling point or several, and returns what the pthread
// function of its kind returns (0 or an errno).
#pragma once

#include <cstdint>

#include "harness/engine/engine.hpp"

namespace harness {

inline constexpr std::uint64_t no_deadline = 0;
// As `bytes` of a semaphore_wait or a join: it does not wait. Of a semaphore, `before` is its count.
inline constexpr std::uint64_t only_tries = 1;

enum class MutexKind : std::uint8_t { normal, recursive, errorcheck };

int lock(Engine& engine, const void* mutex, MutexKind kind, std::uint64_t deadline_ns, std::uintptr_t where);
int try_lock(Engine& engine, const void* mutex, MutexKind kind, std::uintptr_t where);
int unlock(Engine& engine, const void* mutex, MutexKind kind, std::uintptr_t where);
// A lock is made anew at that address: whatever it was, it is free.
void forget_lock(Engine& engine, const void* lock);

// Robust mutexes, which survive their owner. After `lock` has answered `error`: what the caller is told.
int robust_locked(Engine& engine, const void* mutex, int error);
// Before the unlocking: what was not made consistent since its owner ended is lost for good.
void robust_unlocking(Engine& engine, const void* mutex);
// EINVAL where it was not inconsistent.
int make_consistent(Engine& engine, const void* mutex);
// A task has ended: what it holds goes to who wants it.
void abandon_robust_mutexes(Engine& engine, Task& task);

int lock_shared(Engine& engine, const void* lock, std::uint64_t deadline_ns, std::uintptr_t where);
int try_lock_shared(Engine& engine, const void* lock, std::uintptr_t where);
int unlock_any(Engine& engine, const void* lock, std::uintptr_t where);

int wait(Engine& engine, const void* condition, const void* mutex, MutexKind kind, std::uint64_t deadline_ns,
         std::uintptr_t where);
void notify(Engine& engine, const void* condition, bool all, std::uintptr_t where);

// EINTR where the wait was interrupted.
int semaphore_wait(Engine& engine, const void* semaphore, std::uint64_t deadline_ns, std::uintptr_t where);
int semaphore_try_wait(Engine& engine, const void* semaphore, std::uintptr_t where);
std::uint64_t semaphore_value(Engine& engine, const void* semaphore, std::uintptr_t where);
void semaphore_post(Engine& engine, const void* semaphore, std::uintptr_t where);

// True for one of the tasks that passed.
bool barrier_wait(Engine& engine, const void* barrier, std::uintptr_t where);

// -EAGAIN, -ETIMEDOUT, -EINTR or 0, as the system call.
int futex_wait(Engine& engine, const std::uint32_t* word, std::uint32_t expected, std::uint32_t mask,
               std::uint64_t deadline_ns, std::uintptr_t where);
// Of those who wait at `from` wakes some and moves others to `to`; where `expected` is given, only while that
// word has `value`. How many it was, or -EAGAIN.
int futex_requeue(Engine& engine, const std::uint32_t* from, int wake_count, int move_count,
                  const std::uint32_t* to, const std::uint32_t* expected, std::uint32_t value,
                  std::uintptr_t where);
int futex_wake(Engine& engine, const std::uint32_t* word, int count, std::uint32_t mask, std::uintptr_t where);

// EINTR where the wait was interrupted.
int join(Engine& engine, Task& task, std::uint64_t deadline_ns, std::uintptr_t where);

// A lock, condition, semaphore or barrier ends. Whoever has it, or waits on a condition, makes that a
// violation; so does whoever uses it afterwards: the object has a mark in its first bytes, which making it
// anew takes away.
void destroy(Engine& engine, const void* object, std::uintptr_t where);
inline constexpr std::uint32_t destroyed_mark = 0xdead'10cc;
void used_after_its_end(Engine& engine, const void* object, std::uintptr_t where);
// To the races, a use is a read of the first byte, and the end of the object a write: what nothing orders will come
// the other way round some time.
inline void note_use(Engine& engine, const void* object, std::uintptr_t where) {
  Races& races = engine.races();
  if (!races.watching()) return;
  const auto address = reinterpret_cast<std::uintptr_t>(object);
  Cell* const cell = races.shadow().find(address);
  const Epoch now = races.epoch().with(static_cast<std::uint8_t>(1u << (address & 7)));
  const bool remembers = engine.settings().records;
  if (cell == nullptr || remembers || !races.plainly(*cell, now, false, where))
    engine.look_at(address, 1, false, where);
}
// Before every use. Those on the heap also go with their block.
inline void check_alive(Engine& engine, const void* object, std::uintptr_t where) {
  const bool is_gone = UserHeap::contains(object) &&
                       engine.races().is_freed(reinterpret_cast<std::uintptr_t>(object));
  if (is_gone || *static_cast<const std::uint32_t*>(object) == destroyed_mark) [[unlikely]]
    used_after_its_end(engine, object, where);
  note_use(engine, object, where);
}

// Something has come up for `task`, a signal or a cancellation: if it waits where that ends the waiting, it
// goes on, with Task::interrupted set.
void interrupt(Engine& engine, Task& task);

}  // namespace harness
