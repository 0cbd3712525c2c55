// trace-replay: an allocation trace (traces/trace.hpp says how it reads) is played again: each of
// its threads is a task and does what it did, in its order; a release waits for the allocation that
// it is about. Whatever else the tasks may do in another order than before, they do.
//
//   ALLOCATION_TRACE=FILE harness --scenario trace-replay --mode stress
//
// replays FILE. Without it a trace of three tasks is explored, and one that was recorded from
// parallel-serialization is replayed on real threads; scenarios/README.md says how to record one.
// What each owner writes into its slices is its own, and must be there when they go back.
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sstream>

#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/traces/trace.hpp"

namespace {

using namespace scenarios;
using traces::Operation;

constexpr std::string_view small = R"(allocation-trace 1
writer allocate 4096 1
reclaimer sweep
writer allocate 4096 2
reader release 4096 1
writer release 4096 2
)";

constexpr std::string_view recorded =
#include "scenarios/traces/recorded.inc"
    ;

// The user's trace, if there is one. Throws what says why it cannot be used; the tool takes it for
// the reason why this plugin cannot be loaded.
std::unique_ptr<traces::Trace> trace_of_user() {
  const char* const file = std::getenv("ALLOCATION_TRACE");
  if (file == nullptr || *file == '\0') return nullptr;
  std::ifstream in(file);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) {
    throw std::runtime_error(std::string("ALLOCATION_TRACE: cannot read '") + file + "'");
  }
  return std::make_unique<traces::Trace>(traces::parse(text.str(), file));
}

const std::unique_ptr<traces::Trace> users = trace_of_user();
const traces::Trace small_trace = traces::parse(small, "the small trace");
const traces::Trace recorded_trace = traces::parse(recorded, "the recorded trace");

const traces::Trace& trace_for(const harness::Execution& run, std::string_view variant) {
  if (users != nullptr) return *users;
  return run.controlled() || variant != "claimed" ? small_trace : recorded_trace;
}

// Room for what the trace has out at once, each class in regions of its own, and for one more
// region of each: growth may always go on while a sweep is under way.
std::size_t budget_for(const traces::Trace& trace, std::size_t region_bytes) {
  std::map<std::size_t, std::size_t> out, most;
  for (const traces::Line& line : trace.lines) {
    if (line.operation == Operation::allocate) ++out[line.bytes];
    if (line.operation == Operation::release) --out[line.bytes];
    if (line.bytes != 0) most[line.bytes] = std::max(most[line.bytes], out[line.bytes]);
  }
  // Another order can have more out than the recorded one, at most all that was ever allocated by
  // the threads at once; this is room, not a promise, and a refusal is legal.
  std::size_t bytes = 0;
  for (const auto& [size, count] : most)
    bytes += 2 * count * size + 2 * std::max(size, region_bytes);
  return std::max(bytes, region_bytes);
}

// The slices of the handles, as the tasks hand them to each other.
class Handles {
 public:
  explicit Handles(std::size_t count) : handles_(count) {}

  // Empty: the request was refused.
  void put(std::size_t handle, allocator::Slice slice) {
    {
      const std::lock_guard hold(lock_);
      handles_[handle] = {slice, true};
    }
    changed_.notify_all();
  }
  allocator::Slice wait_for(std::size_t handle) {
    std::unique_lock hold(lock_);
    changed_.wait(hold, [&] { return handles_[handle].is_there; });
    return std::exchange(handles_[handle].slice, allocator::Slice{});
  }
  // What was never released in the trace.
  std::vector<allocator::Slice> left() const {
    std::vector<allocator::Slice> slices;
    for (const Handle& handle : handles_) {
      if (handle.slice) slices.push_back(handle.slice);
    }
    return slices;
  }

 private:
  struct Handle {
    allocator::Slice slice;
    bool is_there = false;
  };
  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<Handle> handles_;
};

void play_line(ObservedPool& pool, Handles& handles, const traces::Line& line) {
  switch (line.operation) {
    case Operation::allocate: {
      allocator::Slice slice;
      try {
        slice = pool.allocate(line.bytes);
        stamp(slice, line.handle + 1);
      } catch (const allocator::OutOfMemory&) {
        // Legal: in another order more may be out than the budget allows.
      }
      handles.put(line.handle, slice);
      return;
    }
    case Operation::release:
      if (const allocator::Slice slice = handles.wait_for(line.handle)) {
        check_stamp(slice, line.handle + 1);
        pool.release(slice);
      }
      return;
    case Operation::sweep:
      pool.free_unused_regions();
      return;
  }
}

void play(harness::Execution& run, std::string_view variant) {
  const traces::Trace& trace = trace_for(run, variant);
  const std::size_t region_bytes = run.controlled() ? 2 * page : 128 * kib;
  auto pool = observed(
      variant,
      {.budget_bytes = budget_for(trace, region_bytes), .cores = 1, .region_bytes = region_bytes});
  Handles handles(trace.handles);
  for (std::size_t thread = 0; thread < trace.threads.size(); ++thread) {
    run.spawn(trace.threads[thread], [&, thread] {
      for (const traces::Line& line : trace.lines) {
        if (line.thread == thread) play_line(*pool, handles, line);
      }
    });
  }
  run.join();
  const auto left = handles.left();
  pool->check_accounts(left.size());
  for (const auto& slice : left) pool->release(slice);
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "trace-replay",
    .about = "an allocation trace, played again by as many tasks as it has threads",
    .variants = {{"documented-fix", "freed-region-in-use"},
                 {"claimed", "pass", "writer reclaimer reader"}},
    .documented = "writer@polled reclaimer writer",
    .search = {.executions = 20'000},
    .play = play,
});
