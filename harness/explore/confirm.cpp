#include "harness/explore/confirm.hpp"

#include <fmt/format.h>

#include <utility>

#include "harness/explore/code_places.hpp"
#include "harness/explore/describe.hpp"
#include "harness/explore/explain.hpp"
#include "harness/explore/probe.hpp"
#include "harness/explore/shrink.hpp"
#include "harness/explore/witness.hpp"
#include "harness/strategies/make.hpp"

namespace harness {
namespace {

class Confirmation {
 public:
  Confirmation(const Job& job, double shrink_seconds, reports::Verdict& verdict)
      : job_(job), shrink_seconds_(shrink_seconds), verdict_(verdict) {
    job_.interrupted = nullptr;
    job_.settings.protects = true;
    job_.settings.learns_points = false;  // what a step is stays as it was
    job_.max_executions = 1;
    job_.seconds = 0;
    job_.tick = {};
    job_.divergence = {};
  }

  void run(const std::vector<Choice>& choices) {
    SharedBlock found = record(choices);
    if (!found->violation.set) {
      verdict_.reason =
          "the violation did not happen again when its schedule was replayed: the program depends "
          "on something that is not controlled";
      return;
    }
    use(*found);
    if (shrink_seconds_ > 0) shrink_and_explain(std::move(found), choices);
  }

 private:
  // Exactly these choices, with full history.
  SharedBlock record(std::vector<Choice> choices) const {
    SharedBlock shared = make_block(job_.settings.max_steps, true);
    const auto strategy = follow_choices(std::move(choices));
    Job job = job_;
    job.strategy = strategy.get();
    job.settings.records = true;
    const WorkerResult result = run_worker(*shared, job);
    if (result.lost != Lost::no && result.lost != Lost::watchdog) note_lost_worker(*shared, result);
    return shared;
  }

  void use(const Shared& shared) {
    verdict_.trace.clear();
    describe(recording_of(shared), verdict_);
    verdict_.freed_region_in_use = shared.violation.freed_region;
  }

  void shrink_and_explain(SharedBlock found, std::vector<Choice> choices) {
    Probe probe(job_, signature_of(found->violation));
    Effort shrinking(shrink_seconds_);
    Shrunk shrunk = shrink(probe, choices, shrinking);
    note_if_late(shrinking, "shrinking");
    if (shrunk.choices != choices) {
      SharedBlock again = record(shrunk.choices);
      if (again->violation.set && signature_of(again->violation).is(probe.wanted())) {
        found = std::move(again);
        choices = std::move(shrunk.choices);
        use(*found);
        verdict_.violation->shrunk = schedule_text(choices, task_names(*found), job_.points);
      }
    }
    Effort explaining(shrink_seconds_);
    const Recording recording = recording_of(*found);
    const auto record_other = [this](const std::vector<Choice>& other) { return record(other); };
    verdict_.explanation =
        explain(probe, {choices, recording}, record_other, job_.settings.seed, explaining);
    verdict_.explanation->tried += shrunk.tried;
    note_if_late(explaining, "explaining");
  }

  void note_if_late(const Effort& effort, const char* what) {
    if (!effort.is_late()) return;
    verdict_.environment_notes.push_back(
        fmt::format("{}/{}: {} was ended by the clock after {} s, before it had tried what it may; "
                    "another run may "
                    "say more, or less (--shrink-seconds)",
                    verdict_.scenario, verdict_.variant, what, shrink_seconds_ * Effort::patience));
  }

  Job job_;
  double shrink_seconds_;
  reports::Verdict& verdict_;
};

}  // namespace

void confirm(const Job& job, std::vector<Choice> choices, double shrink_seconds,
             reports::Verdict& verdict) {
  Confirmation(job, shrink_seconds, verdict).run(choices);
}

}  // namespace harness
