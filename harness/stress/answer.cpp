// How the finding of a worker becomes a recording and a violation; see answer.hpp.
#include "harness/stress/answer.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "harness/oracles/make.hpp"
#include "harness/stress/signal_names.hpp"

namespace harness::stress_mode {
namespace {

constexpr std::uint64_t shown_events = 120;

bool same(const Event& a, const Event& b) {
  return a.step == b.step && a.task == b.task && a.op == b.op && a.object == b.object;
}

bool overlap(const Event& a, const Event& b) {
  if (a.object == 0 || b.object == 0) return false;
  return a.object < b.object + std::max<std::uint64_t>(b.bytes, 1) &&
         b.object < a.object + std::max<std::uint64_t>(a.bytes, 1);
}

bool is_memory(Op op) {
  return op == Op::map || op == Op::unmap || op == Op::protect || op == Op::discard;
}

// What was found, and the events that tell it.
struct Found {
  Violation violation;
  std::vector<Recorded> told;  // events that were not recorded: accesses, the crash, the report
};

class Answer {
 public:
  explicit Answer(const Board& board) : board_(board) {
    take(board.ring, board.recorded);
    take(board.memory, board.memory_recorded);
    const std::uint32_t tasks = std::min<std::uint32_t>(board.tasks, max_tasks);
    for (std::uint32_t task = 0; task < tasks; ++task)
      names_.emplace_back(board.task[task].name.data());
    if (names_.empty()) names_.emplace_back("main");
  }

  Found objection() {
    const Finding& finding = board_.finding;
    Found found;
    found.violation.rule = finding.rule.data();
    found.violation.message = finding.message.data();
    found.violation.freed_region = finding.freed_region;
    for (std::uint32_t i = 0; i < finding.access_count; ++i) {
      found.violation.accesses.push_back(finding.accesses[i].event);
      found.told.push_back(finding.accesses[i]);
    }
    return found;
  }

  Found crash() {
    const Crash& crash = board_.crash;
    Recorded at = crash.at;
    at.event.task = known(crash.task);
    at.event.step = crash.step;
    if (crash.text[0] != 0) {
      at.event.op = crash.asserted ? Op::aborted : Op::crashed;
      at.event.label = crash.text.data();
      return judged({at});
    }
    if (crash.has_address && !overflowed(crash)) {
      Recorded access = at;
      access.event.op = crash.writes ? Op::write : Op::read;
      access.event.object = crash.address;
      access.event.bytes = 1;
      Found found = judged({access});
      if (found.violation.rule != nullptr) return found;
    }
    at.event.op = Op::crashed;
    at.event.object = crash.has_address ? crash.address : 0;
    at.event.label = keep(overflowed(crash) ? "stack overflow" : signal_text(crash.signal));
    if (overflowed(crash)) at.event.object = 0;
    return judged({at});
  }

  // The worker ended without a word.
  Found death(int status) {
    Recorded at;
    at.event.op = Op::crashed;
    at.event.task = another_thread();
    at.event.step = board_.step;
    at.event.label = keep(
        WIFSIGNALED(status)
            ? fmt::format("the process was ended by {}", signal_text(WTERMSIG(status)))
            : fmt::format("the process ended itself with exit status {}", WEXITSTATUS(status)));
    return judged({at});
  }

  Found deadlock(const std::vector<TaskId>& stuck) {
    std::vector<Recorded> told;
    for (const TaskId task : stuck) {
      Recorded at;
      at.event.op = Op::stuck;
      at.event.task = task;
      at.event.step = board_.step;
      at.event.value = 2;  // woken by nobody: a lock and a condition look the same from outside
      at.event.bytes = stuck.size();
      told.push_back(at);
    }
    return judged(told);
  }

  Found report() {
    const SanitizerReport& report = board_.report;
    // ThreadSanitizer tells the latest access first.
    std::vector<Recorded> told;
    bool frees = false;
    for (std::uint32_t i = std::min<std::uint32_t>(report.access_count, 2); i-- > 0;) {
      told.push_back(recorded(report.accesses[i]));
      frees = frees || report.accesses[i].frees;
    }
    Found found = judged(told, frees);
    if (found.violation.rule != nullptr && found.violation.freed_region) return found;
    found.told = told;
    found.violation = {};
    for (const Recorded& one : told) found.violation.accesses.push_back(one.event);
    found.violation.rule = keep(frees ? "freed-region-in-use" : rule_of(report.kind.data()));
    found.violation.freed_region = frees;
    found.violation.message = frees ? unordered_text(told) : report_text(told);
    return found;
  }

  Recording recording(const Found& found) {
    Recording recording;
    recording.events = shown(found);
    for (Recorded& event : recording.events) cut_stack(event);
    recording.task_names = names_;
    recording.violation = found.violation;
    return recording;
  }

 private:
  template <std::size_t size>
  void take(const std::array<Entry, size>& entries, std::uint64_t end) {
    for (std::uint64_t i = end > size ? end - size : 0; i < end; ++i)
      events_.emplace(entries[i % size].number, &entries[i % size].recorded);
  }

  // Tells the oracles the execution again, and then `told`. The violation has no rule if none
  // objects. With `at_the_end` a region that was freed too early counts even if nobody has touched
  // it since.
  Found judged(std::vector<Recorded> told, bool at_the_end = false) {
    Found found;
    const auto oracles = make_oracles();
    for (const auto& oracle : oracles) oracle->begin();
    const auto tell = [&](const Event& event, bool listen) {
      for (const auto& oracle : oracles) {
        if (!oracle->watches().has(event.op)) continue;
        auto violation = oracle->see(event);
        if (listen && violation && found.violation.rule == nullptr)
          found.violation = std::move(*violation);
      }
    };
    // They have heard it before and were silent; where its beginning is lost they might not be.
    for (const auto& [number, event] : events_) tell(event->event, false);
    for (const Recorded& last : told) tell(last.event, true);
    if (at_the_end && found.violation.rule == nullptr)
      for (const auto& oracle : oracles)
        if (auto violation = oracle->end(); violation && violation->freed_region)
          found.violation = std::move(*violation);
    found.told = std::move(told);
    return found;
  }

  Recorded recorded(const ReportedAccess& access) {
    Recorded at;
    at.event.task = known(access.task);
    at.event.step =
        access.task == no_task ? board_.step.load() : board_.task[access.task].step.load();
    at.event.op = access.writes ? Op::write : Op::read;
    at.event.object = access.address;
    at.event.bytes = access.bytes;
    at.depth = access.depth;
    at.stack = access.stack;
    at.event.where = access.depth > 0 ? access.stack[0] : 0;
    if (access.frees) take_call(access, at);
    return at;
  }

  // The call that took the memory away: the one under way, or one recorded before.
  void take_call(const ReportedAccess& access, Recorded& at) {
    const PendingCall& pending = board_.pending;
    if (pending.active && pending.task == access.task) {
      at.event.op = pending.op;
      at.event.object = pending.address;
      at.event.bytes = pending.bytes;
      at.event.step = board_.step + 1;
      return;
    }
    for (auto i = events_.rbegin(); i != events_.rend(); ++i) {
      const Event& event = i->second->event;
      if (!is_memory(event.op) || event.failed || !overlap(event, at.event)) continue;
      at = *i->second;
      return;
    }
  }

  std::string report_text(const std::vector<Recorded>& told) const {
    const std::string kind = board_.report.kind.data();
    if (told.size() == 2 && kind.find("race") != std::string::npos)
      return fmt::format("{} and {} are not ordered: a data race on {}", access_text(told[0].event),
                         access_text(told[1].event), mention_object(told[1].event.object));
    if (told.empty() || told.back().event.object == 0)
      return fmt::format("the sanitizer reports {}", kind);
    return fmt::format("{}: the sanitizer reports {}", access_text(told.back().event), kind);
  }

  static std::string access_text(const Event& event) {
    return fmt::format("{} {} {} at {}", mention(event.task),
                       event.op == Op::write ? "writes" : "reads",
                       event.bytes == 1 ? "1 byte" : fmt::format("{} bytes", event.bytes),
                       mention_object(event.object));
  }

  static std::string unordered_text(const std::vector<Recorded>& told) {
    const auto part = [](const Event& event) {
      if (event.op == Op::unmap) return mention(event.task) + " unmaps its region";
      if (event.op == Op::discard) return mention(event.task) + " discards its region";
      if (is_memory(event.op)) return mention(event.task) + " takes its region away";
      return access_text(event);
    };
    std::string text;
    for (const Recorded& one : told) text += (text.empty() ? "" : ", and ") + part(one.event);
    return text + ": nothing orders the two";
  }

  static std::string rule_of(std::string_view kind) {
    if (kind.find("race") != kind.npos) return "data-race";
    if (kind.find("heap-use-after-free") != kind.npos) return "heap-use-after-free";
    return "crash";
  }

  bool overflowed(const Crash& crash) const {
    if (!crash.has_address || crash.task >= max_tasks) return false;
    const std::uintptr_t low = board_.task[crash.task].stack_low;
    return low != 0 && crash.address + (64 << 10) > low && crash.address < low + (16 << 10);
  }

  // The end of the execution, and from before that what concerns it.
  std::vector<Recorded> shown(const Found& found) const {
    std::map<std::uint64_t, Recorded> shown;
    std::uint64_t after_last = 0;
    const std::uint64_t end = board_.recorded;
    for (const auto& [number, event] : events_) {
      after_last = number + 1;
      if (number + shown_events >= end) shown.emplace(number, *event);
    }
    std::vector<Event> concerned = found.violation.accesses;
    for (const auto& [number, event] : shown) concerned.push_back(event.event);
    for (const auto& [number, event] : events_) {
      const bool told = event->event.op == Op::given || is_memory(event->event.op);
      if (told &&
          std::any_of(concerned.begin(), concerned.end(),
                      [&, one = event](const Event& other) { return overlap(one->event, other); }))
        shown.emplace(number, *event);
    }
    std::vector<Recorded> all;
    for (const Recorded& event : found.told)
      if (std::any_of(found.violation.accesses.begin(), found.violation.accesses.end(),
                      [&](const Event& access) { return same(access, event.event); }) &&
          std::none_of(shown.begin(), shown.end(),
                       [&](const auto& other) { return same(other.second.event, event.event); }))
        shown.emplace(after_last++, event);
    for (const auto& [number, event] : shown) all.push_back(event);
    return all;
  }

  // Where libraries keep no frame pointers the chain of frames ends in something that is no code.
  static void cut_stack(Recorded& recorded) {
    Dl_info info;
    for (std::uint32_t i = 1; i < recorded.depth; ++i)
      if (dladdr(reinterpret_cast<void*>(recorded.stack[i]), &info) == 0) recorded.depth = i;
  }

  TaskId known(TaskId task) { return task < names_.size() ? task : another_thread(); }
  TaskId another_thread() {
    if (names_.back() != "another thread") names_.emplace_back("another thread");
    return static_cast<TaskId>(names_.size() - 1);
  }
  // Violations and events hold pointers; the text has to outlive them.
  const char* keep(std::string text) {
    kept_.push_back(std::make_unique<std::string>(std::move(text)));
    return kept_.back()->c_str();
  }

  const Board& board_;
  std::map<std::uint64_t, const Recorded*> events_;
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<std::string>> kept_;
};

}  // namespace

void answer(const Board& board, const Watched& watched, const std::string& sanitizer_text,
            reports::Verdict& verdict) {
  Answer answer(board);
  Found found;
  if (watched.outcome == Outcome::deadlock)
    found = answer.deadlock(watched.stuck);
  else if (watched.outcome == Outcome::died && board.crash.signal == 0)
    found = answer.death(watched.status);
  else if (board.stage == Stage::objected)
    found = answer.objection();
  else if (board.stage == Stage::reported)
    found = answer.report();
  else
    found = answer.crash();
  if (found.violation.rule == nullptr) found.violation.rule = "crash";
  verdict.outcome = "violation";
  verdict.violation.emplace();
  describe(answer.recording(found), verdict);
  verdict.violation->sanitizer = sanitizer_text;
  verdict.freed_region_in_use = found.violation.freed_region;
}

}  // namespace harness::stress_mode
