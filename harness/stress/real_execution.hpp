// RealExecution: one execution of a scenario on threads of the operating system.
#pragma once

#include <pthread.h>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario.hpp"
#include "harness/stress/driver.hpp"
#include "harness/stress/recorder.hpp"

namespace harness::stress_mode {

class RealExecution final : public Execution {
 public:
  // `driver` may be null: then all tasks run at once.
  RealExecution(Board& board, Recorder& recorder, Driver* driver, std::uint64_t seed,
                std::uint64_t execution);
  // Plays `scenario` on a thread of its own, as the task "main". An error of the scenario itself
  // ends the worker with a sentence on the board.
  void play(const Scenario& scenario, const std::string& variant);

  void spawn(std::string_view name, std::function<void()> body) override;
  void join() override;
  std::uint64_t random(std::uint64_t bound) override;
  bool controlled() const override { return false; }

 private:
  struct Spawned {
    RealExecution* execution = nullptr;
    std::string name;
    TaskId task = no_task;
    std::function<void()> body;
    pthread_t thread{};
  };

  static void* run_main(void* self);
  static void* run_task(void* spawned);
  void wait_for_the_others();
  [[noreturn]] void fail(const std::string& sentence);

  Board& board_;
  Recorder& recorder_;
  Driver* driver_;
  std::uint64_t seed_;
  std::uint64_t execution_;
  const Scenario* scenario_ = nullptr;
  const std::string* variant_ = nullptr;
  std::vector<Spawned> waiting_;  // spawned and not joined yet
  std::vector<std::string> names_;
  std::atomic<std::uint32_t> missing_{0};  // threads that are not at the start line yet
  std::atomic<std::uint64_t> drawn_{0};
};

}  // namespace harness::stress_mode
