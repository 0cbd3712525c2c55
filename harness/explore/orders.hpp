// Which order of events makes a violation: the smallest set of pairs ("this before that") such that
// every execution with these orders fails. Found by guessing and refuting: of all the passing
// executions seen so far none has all the orders of the guess, and executions that are made to have
// them are run until one passes after all, or none does within the bounds that are told.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "harness/engine/recorded.hpp"
#include "harness/explore/probe.hpp"
#include "harness/strategies/ordered.hpp"
#include "harness/strategies/stops.hpp"

namespace harness {

// Two steps of the failing execution.
struct StepOrder {
  std::uint32_t first = 0;
  std::uint32_t then = 0;
};

struct FoundOrders {
  bool found = false;
  std::vector<StepOrder> orders;  // empty: it fails whatever the order
  std::uint64_t random = 0;       // executions with these orders, all of which failed
  std::uint64_t depth_first = 0;
  bool is_all = false;  // those are all there are within `preemptions`
  int preemptions = 0;
  std::uint64_t tried = 0;  // executions in all
};

// `events`: the history of the failing execution; `guilty`: its guilty events; `near`: schedules
// like it, some of which pass.
FoundOrders find_orders(Probe& probe, std::span<const Recorded> events,
                        std::span<const Event> guilty, const std::vector<Stops>& near,
                        std::uint64_t seed, Effort& effort);

}  // namespace harness
