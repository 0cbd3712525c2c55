#include "harness/explore/witness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "harness/explore/code_places.hpp"

namespace harness {
namespace {

constexpr std::size_t max_recorded = 200'000;

// A label is shown only where it really is one of the strings that the worker left for us.
const char* checked_label(const Shared& shared, const char* label) {
  const bool inside = label >= shared.strings && label < shared.strings + Shared::max_strings;
  return inside ? label : nullptr;
}

}  // namespace

SharedBlock make_block(std::uint64_t max_steps, bool records) {
  return SharedBlock(make_shared_block(max_steps + 1, records ? max_recorded : 1));
}

std::string_view text_of(const char* text, std::size_t room) { return {text, strnlen(text, room)}; }

std::vector<std::string> task_names(const Shared& shared) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min<std::size_t>(shared.task_count, Shared::max_tasks); ++i)
    names.emplace_back(text_of(shared.task_names[i], Shared::name_bytes));
  return names;
}

std::vector<Choice> choices_of(const Shared& shared) {
  const auto choices =
      std::span(shared.choices, std::min<std::size_t>(shared.steps.load(), shared.max_choices));
  const auto makes_sense = [&](const Choice& choice) { return choice.task < shared.task_count; };
  return {choices.begin(), std::find_if_not(choices.begin(), choices.end(), makes_sense)};
}

Recording recording_of(const Shared& shared) {
  Recording recording;
  const std::size_t count = std::min<std::size_t>(shared.recorded.load(), shared.max_recorded);
  recording.events.assign(shared.events, shared.events + count);
  for (Recorded& recorded : recording.events) {
    recorded.event.label = checked_label(shared, recorded.event.label);
    recorded.depth = std::min<std::uint32_t>(recorded.depth, recorded.stack.size());
  }
  recording.task_names = task_names(shared);
  const SharedViolation& found = shared.violation;
  recording.violation.rule = found.rule;
  recording.violation.message = text_of(found.message, sizeof found.message);
  recording.violation.freed_region = found.freed_region;
  const std::size_t accesses =
      std::min<std::size_t>(found.access_count, SharedViolation::max_accesses);
  for (std::size_t i = 0; i < accesses; ++i) {
    recording.violation.accesses.push_back(found.accesses[i]);
    recording.violation.accesses.back().label = checked_label(shared, found.accesses[i].label);
  }
  return recording;
}

std::vector<reports::Warning> warnings_of(const Shared& shared) {
  std::vector<reports::Warning> warnings;
  const std::size_t count = std::min<std::size_t>(shared.warning_count.load(), shared.warnings.size());
  for (const SharedWarning& found : std::span(shared.warnings).first(count)) {
    // Tasks are numbered otherwise in every execution, so that each event has the name of its own.
    Recording recording;
    recording.violation.message = text_of(found.message, sizeof found.message);
    recording.violation.rule = "";
    for (std::uint32_t i = 0; i < std::min<std::size_t>(found.event_count, SharedWarning::most_events); ++i) {
      Recorded event = found.events[i];
      event.depth = std::min<std::uint32_t>(event.depth, event.stack.size());
      event.event.label = nullptr;
      event.event.task = static_cast<TaskId>(i);
      recording.events.push_back(event);
      recording.violation.accesses.push_back(event.event);
      recording.task_names.emplace_back(text_of(found.tasks[i], SharedWarning::name_bytes));
    }
    reports::Verdict described;
    describe(recording, described);
    warnings.push_back({std::string(text_of(found.rule, sizeof found.rule)), described.violation->message,
                        described.violation->accesses});
  }
  return warnings;
}

void note_lost_worker(Shared& shared, const WorkerResult& result) {
  if (shared.violation.set) return;
  const int caught = shared.fault.signal.load();
  const int signal = caught != 0 ? caught : result.signal;
  const std::string what =
      result.lost == Lost::signal || signal != 0
          ? fmt::format("the program was killed by signal {} ({})", signal, strsignal(signal))
          : fmt::format("the program ended its process with status {}", result.status);
  shared.set_violation({"crash", what, {}, false});
  shared.violating_steps = shared.steps.load();
  shared.violating_execution = shared.executions.load();
}

}  // namespace harness
