#include "harness/engine/play.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace harness {

Engine::Play::Play(Engine& engine) : engine_(engine) {
  body_ = [this] {
    scenario_->play(*this, variant_);
    const Entered entered;
    if (started_ != spawned_.size())
      entered->fail(fmt::format("scenario '{}' returned from play without join(): task '{}' never ran",
                                scenario_->name, spawned_[started_].name));
  };
}

void Engine::Play::begin(const Scenario& scenario, std::string_view variant) {
  scenario_ = &scenario;
  variant_ = variant;
  started_ = joined_ = running_ = 0;
  all_ended_ = {};
}

void Engine::Play::spawn(std::string_view name, std::function<void()> body) {
  const Entered entered;
  const auto same = [&](const Spawned& other) { return other.name == name; };
  if (name.empty() || name == "main" || std::any_of(spawned_.begin(), spawned_.end(), same))
    entered->fail(fmt::format("a task may not be called '{}': the name is {}", name,
                              name.empty() ? "empty" : "taken"));
  spawned_.push_back({std::string(name), std::move(body), no_task});
}

void Engine::Play::join() {
  const Entered entered;
  for (; started_ < spawned_.size(); ++started_) {
    ++running_;
    Spawned& spawned = spawned_[started_];
    spawned.task = entered->create(spawned.name, &spawned.body, nullptr, nullptr).id;
  }
  entered->reach_when(all_ended_, running_ == 0,
                      Event{.op = Op::join, .value = no_task,
                            .where = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0))},
                      WaitsFor::join);
  entered->executed();
  for (; joined_ < started_; ++joined_) entered->note_joined(entered->task(spawned_[joined_].task));
}

void Engine::Play::ended(const Task& task) {
  if (task.body == nullptr || &task == &engine_.task(0)) return;
  if (--running_ == 0) engine_.enable(all_ended_);
}

// Unbiased: what lies beyond the last whole multiple of `bound` is drawn again.
std::uint64_t Engine::Play::random(std::uint64_t bound) {
  const Entered entered;
  if (bound == 0) entered->fail("random(0) asks for a number below 0");
  const std::uint64_t limit = ~std::uint64_t{0} - (~std::uint64_t{0} % bound + 1) % bound;
  std::uint64_t bits = entered->random_bits();
  while (bits > limit) bits = entered->random_bits();
  return bits % bound;
}

}  // namespace harness
