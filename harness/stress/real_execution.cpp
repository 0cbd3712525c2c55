// Starting the threads of an execution together, and the errors of scenarios that misuse it.
#include "harness/stress/real_execution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "harness/stress/crash.hpp"
#include "harness/stress/delays.hpp"
#include "harness/stress/invisible.hpp"
#include "harness/stress/sanitizer.hpp"

namespace harness::stress_mode {
namespace {

bool is_task_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

RealExecution::RealExecution(Board& board, Recorder& recorder, Driver* driver, std::uint64_t seed,
                             std::uint64_t execution)
    : board_(board), recorder_(recorder), driver_(driver), seed_(seed), execution_(execution) {}

void RealExecution::play(const Scenario& scenario, const std::string& variant) {
  scenario_ = &scenario;
  variant_ = &variant;
  pthread_t thread;
  if (const int error = pthread_create(&thread, nullptr, run_main, this); error != 0)
    fail(fmt::format("cannot start a thread for `main`: {}", std::strerror(error)));
  pthread_join(thread, nullptr);
}

void* RealExecution::run_main(void* self) {
  auto& execution = *static_cast<RealExecution*>(self);
  {
    const Unseen unseen;
    execution.recorder_.begin();
    use_alternate_stack(0);
    if (execution.driver_ != nullptr) execution.driver_->arrive(0, nullptr);
  }
  // No handler between here and the code: an exception that leaves it is seen where it was thrown.
  [&]() noexcept { execution.scenario_->play(execution, *execution.variant_); }();
  const Unseen unseen;
  if (!execution.waiting_.empty())
    execution.fail(fmt::format("the scenario returned from play without join(): `{}` never ran",
                               execution.waiting_.front().name));
  execution.recorder_.end();
  execution.recorder_.end_task();
  return nullptr;
}

void RealExecution::spawn(std::string_view name, std::function<void()> body) {
  if (!is_task_name(name))
    fail(
        fmt::format("the scenario spawns a task called '{}'; a name has lower case letters, digits "
                    "and '-'",
                    name));
  if (name == "main" || std::find(names_.begin(), names_.end(), name) != names_.end())
    fail(fmt::format(
        "the scenario spawns two tasks called `{}`; every task needs a name of its own", name));
  if (!body) fail(fmt::format("the scenario spawns `{}` without a body", name));
  names_.emplace_back(name);
  waiting_.push_back({this, std::string(name), recorder_.create_task(name), std::move(body), {}});
}

void RealExecution::join() {
  std::vector<Spawned> started = std::move(waiting_);
  waiting_.clear();
  missing_.store(static_cast<std::uint32_t>(started.size()));
  for (Spawned& spawned : started)
    if (const int error = pthread_create(&spawned.thread, nullptr, run_task, &spawned); error != 0)
      fail(fmt::format("cannot start a thread for `{}`: {}", spawned.name, std::strerror(error)));
  for (const Spawned& spawned : started) pthread_join(spawned.thread, nullptr);
}

void* RealExecution::run_task(void* argument) {
  auto& spawned = *static_cast<Spawned*>(argument);
  RealExecution& execution = *spawned.execution;
  {
    const Unseen unseen;
    execution.recorder_.start_task(spawned.task);
    use_alternate_stack(spawned.task);
    if (execution.driver_ != nullptr)
      execution.driver_->arrive(spawned.task, nullptr);
    else
      execution.wait_for_the_others();
  }
  [&]() noexcept {
    spawned.body();
    spawned.body = nullptr;  // what it holds dies on this thread
  }();
  execution.recorder_.end_task();
  return nullptr;
}

// Bodies are short and threads slow to start: all begin together, or they would never meet.
void RealExecution::wait_for_the_others() {
  missing_.fetch_sub(1);
  for (int i = 0; missing_.load() != 0; ++i)
    if (i < 2'000)
      __builtin_ia32_pause();
    else
      yield_now();
}

std::uint64_t RealExecution::random(std::uint64_t bound) {
  if (bound < 2) return 0;
  // Without the remainder's bias: draws below 2^64 mod bound are thrown away.
  const std::uint64_t refused = (0 - bound) % bound;
  while (true)
    if (const std::uint64_t draw = mix(seed_, execution_, drawn_.fetch_add(1)); draw >= refused)
      return draw % bound;
}

void RealExecution::fail(const std::string& sentence) {
  claim_finding(board_);
  copy_text(board_.text, sentence.c_str());
  end_worker(board_, Stage::scenario_error);
}

}  // namespace harness::stress_mode
