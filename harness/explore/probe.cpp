// Batches of executions whose answers come back through shared memory.
#include "harness/explore/probe.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include "harness/explore/symbolize.hpp"
#include "harness/explore/code_places.hpp"
#include "harness/explore/witness.hpp"

namespace harness {
namespace {

const std::string& function_at(std::uintptr_t where) {
  static std::map<std::uintptr_t, std::string> known;
  const auto [entry, is_new] = known.try_emplace(where);
  if (is_new && where != 0) {
    const auto frames = user_stack(std::span(&where, 1));
    if (!frames.empty()) entry->second = frames.front().function;
  }
  return entry->second;
}

}  // namespace

Effort::Effort(double seconds)
    : steps_left_(static_cast<std::uint64_t>(seconds * steps_per_second)),
      deadline_(std::chrono::steady_clock::now() +
                std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                    std::chrono::duration<double>(seconds * patience))) {}

Signature signature_of(const SharedViolation& violation) {
  Signature signature{violation.rule, {}};
  const auto count = std::min<std::size_t>(violation.access_count, SharedViolation::max_accesses);
  for (std::size_t i = 0; i < count; ++i)
    signature.functions.push_back(function_at(violation.accesses[i].where));
  return signature;
}

// Written by the worker.
struct Probe::Block {
  static constexpr std::uint64_t capacity = std::uint64_t{1} << 16;
  std::uint64_t steps;
  bool ended_by_next;
  bool out_of_steps;
  Answer answers[capacity];
  Note notes[capacity];
};

Probe::Result Probe::run(Strategy& strategy, std::uint64_t count, Effort& effort,
                         const Next& next) {
  const SharedValue<Block> block;
  Result result;
  count = std::min(count, Block::capacity);
  while (!effort.is_spent() && result.answers.size() < count)
    if (!one_worker(strategy, count, effort, next, *block, result)) break;
  return result;
}

// True where the next worker is to go on.
bool Probe::one_worker(Strategy& strategy, std::uint64_t count, Effort& effort, const Next& next,
                       Block& block, Result& result) {
  const SharedBlock shared = make_block(job_.settings.max_steps, false);
  const std::uint64_t first = result.answers.size();
  shared->executions.store(first);
  block.steps = Effort::steps_per_worker;
  block.ended_by_next = block.out_of_steps = false;
  const std::uint64_t most_steps = effort.steps_left();
  const auto number = [&] { return shared->executions.load() - 1; };
  const auto answer = [&](Answer what) {
    block.answers[number()] = what;
    block.ended_by_next =
        next && !next({number(), what, choices_of(*shared), block.notes[number()]});
    return !block.ended_by_next;
  };
  Job job = job_;
  job.strategy = &strategy;
  job.max_executions = count;
  job.judge = [&](Engine::Outcome outcome) {
    block.steps += shared->steps.load() + Effort::steps_per_execution +
                   shared->engine->plain_accesses() / Effort::accesses_per_step;
    block.out_of_steps = block.steps >= most_steps || effort.is_late();
    bool go_on = true;
    if (outcome == Engine::Outcome::completed) go_on = answer(Answer::passed);
    if (outcome == Engine::Outcome::cut_off) go_on = answer(Answer::cut_off);
    const bool crashed = shared->fault.signal.load() != 0;  // what libc is in, nobody knows
    if (outcome == Engine::Outcome::violated)
      go_on = answer(signature_of(shared->violation).is(wanted_) ? Answer::same : Answer::other);
    return go_on && !crashed && !block.out_of_steps;
  };
  const WorkerResult ended = run_worker(*shared, job);
  if (ended.lost != Lost::no) {
    shared->executions.fetch_add(1);
    if (ended.lost == Lost::watchdog) {
      answer(Answer::cut_off);
    } else {
      note_lost_worker(*shared, ended);
      answer(signature_of(shared->violation).is(wanted_) ? Answer::same : Answer::other);
    }
    block.steps += shared->steps.load();
  }
  effort.take(block.steps);
  const std::uint64_t done = std::min(shared->executions.load(), count);
  result.answers.insert(result.answers.end(), block.answers + first, block.answers + done);
  result.notes.insert(result.notes.end(), block.notes + first, block.notes + done);
  if (block.ended_by_next) {
    result.choices = choices_of(*shared);
    result.task_names = task_names(*shared);
    result.points = points_in_force(*shared);
    return false;
  }
  result.exhausted = shared->exhausted.load();
  const WorkerEnd end = shared->end.load();
  const bool is_over = end == WorkerEnd::exhausted || end == WorkerEnd::failed;
  return !block.out_of_steps && (ended.lost != Lost::no || !is_over);
}

}  // namespace harness
