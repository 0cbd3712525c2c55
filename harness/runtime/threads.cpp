// pthread_create() and its relatives, pthread_once(), keys, and the C++ runtime's hooks for static locals and
// thread_local destructors.
#include <array>
#include <cerrno>
#include <charconv>

#include "harness/engine/sync.hpp"
#include "harness/engine/thread_keys.hpp"
#include "harness/runtime/caller.hpp"
#include "harness/runtime/cancellation.hpp"
#include "harness/runtime/clock.hpp"

namespace harness {
namespace {

bool is_detached(const pthread_attr_t* attributes) {
  int state = PTHREAD_CREATE_JOINABLE;
  if (attributes != nullptr) pthread_attr_getdetachstate(attributes, &state);
  return state == PTHREAD_CREATE_DETACHED;
}

// Room for what thread-local storage takes of it besides.
std::size_t stack_bytes_of(const pthread_attr_t* attributes) {
  std::size_t bytes = 0;
  if (attributes != nullptr) pthread_attr_getstacksize(attributes, &bytes);
  constexpr std::size_t spare = std::size_t{64} << 10;
  return bytes <= Fiber::usual_stack_bytes ? Fiber::usual_stack_bytes : bytes + spare;
}

int spawn(pthread_t* handle, const pthread_attr_t* attributes, void* (*routine)(void*), void* argument,
          std::uintptr_t where) {
  const Entered entered;
  Engine& engine = *entered;
  const std::size_t stack_bytes = stack_bytes_of(attributes);
  if (!engine.can_create(stack_bytes)) return EAGAIN;
  engine.reach({.op = Op::spawn, .where = where}).value = engine.task_count();
  engine.executed();
  std::array<char, 24> name = {"thread-"};
  const char* const end = std::to_chars(name.data() + 7, name.end(), engine.task_count()).ptr;
  Task& task = engine.create({name.data(), end}, nullptr, routine, argument, stack_bytes);
  *handle = task.fiber->handle();
  if (is_detached(attributes)) engine.detach(task);
  return 0;
}

Task* joinable(Engine& engine, pthread_t handle, int& error) {
  Task* const task = engine.find_thread(handle);
  error = task == nullptr ? ESRCH : task == &engine.current() ? EDEADLK : task->detached ? EINVAL : 0;
  return error == 0 ? task : nullptr;
}

int finish_join(Engine& engine, Task& task, void** result) {
  if (result != nullptr) *result = task.result;
  engine.joined(task);
  return 0;
}

int join_thread(pthread_t handle, void** result, std::uint64_t deadline_ns, std::uintptr_t where) {
  return cancellation_point([=](Engine& engine) {
    int error = 0;
    Task* const task = joinable(engine, handle, error);
    if (task == nullptr) return error;
    do {  // a signal does not end it
      error = join(engine, *task, deadline_ns, where);
    } while (error == EINTR && !engine.current().must_end());
    return error == 0 ? finish_join(engine, *task, result) : error;
  });
}

// Whether the task has ended is seen after others have had their chance.
int try_join(pthread_t handle, void** result, std::uintptr_t where) {
  const Entered entered;
  int error = 0;
  Task* const task = joinable(*entered, handle, error);
  if (task == nullptr) return error;
  Event& event = entered->reach({.op = Op::join, .bytes = only_tries, .value = task->id, .where = where});
  event.failed = !task->done;
  const bool done = task->done;
  entered->executed();
  if (done) return finish_join(*entered, *task, result);
  entered->loaded(reinterpret_cast<std::uintptr_t>(&task->done), sizeof task->done, 0, where);
  return EBUSY;
}

int join_until(pthread_t handle, void** result, clockid_t clock, const timespec* time, std::uintptr_t where) {
  if (!is_valid(*time)) return EINVAL;
  return join_thread(handle, result, deadline_of(*time, clock), where);
}

// Takes `object` for the length of an initialisation. False: somebody else has done it meanwhile.
template <class IsDone>
bool begin_initialisation(Engine& engine, Object& object, Op op, std::uintptr_t where, IsDone is_done) {
  engine.reach_when(object.waiters, object.owner == no_task,
                    Event{.op = op, .object = object.address, .where = where}, WaitsFor::lock);
  engine.executed();
  engine.races().acquire(object.clock);
  if (is_done()) return false;
  object.owner = engine.current().id;
  engine.disable(object.waiters);
  return true;
}

void end_initialisation(Engine& engine, Object& object) {
  engine.races().release_join(object.clock);
  object.owner = no_task;
  engine.enable(object.waiters);
  engine.changed(object.address, 1);
}

// glibc's pthread_once_t says 2 when the routine has run.
constexpr int once_done = 2;

int run_once(pthread_once_t* control, void (*routine)(), std::uintptr_t where) {
  Engine& engine = *active;
  {
    const Entered entered;
    if (!begin_initialisation(engine, engine.object(control), Op::once, where,
                              [=] { return *control == once_done; }))
      return 0;
  }
  try {
    routine();
  } catch (...) {  // the next caller tries again
    const Entered entered;
    end_initialisation(engine, engine.object(control));
    throw;
  }
  const Entered entered;
  *control = once_done;
  end_initialisation(engine, engine.object(control));
  return 0;
}

}  // namespace
}  // namespace harness

using harness::active;
using harness::Entered;
namespace real = harness::real;

// --- threads
HARNESS_EXPORT int pthread_create(pthread_t* handle, const pthread_attr_t* attributes, void* (*routine)(void*),
                                  void* argument) noexcept {
  if (active == nullptr) return real::pthread_create(handle, attributes, routine, argument);
  return harness::spawn(handle, attributes, routine, argument, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_join(pthread_t handle, void** result) {
  if (active == nullptr) return real::pthread_join(handle, result);
  return harness::join_thread(handle, result, harness::no_deadline, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_tryjoin_np(pthread_t handle, void** result) noexcept {
  if (active == nullptr) return real::pthread_tryjoin_np(handle, result);
  return harness::try_join(handle, result, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_timedjoin_np(pthread_t handle, void** result, const timespec* time) {
  if (active == nullptr) return real::pthread_timedjoin_np(handle, result, time);
  return harness::join_until(handle, result, CLOCK_REALTIME, time, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_clockjoin_np(pthread_t handle, void** result, clockid_t clock,
                                        const timespec* time) {
  if (active == nullptr) return real::pthread_clockjoin_np(handle, result, clock, time);
  return harness::join_until(handle, result, clock, time, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_detach(pthread_t handle) noexcept {
  if (active == nullptr) return real::pthread_detach(handle);
  const Entered entered;
  harness::Task* const task = entered->find_thread(handle);
  if (task == nullptr) return ESRCH;
  if (task->detached) return EINVAL;
  entered->detach(*task);
  return 0;
}

// --- keys: values belong to the task
HARNESS_EXPORT int pthread_key_create(pthread_key_t* key, void (*destructor)(void*)) noexcept {
  const int error = real::pthread_key_create(key, destructor);
  if (error == 0) harness::note_key(*key, destructor);
  if (error == 0 && active != nullptr) Entered()->made_key(*key, HARNESS_CALLER);
  return error;
}
HARNESS_EXPORT int pthread_key_delete(pthread_key_t key) noexcept {
  harness::forget_key(key);
  if (active != nullptr) Entered()->deleted_key(key);
  return real::pthread_key_delete(key);
}
HARNESS_EXPORT void* pthread_getspecific(pthread_key_t key) noexcept {
  if (active == nullptr) return real::pthread_getspecific(key);
  const auto& values = active->current().specific;
  return key < values.size() ? values[key] : nullptr;
}
HARNESS_EXPORT int pthread_setspecific(pthread_key_t key, const void* value) noexcept {
  if (active == nullptr) return real::pthread_setspecific(key, value);
  const Entered entered;
  if (!harness::is_key(key)) return EINVAL;
  auto& values = entered->current().specific;
  if (values.size() <= key) values.resize(key + 1, nullptr);
  values[key] = const_cast<void*>(value);
  return 0;
}

// --- initialisation
HARNESS_EXPORT int pthread_once(pthread_once_t* control, void (*routine)()) {
  if (active == nullptr) return real::pthread_once(control, routine);
  return harness::run_once(control, routine, HARNESS_CALLER);
}

// The first byte of the guard of a static local says whether it is initialised. (Named through asm labels:
// the compilers have declarations of their own.)
HARNESS_EXPORT int harness_guard_acquire(void* guard) __asm__("__cxa_guard_acquire");
int harness_guard_acquire(void* guard) {
  if (active == nullptr) return real::guard_acquire(guard);
  const Entered entered;
  const auto is_done = [=] { return *static_cast<const char*>(guard) != 0; };
  if (is_done()) {
    entered->races().acquire(entered->object(guard).clock);
    return 0;
  }
  return harness::begin_initialisation(*entered, entered->object(guard), harness::Op::guard, HARNESS_CALLER,
                                       is_done)
             ? 1
             : 0;
}
HARNESS_EXPORT void harness_guard_release(void* guard) __asm__("__cxa_guard_release");
void harness_guard_release(void* guard) {
  if (active == nullptr) return real::guard_release(guard);
  const Entered entered;
  // The code before the call looks at the byte with an acquiring load of its own.
  entered->look_at_atomic(reinterpret_cast<std::uintptr_t>(guard), 1, false, true, __ATOMIC_RELEASE,
                          HARNESS_CALLER);
  *static_cast<char*>(guard) = 1;
  harness::end_initialisation(*entered, entered->object(guard));
}
HARNESS_EXPORT void harness_guard_abort(void* guard) __asm__("__cxa_guard_abort");
void harness_guard_abort(void* guard) {
  if (active == nullptr) return real::guard_abort(guard);
  const Entered entered;
  harness::end_initialisation(*entered, entered->object(guard));
}

HARNESS_EXPORT int __cxa_thread_atexit_impl(void (*function)(void*), void* object, void* module) {
  if (active == nullptr) return real::__cxa_thread_atexit_impl(function, object, module);
  const Entered entered;
  entered->current().at_exit.push_back({function, object});
  return 0;
}
