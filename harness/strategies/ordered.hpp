// Demands an order of some events, and leaves all else to another strategy: the executions of that
// strategy in which each demanded pair comes in its order. It also tells of any execution in which
// order the events it knows have come.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/engine/strategy.hpp"

namespace harness {

// An event by what does not change from one execution to another: the `occurrence`-th (from 0) time
// that its task does this at that place.
struct Mark {
  TaskId task = no_task;
  Op op = Op::start;
  std::uintptr_t where = 0;
  std::uint32_t occurrence = 0;
  friend auto operator<=>(const Mark&, const Mark&) = default;
};

// Indices into a list of marks: `first` comes before `then`, and both come.
struct Order {
  std::size_t first = 0;
  std::size_t then = 0;
  friend bool operator==(const Order&, const Order&) = default;
};

class Ordered final : public Strategy {
 public:
  // What to do where nothing can run but what must wait: give the order up, for that execution, or
  // leave the execution out.
  enum class Otherwise { gives_up, abandons };
  // `marks` sorted, without doubles.
  Ordered(std::unique_ptr<Strategy> inner, std::vector<Mark> marks, std::vector<Order> demanded,
          Otherwise otherwise);

  bool begin(std::uint64_t execution) override;
  std::size_t next(std::span<const Ready> ready, TaskId current) override;
  void completed() override { inner_->completed(); }
  void end() override { inner_->end(); }
  bool exhausted() const override { return inner_->exhausted(); }
  const std::string& diverged() const override { return inner_->diverged(); }

  // In the execution that is over, or under way.
  bool holds(const Order& order) const;
  bool holds_all() const;

 private:
  static constexpr std::uint32_t never = 0xffffffff;
  static constexpr std::size_t unknown = static_cast<std::size_t>(-1);
  std::size_t mark_of(const Ready& entry) const;
  bool must_wait(std::size_t mark) const;
  void note(const Ready& chosen);

  struct Place {  // a mark without its occurrence
    Mark mark;
    std::size_t first;  // of its marks
    std::size_t last;
    std::uint32_t occurrences;  // so far
  };

  std::unique_ptr<Strategy> inner_;
  std::vector<Mark> marks_;
  std::vector<Order> demanded_;
  Otherwise otherwise_;
  std::vector<Place> places_;      // sorted
  std::vector<std::uint32_t> at_;  // by mark: the step at which it came
  std::vector<Ready> allowed_;
  std::vector<std::size_t> index_of_;  // of the allowed ones
  std::uint32_t step_ = 0;
};

}  // namespace harness
