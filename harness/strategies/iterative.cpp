#include "harness/strategies/iterative.hpp"

namespace harness {

bool Iterative::begin(std::uint64_t execution) {
  if (lost_) return false;
  while (!search_.begin(execution)) {
    const bool goes_on = search_.exhausted() && search_.cut_off();
    if (!goes_on || search_.bound() == last_bound_) return false;
    search_.restart(search_.bound() + 1);
  }
  return true;
}

void Iterative::resume(std::uint64_t executions, std::span<const Choice> path) {
  lost_ = executions > 0 && memory_ == 0;
  if (memory_ != 0) search_.set_bound(static_cast<int>(memory_ >> 1) - 1, (memory_ & 1) != 0);
  search_.resume(executions, path);
}

const std::string& Iterative::diverged() const {
  static const std::string bound_lost =
      "the bound of the lost execution is not known, and so not what is left to explore";
  return lost_ && search_.diverged().empty() ? bound_lost : search_.diverged();
}

}  // namespace harness
