// What code under test and scenarios say themselves: named points, and observations about ownership.
#include "harness/include/harness/observe.hpp"
#include "harness/runtime/caller.hpp"
#include "harness/stress/hooks.hpp"

namespace harness {
namespace {

Op op_of(harness_observation_kind kind) {
  switch (kind) {
    case HARNESS_ASKED: return Op::asked;
    case HARNESS_GIVEN: return Op::given;
    case HARNESS_RETURNING: return Op::returning;
    case HARNESS_RETURNED: return Op::returned;
    case HARNESS_CLOSED: return Op::closed;
    case HARNESS_BUDGET: return Op::budget;
    case HARNESS_COUNTED: return Op::counted;
    case HARNESS_LOST: return Op::lost;
    case HARNESS_VIOLATED: return Op::violated;
  }
  return Op::violated;
}

void tell(const harness_observation& o, std::uintptr_t where) {
  const Entered entered;
  const bool objects = o.kind == HARNESS_VIOLATED;
  Event event{.op = op_of(o.kind),
              .object = reinterpret_cast<std::uintptr_t>(objects ? o.message : o.object),
              .bytes = o.bytes,
              .before = o.expected,
              .value = o.value,
              .label = o.label,
              .where = where};
  entered->observe(event);
}

}  // namespace
}  // namespace harness

using harness::active;

HARNESS_EXPORT void harness_point(const char* name) {
  if (active == nullptr) {
    if (const auto* hooks = harness::stress_mode::hooks.load(std::memory_order_acquire); hooks != nullptr)
      hooks->point(name, HARNESS_CALLER);
    return;
  }
  const harness::Entered entered;
  entered->reach({.op = harness::Op::point, .label = name, .where = HARNESS_CALLER});
  entered->executed();
}

HARNESS_EXPORT void harness_observe(const harness_observation* observation) {
  if (active == nullptr) {
    if (const auto* hooks = harness::stress_mode::hooks.load(std::memory_order_acquire); hooks != nullptr)
      hooks->observed(*observation, HARNESS_CALLER);
    return;
  }
  harness::tell(*observation, HARNESS_CALLER);
}

HARNESS_EXPORT void harness_closed(const void* base, std::size_t bytes) {
  const harness_observation observation{HARNESS_CLOSED, base, bytes, 0, 0, nullptr, nullptr};
  if (active == nullptr) {
    if (const auto* hooks = harness::stress_mode::hooks.load(std::memory_order_acquire); hooks != nullptr)
      hooks->observed(observation, HARNESS_CALLER);
    return;
  }
  if (harness::MappedMemory::contains(reinterpret_cast<std::uintptr_t>(base)))
    active->memory().watch(reinterpret_cast<std::uintptr_t>(base), bytes);
  harness::tell(observation, HARNESS_CALLER);
}
