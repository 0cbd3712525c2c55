// The pool that ships, and what all pools of its kind share.
#include "allocator/claimed/core.hpp"

#include "allocator/claimed/definitions.hpp"

namespace allocator::claimed {
namespace {

std::atomic<std::uint64_t> pools_made{0};

}  // namespace

constinit thread_local std::array<Hint, 4> hints{};

std::uint64_t next_pool_id() { return pools_made.fetch_add(1, std::memory_order_relaxed) + 1; }

std::string worded(const Refusal& refusal) {
  const std::string bytes = std::to_string(refusal.region_bytes) + " bytes";
  switch (refusal.reason) {
    case Refusal::Reason::none:
      break;
    case Refusal::Reason::closed:
      return "the pool is closed";
    case Refusal::Reason::small_budget:
      return "the budget is smaller than one region of " + bytes;
    case Refusal::Reason::budget:
      return "the budget is used up";
    case Refusal::Reason::addresses:
      return "all addresses reserved for the class are in use";
    case Refusal::Reason::memory:
      return "the system refused to map " + bytes + ": " +
             std::system_category().message(refusal.error_number);
    case Refusal::Reason::sweep:
      return "the system refused to take a region back: " +
             std::system_category().message(refusal.error_number);
  }
  return {};
}

Shortage shortage_of(const Refusal& refusal) {
  switch (refusal.reason) {
    case Refusal::Reason::closed:
      return Shortage::closed;
    case Refusal::Reason::addresses:
      return Shortage::address_space;
    case Refusal::Reason::memory:
    case Refusal::Reason::sweep:
      return Shortage::system_memory;
    case Refusal::Reason::none:
    case Refusal::Reason::small_budget:
    case Refusal::Reason::budget:
      break;
  }
  return Shortage::budget;
}

template class Core<shipped_shape, no_defects>;

}  // namespace allocator::claimed
