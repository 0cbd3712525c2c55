// std::promise::set_value_at_thread_exit() and its relatives: what makes the future ready runs in
// libstdc++'s shared library, which is not instrumented, when the thread ends. Nobody would see
// that it publishes the value, nor that it lets go of the state. Here it is said in its place.
#include <memory>
#include <utility>

#include "harness/runtime/caller.hpp"

namespace harness {
namespace {

// As libstdc++ lays them out: std::__at_thread_exit_elt with the weak pointer that follows it, the
// begin of a future's state, and of a control block.
struct MakeReady {
  MakeReady* next;
  void (*run)(void*);
  std::weak_ptr<void> state;
};
struct State {
  const void* table;
  void* result;
  std::uint32_t status;  // ready: 1; the highest bit: somebody waits
};
struct ControlBlock {
  const void* table;
  std::int32_t uses;
  std::int32_t weak_uses;
};

void (*libstdcxx_run)(void*) = nullptr;

ControlBlock* control_block_of(const MakeReady& element) {
  struct {
    void* object;
    ControlBlock* block;
  } parts;
  static_assert(sizeof parts == sizeof element.state);
  __builtin_memcpy(&parts, static_cast<const void*>(&element.state), sizeof parts);
  return parts.block;
}

void count_changes(const std::int32_t& count, std::uintptr_t where) {
  const Entered entered;
  entered->look_at_atomic(reinterpret_cast<std::uintptr_t>(&count), sizeof count, true, true,
                          __ATOMIC_ACQ_REL, where);
}

// A step of its own: who looks at the state may come before or after it.
void becomes_ready(const State& state, std::uintptr_t where) {
  const Entered entered;
  const auto address = reinterpret_cast<std::uintptr_t>(&state.status);
  Event& event = entered->reach({.op = Op::rmw,
                                 .order = __ATOMIC_RELEASE,
                                 .object = address,
                                 .bytes = sizeof state.status,
                                 .where = where});
  event.before = state.status;
  event.value = 1;
  entered->look_at_atomic(address, sizeof state.status, true, true, __ATOMIC_RELEASE, where);
  entered->changed(address, sizeof state.status);
  entered->executed();
}

// In program mode. Holds on to the state and its control block meanwhile, so that the last to let
// go of them is not the library.
void run(void* element) {
  const std::uintptr_t where = HARNESS_CALLER;
  auto& make_ready = *static_cast<MakeReady*>(element);
  const ControlBlock* const block = control_block_of(make_ready);
  if (active == nullptr || block == nullptr) return libstdcxx_run(element);
  std::weak_ptr<void> weak = make_ready.state;
  std::shared_ptr<void> state = weak.lock();
  if (state != nullptr) {
    count_changes(block->uses, where);
    becomes_ready(*static_cast<const State*>(state.get()), where);
  }
  libstdcxx_run(element);
  if (state != nullptr) {
    count_changes(block->uses, where);
    state.reset();
  }
  count_changes(block->weak_uses, where);
  weak.reset();
}

}  // namespace
}  // namespace harness

// std::__future_base::_State_baseV2::_Make_ready::_M_set(): puts it among what runs at the end of
// the thread.
#define HARNESS_MAKE_READY "_ZNSt13__future_base13_State_baseV211_Make_ready6_M_setEv"
HARNESS_EXPORT void harness_make_ready_set(void* element) __asm__(HARNESS_MAKE_READY);
void harness_make_ready_set(void* element) {
  static void (*set)(void*) = nullptr;
  if (set == nullptr) {
    harness::Engine* const engine = std::exchange(harness::active, nullptr);
    set = reinterpret_cast<void (*)(void*)>(harness::real::find(HARNESS_MAKE_READY));
    harness::active = engine;
  }
  set(element);
  if (harness::active == nullptr) return;
  auto& make_ready = *static_cast<harness::MakeReady*>(element);
  harness::libstdcxx_run = make_ready.run;
  make_ready.run = harness::run;
}
