// Driver: a hand-written schedule over named points on real threads. Every task waits at its start
// and at every hook (named point, observation, memory call) until it has the turn; a controller
// thread hands the turn on, item by item:
//
//   t@p   t runs until it is at the point p, which it has not passed yet
//   t     t runs until it ends or blocks; it counts as blocked when it has slept in the kernel for
//   20 ms
//         without using the processor (a lock, a condition, a join, a sleep of its own)
//
// As under the engine, "main" runs freely while the schedule does not name it, an item whose task
// is at the point already is done at once (unless the item before was the same), and after the last
// item the rest runs one after the other, the task that ran last first. Threads that the code under
// test makes are tasks too, once they come to a hook. Where the schedule does not fit, the board
// says how and the worker ends. Uses only what ThreadSanitizer does not see.
#pragma once

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "harness/engine/schedule.hpp"
#include "harness/stress/board.hpp"

namespace harness::stress_mode {

// Throws UsageError where an item needs the engine: counted steps, enter:, leave:, alternatives.
void check_drivable(const Schedule& schedule);

class Driver {
 public:
  Driver(Board& board, Schedule schedule);
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  void start();  // before the tasks
  // The calling thread, `task`, is at a hook; `point` is the name of a named point, else null.
  // Returns when it may go on. A task's first call is its start.
  void arrive(TaskId task, const char* point);
  // All tasks have ended, "main" too. Does not return if the schedule did not fit.
  void finish();

 private:
  struct Seat {
    std::atomic<std::uint32_t> go{0};
    std::atomic<bool> waiting{false};
    std::atomic<const char*> point{nullptr};
  };
  enum class Pause : std::uint8_t { arrived, ended, asleep };

  static void* control(void* self);
  void run();
  void run_item(const ScheduleItem& item, const ScheduleItem* before);
  void run_rest();
  TaskId wait_for_task(const ScheduleItem& item);
  void grant(TaskId task, const char* until_point);
  Pause let_run(TaskId task, const char* until_point, std::int64_t patience_ns);
  TaskId find(const std::string& name) const;
  TaskId next_waiting() const;
  bool is_at(TaskId task, const std::string& point) const;
  bool has_ended(TaskId task) const { return board_.task[task].state == TaskState::ended; }
  int thread_of(TaskId task) const { return board_.task[task].thread; }
  std::string how_far(const ScheduleItem& item, TaskId task) const;
  [[noreturn]] void diverge(const ScheduleItem& item, TaskId task, std::string why) const;

  Board& board_;
  Schedule schedule_;
  bool names_main_ = false;
  std::array<Seat, max_tasks> seats_;
  std::atomic<bool> finished_{false};
  std::atomic<std::uint32_t> turn_{no_task};
  std::atomic<const char*> target_{nullptr};
  TaskId last_ = no_task;
  pthread_t controller_{};
};

}  // namespace harness::stress_mode
