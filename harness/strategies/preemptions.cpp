// preemptions: iterative bounding as in CHESS (Musuvathi and Qadeer, "Iterative context bounding
// for systematic testing of multithreaded programs", PLDI 2007). All executions without
// preemptions, then all with one, with two, and so on: bugs that need few come first, and the
// report has the fewest.
//
// Where it differs from the paper: no queue of prefixes is kept. Each bound is a depth-first search
// that leaves out what the one before has executed, see dfs.hpp; it costs four bytes for every
// execution up to 2^25 of them, and the way to where a new one turns off. Executions beyond, and
// after a lost worker those of the bound before, are repeated once more.
//
// It ends when a bound cut nothing off: then every interleaving has been executed.
#include "harness/strategies/dfs.hpp"
#include "harness/strategies/each.hpp"

namespace harness {
namespace {

class Preemptions final : public Strategy {
 public:
  explicit Preemptions(int last_bound)
      : last_bound_(last_bound), search_(0, Dfs::Learning::for_restart) {}

  bool begin(std::uint64_t execution) override {
    if (lost_) return false;
    while (!search_.begin(execution)) {
      const bool goes_on = search_.exhausted() && search_.cut_off();
      if (!goes_on || search_.bound() == last_bound_) return false;
      search_.restart(search_.bound() + 1);
    }
    return true;
  }

  std::size_t next(std::span<const Ready> ready, TaskId current) override {
    return search_.next(ready, current);
  }

  // The bound, from 1 on, and whether it has cut anything off.
  std::uint64_t memory() const override {
    return (static_cast<std::uint64_t>(search_.bound()) + 1) << 1 | (search_.cut_off() ? 1 : 0);
  }
  void recall(std::uint64_t memory) override { memory_ = memory; }

  void resume(std::uint64_t executions, std::span<const Choice> path) override {
    lost_ = executions > 0 && memory_ == 0;
    if (memory_ != 0) search_.set_bound(static_cast<int>(memory_ >> 1) - 1, (memory_ & 1) != 0);
    search_.resume(executions, path);
  }

  void reconsider() override { search_ = Dfs(0, Dfs::Learning::for_restart); }

  bool exhausted() const override { return !lost_ && search_.exhausted(); }
  const std::string& diverged() const override {
    static const std::string bound_lost =
        "the bound of the lost execution is not known, and so not what is left to explore";
    return lost_ && search_.diverged().empty() ? bound_lost : search_.diverged();
  }

 private:
  int last_bound_;
  Dfs search_;
  std::uint64_t memory_ = 0;
  bool lost_ = false;
};

}  // namespace

std::unique_ptr<Strategy> make_preemptions(int last_bound) {
  return std::make_unique<Preemptions>(last_bound);
}

}  // namespace harness
