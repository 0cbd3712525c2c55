// Execution as a scenario sees it, under the engine.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "harness/engine/engine.hpp"

namespace harness {

class Engine::Play final : public Execution {
 public:
  explicit Play(Engine& engine);

  void begin(const Scenario& scenario, std::string_view variant);
  void end() { spawned_.clear(); }
  // What the task "main" runs.
  std::function<void()>& body() { return body_; }
  void ended(const Task& task);

  void spawn(std::string_view name, std::function<void()> body) override;
  void join() override;
  std::uint64_t random(std::uint64_t bound) override;
  bool controlled() const override { return true; }

 private:
  struct Spawned {
    std::string name;
    std::function<void()> body;
    TaskId task = no_task;
  };

  Engine& engine_;
  const Scenario* scenario_ = nullptr;
  std::string_view variant_;
  std::function<void()> body_;
  std::deque<Spawned> spawned_;  // tasks keep pointers to the bodies
  std::size_t started_ = 0;
  std::size_t joined_ = 0;
  std::size_t running_ = 0;
  WaitList all_ended_;
};

}  // namespace harness
