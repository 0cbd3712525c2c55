// Atomic operations and fences: __tsan_atomic* as gcc and clang emit them, and libatomic's entry points,
// which clang calls for 16 bytes. All tasks share one OS thread, so each is a scheduling point and then a
// plain operation.
#include "harness/runtime/access.hpp"

namespace harness {
namespace {

__extension__ using U128 = unsigned __int128;

// The scheduling point. Whether the memory is still there is asked afterwards: another task may have unmapped
// it meanwhile.
template <class T>
[[gnu::always_inline]] inline Event& reach_atomic(Engine& engine, Op op, const volatile T* address, int order, std::uintptr_t where,
                    std::uint64_t wanted = 0) {
  const auto object = reinterpret_cast<std::uintptr_t>(address);
  Event& event = engine.reach(Event{.op = op,
                                    .order = static_cast<std::uint8_t>(order),
                                    .object = object,
                                    .bytes = sizeof(T),
                                    .before = wanted,
                                    .where = where});
  if (MappedMemory::contains(object) && !engine.memory().plain(object)) [[unlikely]]
    engine.suspicious_access(object, sizeof(T), op != Op::load, where);
  return event;
}

// A pointer to a block of the heap, perhaps with a tag or (16 bytes) a count.
template <class T>
[[gnu::always_inline]] inline void note_pointer(Engine& engine, T value) {
  if constexpr (sizeof(T) >= sizeof(void*)) engine.heap().note_value(static_cast<std::uint64_t>(value));
}

template <class T>
T load(const volatile T* address, int order, std::uintptr_t where) {
  if (active->passes(Op::load, reinterpret_cast<std::uintptr_t>(address))) return *address;
  const Entered entered;
  Event& event = reach_atomic(*entered, Op::load, address, order, where);
  const T value = *address;
  event.before = static_cast<std::uint64_t>(value);
  note_pointer(*entered, value);
  entered->look_at_atomic(event.object, sizeof(T), true, false, order, where);
  entered->executed();
  entered->loaded(event.object, sizeof(T), static_cast<std::uint64_t>(value), where);
  return value;
}

template <class T>
void store(volatile T* address, T value, int order, std::uintptr_t where) {
  if (active->passes(Op::store, reinterpret_cast<std::uintptr_t>(address))) {
    *address = value;
    return active->changed(reinterpret_cast<std::uintptr_t>(address), sizeof(T));
  }
  const Entered entered;
  Event& event = reach_atomic(*entered, Op::store, address, order, where);
  event.before = static_cast<std::uint64_t>(*address);
  event.value = static_cast<std::uint64_t>(value);
  *address = value;
  note_pointer(*entered, value);
  entered->look_at_atomic(event.object, sizeof(T), false, true, order, where);
  entered->changed(event.object, sizeof(T));
  entered->executed();
}

template <class T, class Change>
T modify(volatile T* address, int order, std::uintptr_t where, Change change) {
  if (active->passes(Op::rmw, reinterpret_cast<std::uintptr_t>(address))) {
    const T before = *address;
    const T after = change(before);
    *address = after;
    if (after != before) active->changed(reinterpret_cast<std::uintptr_t>(address), sizeof(T));
    return before;
  }
  const Entered entered;
  Event& event = reach_atomic(*entered, Op::rmw, address, order, where);
  const T before = *address;
  const T after = change(before);
  *address = after;
  event.before = static_cast<std::uint64_t>(before);
  event.value = static_cast<std::uint64_t>(after);
  note_pointer(*entered, before);
  note_pointer(*entered, after);
  const std::uintptr_t object = event.object;
  entered->look_at_atomic(object, sizeof(T), true, true, order, where);
  if (after != before) entered->changed(object, sizeof(T));
  entered->executed();
  if (after == before) entered->loaded(object, sizeof(T), static_cast<std::uint64_t>(before), where);
  return before;
}

template <class T>
bool compare_exchange(volatile T* address, T* expected, T desired, int order, int failure_order,
                      std::uintptr_t where) {
  const Entered entered;
  Event& event = reach_atomic(*entered, Op::cas, address, order, where, static_cast<std::uint64_t>(*expected));
  const T before = *address;
  const T wanted = *expected;
  const bool equal = before == wanted;
  if (equal) *address = desired;
  event.before = static_cast<std::uint64_t>(before);
  event.value = static_cast<std::uint64_t>(desired);
  event.failed = !equal;
  note_pointer(*entered, before);
  note_pointer(*entered, desired);
  const std::uintptr_t object = event.object;
  entered->look_at_atomic(object, sizeof(T), true, equal, equal ? order : failure_order, where);
  if (equal && before != desired) entered->changed(object, sizeof(T));
  entered->executed();
  if (!equal) {
    *expected = before;
    entered->loaded(object, sizeof(T), static_cast<std::uint64_t>(before), where);
  }
  return equal;
}

void fence(int order, std::uintptr_t where) {
  const Entered entered;
  entered->reach(Event{.op = Op::fence, .order = static_cast<std::uint8_t>(order), .where = where});
  entered->races().fence(order);
  entered->executed();
}

}  // namespace
}  // namespace harness

using harness::active;

// Outside an execution these are what the processor does.
#define HARNESS_FETCH(bits, T, name, builtin, expression)                                              \
  HARNESS_EXPORT T __tsan_atomic##bits##_fetch_##name(volatile T* a, T v, int order) {                 \
    if (active == nullptr) return builtin(a, v, __ATOMIC_SEQ_CST);                                     \
    return harness::modify(a, order, HARNESS_CALLER,                                                   \
                           [v](T before) { return static_cast<T>(expression); });                      \
  }

#define HARNESS_ATOMICS(bits, T)                                                                       \
  HARNESS_EXPORT T __tsan_atomic##bits##_load(const volatile T* a, int order) {                        \
    if (active == nullptr) return __atomic_load_n(a, __ATOMIC_SEQ_CST);                                \
    return harness::load(a, order, HARNESS_CALLER);                                                    \
  }                                                                                                    \
  HARNESS_EXPORT void __tsan_atomic##bits##_store(volatile T* a, T v, int order) {                     \
    if (active == nullptr) return __atomic_store_n(a, v, __ATOMIC_SEQ_CST);                            \
    harness::store(a, v, order, HARNESS_CALLER);                                                       \
  }                                                                                                    \
  HARNESS_EXPORT T __tsan_atomic##bits##_exchange(volatile T* a, T v, int order) {                     \
    if (active == nullptr) return __atomic_exchange_n(a, v, __ATOMIC_SEQ_CST);                         \
    return harness::modify(a, order, HARNESS_CALLER, [v](T) { return v; });                            \
  }                                                                                                    \
  HARNESS_FETCH(bits, T, add, __atomic_fetch_add, before + v)                                          \
  HARNESS_FETCH(bits, T, sub, __atomic_fetch_sub, before - v)                                          \
  HARNESS_FETCH(bits, T, and, __atomic_fetch_and, before & v)                                          \
  HARNESS_FETCH(bits, T, or, __atomic_fetch_or, before | v)                                            \
  HARNESS_FETCH(bits, T, xor, __atomic_fetch_xor, before ^ v)                                          \
  HARNESS_FETCH(bits, T, nand, __atomic_fetch_nand, ~(before & v))                                     \
  HARNESS_EXPORT int __tsan_atomic##bits##_compare_exchange_strong(volatile T* a, T* expected, T v,    \
                                                                   int order, int failure_order) {     \
    if (active == nullptr)                                                                             \
      return __atomic_compare_exchange_n(a, expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);   \
    return harness::compare_exchange(a, expected, v, order, failure_order, HARNESS_CALLER);                           \
  }                                                                                                    \
  HARNESS_EXPORT int __tsan_atomic##bits##_compare_exchange_weak(volatile T* a, T* expected, T v,      \
                                                                 int order, int failure_order) {       \
    if (active == nullptr)                                                                             \
      return __atomic_compare_exchange_n(a, expected, v, true, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);    \
    return harness::compare_exchange(a, expected, v, order, failure_order, HARNESS_CALLER);                           \
  }                                                                                                    \
  HARNESS_EXPORT T __tsan_atomic##bits##_compare_exchange_val(volatile T* a, T expected, T v,          \
                                                              int order, int failure_order) {          \
    if (active == nullptr)                                                                             \
      __atomic_compare_exchange_n(a, &expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);         \
    else                                                                                               \
      harness::compare_exchange(a, &expected, v, order, failure_order, HARNESS_CALLER);                               \
    return expected;                                                                                   \
  }

HARNESS_ATOMICS(8, std::uint8_t)
HARNESS_ATOMICS(16, std::uint16_t)
HARNESS_ATOMICS(32, std::uint32_t)
HARNESS_ATOMICS(64, std::uint64_t)
HARNESS_ATOMICS(128, harness::U128)

HARNESS_EXPORT void __tsan_atomic_thread_fence(int order) {
  if (active == nullptr) return __atomic_thread_fence(__ATOMIC_SEQ_CST);
  harness::fence(order, HARNESS_CALLER);
}
HARNESS_EXPORT void __tsan_atomic_signal_fence(int) {}
