// pthread_exit(), pthread_cancel() and what belongs to them. Asynchronous cancellation, which may strike between
// any two instructions, is refused where it would happen.
#include "harness/runtime/cancellation.hpp"

#include <unwind.h>

#include <cerrno>
#include <exception>

#include "harness/engine/sync.hpp"

namespace harness {
namespace {

_Unwind_Reason_Code stop_at_end_of_stack(int, _Unwind_Action actions, _Unwind_Exception_Class,
                                         _Unwind_Exception*, _Unwind_Context*, void* engine) {
  if ((actions & _UA_END_OF_STACK) == 0) return _URC_NO_REASON;
  active = nullptr;
  static_cast<Engine*>(engine)->end_task();
}

// Somebody caught it with catch (...) and did not throw it on.
void not_rethrown(_Unwind_Reason_Code, _Unwind_Exception*) {
  Engine& engine = *active;
  active = nullptr;
  engine.crashed("a catch (...) swallowed pthread_exit() or a cancellation: it must rethrow", 0, false, 0);
}

[[noreturn]] void refuse_asynchronous(Engine& engine) {
  engine.fail("pthread_cancel() of a thread with asynchronous cancellation cannot be explored: it may end "
              "between any two instructions. Use PTHREAD_CANCEL_DEFERRED");
}

int request(pthread_t handle, std::uintptr_t where) {
  const Entered entered;
  Engine& engine = *entered;
  Task* const task = engine.find_thread(handle);
  if (task == nullptr) return ESRCH;
  engine.reach({.op = Op::signal, .value = task->id, .where = where});
  engine.executed();
  if (task->done) return 0;
  task->cancel_requested = true;
  engine.changed(reinterpret_cast<std::uintptr_t>(&task->cancel_requested), 1);
  if (task->cancel_disabled) return 0;
  if (task->cancel_asynchronous) refuse_asynchronous(engine);
  interrupt(engine, *task);
  return 0;
}

}  // namespace

void exit_thread(void* result) {
  Engine& engine = *active;
  Task& me = engine.current();
  me.result = result;
  me.cancel_disabled = true;
  me.unwinding.exception_class = 0;
  me.unwinding.exception_cleanup = not_rethrown;
  _Unwind_ForcedUnwind(&me.unwinding, stop_at_end_of_stack, &engine);
  std::terminate();
}

void end_if_cancelled() {
  if (active->current().must_end()) [[unlikely]]
    exit_thread(PTHREAD_CANCELED);
}

}  // namespace harness

using harness::active;
namespace real = harness::real;

HARNESS_EXPORT void pthread_exit(void* result) {
  if (active == nullptr) real::pthread_exit(result);
  harness::exit_thread(result);
}
HARNESS_EXPORT int pthread_cancel(pthread_t handle) {
  if (active == nullptr) return real::pthread_cancel(handle);
  return harness::request(handle, HARNESS_CALLER);
}
HARNESS_EXPORT void pthread_testcancel() {
  if (active == nullptr) return real::pthread_testcancel();
  {
    const harness::Entered entered;
    entered->reach({.op = harness::Op::yield, .where = HARNESS_CALLER});
    entered->executed();
    const harness::Task& me = entered->current();
    if (!me.cancel_requested)
      entered->loaded(reinterpret_cast<std::uintptr_t>(&me.cancel_requested), 1, 0, HARNESS_CALLER);
  }
  harness::end_if_cancelled();
}
HARNESS_EXPORT int pthread_setcancelstate(int state, int* before) {
  if (active == nullptr) return real::pthread_setcancelstate(state, before);
  if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE) return EINVAL;
  harness::Task& me = active->current();
  if (before != nullptr) *before = me.cancel_disabled ? PTHREAD_CANCEL_DISABLE : PTHREAD_CANCEL_ENABLE;
  me.cancel_disabled = state == PTHREAD_CANCEL_DISABLE;
  return 0;
}
HARNESS_EXPORT int pthread_setcanceltype(int type, int* before) {
  if (active == nullptr) return real::pthread_setcanceltype(type, before);
  if (type != PTHREAD_CANCEL_DEFERRED && type != PTHREAD_CANCEL_ASYNCHRONOUS) return EINVAL;
  harness::Task& me = active->current();
  if (before != nullptr)
    *before = me.cancel_asynchronous ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED;
  me.cancel_asynchronous = type == PTHREAD_CANCEL_ASYNCHRONOUS;
  if (me.cancel_asynchronous && me.cancel_requested && !me.cancel_disabled) {
    const harness::Entered entered;
    harness::refuse_asynchronous(*entered);
  }
  return 0;
}
