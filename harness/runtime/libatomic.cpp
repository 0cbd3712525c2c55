// libatomic's entry points: clang calls them for 16 bytes and for sizes it does not know, and gcc's own
// builtins on 16 bytes end here as well.
#include <cstring>

#include "harness/runtime/access.hpp"

__extension__ using U128 = unsigned __int128;

extern "C" {
U128 __tsan_atomic128_load(const volatile U128*, int);
void __tsan_atomic128_store(volatile U128*, U128, int);
U128 __tsan_atomic128_exchange(volatile U128*, U128, int);
int __tsan_atomic128_compare_exchange_strong(volatile U128*, U128*, U128, int, int);
}

namespace harness {
namespace {

// The processor's own 16-byte operation, without a call.
U128 swap_if(volatile U128* address, U128 expected, U128 desired) {
  return __sync_val_compare_and_swap(address, expected, desired);
}

template <class Change>
U128 change_in_loop(volatile U128* address, Change change) {
  U128 before = swap_if(address, 0, 0);
  for (;;) {
    const U128 seen = swap_if(address, before, change(before));
    if (seen == before) return before;
    before = seen;
  }
}

// Sizes that no instruction covers, outside executions.
class AnySizeLock {
 public:
  AnySizeLock() {
    while (__atomic_exchange_n(&taken_, 1, __ATOMIC_ACQUIRE) != 0) __builtin_ia32_pause();
  }
  ~AnySizeLock() { __atomic_store_n(&taken_, 0, __ATOMIC_RELEASE); }
  AnySizeLock(const AnySizeLock&) = delete;
  AnySizeLock& operator=(const AnySizeLock&) = delete;

 private:
  static inline int taken_ = 0;
};

template <class Act>
void any_size(Op op, void* address, std::size_t bytes, std::uintptr_t where, Act act) {
  if (active == nullptr) {
    const AnySizeLock lock;
    act();
    return;
  }
  const Entered entered;
  const auto object = reinterpret_cast<std::uintptr_t>(address);
  Event& event = entered->reach({.op = op, .object = object, .bytes = bytes, .where = where});
  if (MappedMemory::contains(object) && !entered->memory().plain(object))
    entered->suspicious_access(object, bytes, op != Op::load, where);
  event.failed = !act();
  if (op != Op::load) entered->changed(object, static_cast<std::uint32_t>(bytes));
  entered->executed();
}

}  // namespace
}  // namespace harness

using harness::active;

// Named through asm labels: the names themselves are builtins of the compiler.
#define HARNESS_SYMBOL extern "C" [[gnu::visibility("default")]]

HARNESS_SYMBOL U128 harness_atomic_load_16(const volatile U128* a, int order) __asm__("__atomic_load_16");
U128 harness_atomic_load_16(const volatile U128* a, int order) {
  if (active == nullptr) return harness::swap_if(const_cast<volatile U128*>(a), 0, 0);
  return __tsan_atomic128_load(a, order);
}
HARNESS_SYMBOL void harness_atomic_store_16(volatile U128* a, U128 v, int order) __asm__("__atomic_store_16");
void harness_atomic_store_16(volatile U128* a, U128 v, int order) {
  if (active == nullptr)
    harness::change_in_loop(a, [v](U128) { return v; });
  else
    __tsan_atomic128_store(a, v, order);
}
HARNESS_SYMBOL U128 harness_atomic_exchange_16(volatile U128* a, U128 v, int order)
    __asm__("__atomic_exchange_16");
U128 harness_atomic_exchange_16(volatile U128* a, U128 v, int order) {
  if (active == nullptr) return harness::change_in_loop(a, [v](U128) { return v; });
  return __tsan_atomic128_exchange(a, v, order);
}
HARNESS_SYMBOL bool harness_atomic_cas_16(volatile U128* a, U128* expected, U128 v, int order, int failure)
    __asm__("__atomic_compare_exchange_16");
bool harness_atomic_cas_16(volatile U128* a, U128* expected, U128 v, int order, int failure) {
  if (active != nullptr) return __tsan_atomic128_compare_exchange_strong(a, expected, v, order, failure) != 0;
  const U128 seen = harness::swap_if(a, *expected, v);
  const bool equal = seen == *expected;
  *expected = seen;
  return equal;
}

#define HARNESS_FETCH_16(name, expression)                                                             \
  extern "C" U128 __tsan_atomic128_fetch_##name(volatile U128*, U128, int);                            \
  HARNESS_SYMBOL U128 harness_atomic_##name##_16(volatile U128* a, U128 v, int order)                  \
      __asm__("__atomic_fetch_" #name "_16");                                                          \
  U128 harness_atomic_##name##_16(volatile U128* a, U128 v, int order) {                               \
    if (active != nullptr) return __tsan_atomic128_fetch_##name(a, v, order);                          \
    return harness::change_in_loop(a, [v](U128 before) { return expression; });                        \
  }
HARNESS_FETCH_16(add, before + v)
HARNESS_FETCH_16(sub, before - v)
HARNESS_FETCH_16(and, before & v)
HARNESS_FETCH_16(or, before | v)
HARNESS_FETCH_16(xor, before ^ v)
HARNESS_FETCH_16(nand, ~(before & v))

// Any size. `from`, `to`, `expected`, `desired` are private to the caller.
HARNESS_SYMBOL void harness_atomic_load(std::size_t bytes, void* a, void* to, int) __asm__("__atomic_load");
void harness_atomic_load(std::size_t bytes, void* a, void* to, int) {
  harness::any_size(harness::Op::load, a, bytes, HARNESS_CALLER, [=] {
    harness::real::memcpy(to, static_cast<const void*>(a), bytes);
    return true;
  });
}
HARNESS_SYMBOL void harness_atomic_store(std::size_t bytes, void* a, void* from, int)
    __asm__("__atomic_store");
void harness_atomic_store(std::size_t bytes, void* a, void* from, int) {
  harness::any_size(harness::Op::store, a, bytes, HARNESS_CALLER, [=] {
    harness::real::memcpy(a, static_cast<const void*>(from), bytes);
    return true;
  });
}
HARNESS_SYMBOL void harness_atomic_exchange(std::size_t bytes, void* a, void* from, void* to, int)
    __asm__("__atomic_exchange");
void harness_atomic_exchange(std::size_t bytes, void* a, void* from, void* to, int) {
  harness::any_size(harness::Op::rmw, a, bytes, HARNESS_CALLER, [=] {
    harness::real::memcpy(to, static_cast<const void*>(a), bytes);
    harness::real::memcpy(a, static_cast<const void*>(from), bytes);
    return true;
  });
}
HARNESS_SYMBOL bool harness_atomic_cas(std::size_t bytes, void* a, void* expected, void* desired, int, int)
    __asm__("__atomic_compare_exchange");
bool harness_atomic_cas(std::size_t bytes, void* a, void* expected, void* desired, int, int) {
  bool equal = false;
  harness::any_size(harness::Op::cas, a, bytes, HARNESS_CALLER, [=, &equal] {
    equal = std::memcmp(a, expected, bytes) == 0;
    if (equal)
      harness::real::memcpy(a, static_cast<const void*>(desired), bytes);
    else
      harness::real::memcpy(expected, static_cast<const void*>(a), bytes);
    return equal;
  });
  return equal;
}
