// Recording events and stacks to the board and asking the oracles; see recorder.hpp for the order.
#include "harness/stress/recorder.hpp"

#include <pthread.h>

#include <algorithm>

#include "harness/oracles/make.hpp"

namespace harness::stress_mode {
namespace {

// The state of one thread. `execution` is that in which `task` was its task.
struct ThisThread {
  std::uint64_t execution = 0;
  TaskId task = no_task;
  StackLimits stack;
};
thread_local ThisThread this_thread;

StackLimits find_stack() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return {};
  void* base = nullptr;
  std::size_t bytes = 0;
  StackLimits limits;
  if (pthread_attr_getstack(&attributes, &base, &bytes) == 0)
    limits = {reinterpret_cast<std::uintptr_t>(base),
              reinterpret_cast<std::uintptr_t>(base) + bytes};
  pthread_attr_destroy(&attributes);
  return limits;
}

bool equal(const char* a, const char* b) {
  while (*a != 0 && *a == *b) ++a, ++b;
  return *a == *b;
}

bool is_memory(Op op) {
  return op == Op::map || op == Op::unmap || op == Op::protect || op == Op::discard;
}

bool same(const Event& a, const Event& b) {
  return a.step == b.step && a.task == b.task && a.op == b.op && a.object == b.object;
}

// The recorded form of an event that an oracle names, from the board; only the event where it is
// gone.
Recorded with_stack(const Board& board, const Event& event, const Recorded* noticed) {
  if (noticed != nullptr && same(noticed->event, event)) return *noticed;
  const auto search = [&](const auto& entries, std::uint64_t end) -> const Recorded* {
    const std::uint64_t size = entries.size();
    for (std::uint64_t i = end; i-- > (end > size ? end - size : 0);)
      if (same(entries[i % size].recorded.event, event)) return &entries[i % size].recorded;
    return nullptr;
  };
  if (const Recorded* found = search(board.ring, board.recorded)) return *found;
  if (const Recorded* found = search(board.memory, board.memory_recorded)) return *found;
  Recorded bare;
  bare.event = event;
  bare.depth = event.where != 0 ? 1 : 0;
  bare.stack[0] = event.where;
  return bare;
}

Event event_of(const harness_observation& observation) {
  Event event;
  event.op = static_cast<Op>(static_cast<int>(Op::asked) + static_cast<int>(observation.kind));
  event.object = reinterpret_cast<std::uintptr_t>(observation.object);
  event.bytes = observation.bytes;
  event.value = observation.value;
  event.before = observation.expected;
  return event;
}
static_assert(static_cast<int>(Op::violated) - static_cast<int>(Op::asked) == HARNESS_VIOLATED);
static_assert(static_cast<int>(Op::given) - static_cast<int>(Op::asked) == HARNESS_GIVEN);
static_assert(static_cast<int>(Op::lost) - static_cast<int>(Op::asked) == HARNESS_LOST);

void count(Board& board, Op op) {
  const auto add = [&](Counter counter) { board.counted[counter].fetch_add(1); };
  switch (op) {
    case Op::point:
      return add(points_reached);
    case Op::map:
      return add(regions_mapped);
    case Op::unmap:
      return add(regions_unmapped);
    case Op::discard:
      return add(ranges_discarded);
    case Op::protect:
      return add(ranges_protected);
    case Op::given:
      return add(slices_given);
    case Op::returned:
      return add(slices_returned);
    default:
      return;
  }
}

}  // namespace

// Reads frames that belong to others, which AddressSanitizer would mind.
__attribute__((no_sanitize("address"))) std::uint32_t take_stack(
    std::uintptr_t frame, std::uintptr_t where, std::array<std::uintptr_t, 20>& stack) {
  const StackLimits limits = this_stack();
  std::uint32_t depth = 0;
  bool outside = where == 0;  // have we left the tool's own frames?
  for (int i = 0; i < 48 && depth < stack.size(); ++i) {
    if (frame < limits.low || frame + 16 > limits.high || frame % 8 != 0) break;
    const std::uintptr_t next = *reinterpret_cast<const std::uintptr_t*>(frame);
    const std::uintptr_t back = *reinterpret_cast<const std::uintptr_t*>(frame + 8);
    outside = outside || back == where;
    if (outside && back < 4096) break;
    if (outside) stack[depth++] = back;
    if (next <= frame) break;
    frame = next;
  }
  if (depth == 0 && where != 0) stack[depth++] = where;
  return depth;
}

std::uint32_t take_callers(std::uintptr_t frame, std::array<std::uintptr_t, 20>& stack) {
  return take_stack(frame, 0, stack);
}

StackLimits this_stack() { return this_thread.stack; }
TaskId known_task() { return this_thread.task; }

Recorder::Recorder(Board& board) : board_(board), oracles_(make_oracles()) {
  for (int op = 0; op < static_cast<int>(Op::count_); ++op)
    for (const auto& oracle : oracles_)
      if (oracle->watches().has(static_cast<Op>(op)))
        watching_[static_cast<std::size_t>(op)].push_back(oracle.get());
}

void Recorder::begin() {
  board_.tasks = 0;
  board_.recorded = 0;
  board_.memory_recorded = 0;
  board_.step = 0;
  board_.pending.active = false;
  ranges_.clear();
  for (const auto& oracle : oracles_) oracle->begin();
  execution_.fetch_add(1);
  start_task(create_task("main"));
  board_.execution_began.store(now_ns());
  active_.store(true);
}

void Recorder::end() {
  lock_.lock();
  for (const auto& oracle : oracles_)
    if (const auto violation = oracle->end()) objected(*violation, nullptr);
  active_.store(false);
  lock_.unlock();
  if (board_.step > board_.longest) board_.longest.store(board_.step);
  board_.execution_began.store(0);
  board_.executions.fetch_add(1);
}

TaskId Recorder::create_task(std::string_view name) {
  const std::uint32_t id = board_.tasks.fetch_add(1);
  if (id >= max_tasks) {
    board_.tasks.store(max_tasks);
    return max_tasks - 1;  // the last one stands for all that follow
  }
  TaskSlot& slot = board_.task[id];
  const std::size_t length = std::min(name.size(), slot.name.size() - 1);
  for (std::size_t i = 0; i < length; ++i) slot.name[i] = name[i];
  slot.name[length] = 0;
  slot.step.store(0);
  slot.thread.store(0);
  slot.state.store(TaskState::created);
  return static_cast<TaskId>(id);
}

void Recorder::start_task(TaskId task) {
  if (this_thread.stack.high == 0) this_thread.stack = find_stack();
  this_thread.task = task;
  this_thread.execution = execution_.load();
  TaskSlot& slot = board_.task[task];
  slot.stack_low = this_thread.stack.low;
  slot.stack_high = this_thread.stack.high;
  slot.thread.store(thread_id());
  slot.state.store(TaskState::running);
}

void Recorder::end_task() { board_.task[this_thread.task].state.store(TaskState::ended); }

TaskId Recorder::this_task() {
  if (this_thread.execution == execution_.load(std::memory_order_relaxed)) return this_thread.task;
  char name[] = "thread-0000";
  std::uint32_t number = board_.tasks.load();  // a name that no other can have
  for (std::size_t at = 10; at >= 7; --at, number /= 10)
    name[at] = static_cast<char>('0' + number % 10);
  start_task(create_task(name));
  return this_thread.task;
}

void Recorder::point(const char* name, std::uintptr_t where) {
  Event event;
  event.op = Op::point;
  event.task = this_task();
  event.where = where;
  lock_.lock();
  event.label = interned(name);
  ask(record(event));
  lock_.unlock();
}

void Recorder::observed(const harness_observation& observation, std::uintptr_t where) {
  Event event = event_of(observation);
  event.task = this_task();
  event.where = where;
  lock_.lock();
  event.label = interned(observation.label);
  if (event.op == Op::violated)
    event.object = reinterpret_cast<std::uintptr_t>(interned(observation.message));
  ask(record(event));
  lock_.unlock();
}

void Recorder::before_memory(Op op, const void* address, std::size_t bytes) {
  const TaskId task = this_task();
  lock_.lock();
  board_.pending = {true, op, task, reinterpret_cast<std::uintptr_t>(address), bytes};
}

void Recorder::after_memory(Op op, const void* result, std::size_t bytes, int prot, bool failed,
                            std::uintptr_t where) {
  Event event;
  event.op = op;
  event.task = this_thread.task;
  event.object = failed && op == Op::map ? 0 : reinterpret_cast<std::uintptr_t>(result);
  event.bytes = bytes;
  event.value = op == Op::map || op == Op::protect ? static_cast<std::uint64_t>(prot) : 0;
  event.failed = failed;
  event.where = where;
  if (!failed) {
    const std::uintptr_t low = event.object;
    const std::uintptr_t high = low + (bytes + 4095) / 4096 * 4096;
    if (op == Op::map) ranges_.set(low, high, prot);
    if (op == Op::unmap) ranges_.remove(low, high);
    if (op == Op::protect) ranges_.protect(low, high, prot);
  }
  const Recorded& recorded = record(event);
  board_.pending.active = false;
  ask(recorded);
  lock_.unlock();
}

void Recorder::failed(const char* text, bool asserted, std::uintptr_t where) {
  claim_finding(board_);
  Crash& crash = board_.crash;
  crash.task = known_task();
  crash.asserted = asserted;
  copy_text(crash.text, text);
  crash.step = board_.step.load();
  crash.at.event.op = asserted ? Op::aborted : Op::crashed;
  crash.at.event.where = where;
  crash.at.depth = take_stack(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)), where,
                              crash.at.stack);
  end_worker(board_, Stage::crashed);
}

// The lock is held.
const Recorded& Recorder::record(Event event) {
  event.step = is_scheduling_point(event.op) ? board_.step.fetch_add(1) + 1 : board_.step.load();
  const std::uint64_t number = board_.recorded.load(std::memory_order_relaxed);
  Entry& entry = board_.ring[number % ring_entries];
  entry.number = number;
  entry.recorded.event = event;
  entry.recorded.depth = take_stack(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)),
                                    event.where, entry.recorded.stack);
  board_.recorded.store(number + 1);
  if (is_memory(event.op)) {
    const std::uint64_t at = board_.memory_recorded.load(std::memory_order_relaxed);
    board_.memory[at % memory_entries] = entry;
    board_.memory_recorded.store(at + 1);
  }
  board_.task[event.task].step.store(event.step);
  board_.events.fetch_add(1);
  if (!event.failed) count(board_, event.op);
  return entry.recorded;
}

void Recorder::ask(const Recorded& recorded) {
  for (Oracle* oracle : watching_[static_cast<std::size_t>(recorded.event.op)])
    if (const auto violation = oracle->see(recorded.event)) objected(*violation, &recorded);
}

void Recorder::objected(const Violation& violation, const Recorded* noticed) {
  claim_finding(board_);
  Finding& finding = board_.finding;
  copy_text(finding.rule, violation.rule);
  copy_text(finding.message, violation.message.c_str());
  finding.freed_region = violation.freed_region;
  // The last ones tell more than the first: the last is where it was noticed.
  const std::size_t total = violation.accesses.size();
  const std::size_t from = total > max_accesses ? total - max_accesses : 0;
  finding.access_count = static_cast<std::uint32_t>(total - from);
  for (std::size_t i = from; i < total; ++i)
    finding.accesses[i - from] = with_stack(board_, violation.accesses[i], noticed);
  end_worker(board_, Stage::objected);
}

// The lock is held. The same text is always the same pointer.
const char* Recorder::interned(const char* label) {
  if (label == nullptr) return nullptr;
  const std::uint32_t used = board_.labels_used.load();
  for (std::uint32_t at = 0; at < used;) {
    const char* known = board_.labels.data() + at;
    if (equal(known, label)) return known;
    while (board_.labels[at] != 0) ++at;
    ++at;
  }
  std::uint32_t length = 0;
  while (label[length] != 0) ++length;
  if (used + length + 1 > board_.labels.size()) return "(too many labels)";
  for (std::uint32_t i = 0; i <= length; ++i) board_.labels[used + i] = label[i];
  board_.labels_used.store(used + length + 1);
  return board_.labels.data() + used;
}

}  // namespace harness::stress_mode
