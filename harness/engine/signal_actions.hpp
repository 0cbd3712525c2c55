// What a program under test wants done with each signal.
#pragma once

#include <signal.h>

#include <array>

namespace harness {

class SignalActions {
 public:
  const struct sigaction& at(int signal) const { return actions_[static_cast<std::size_t>(signal)]; }
  void set(int signal, const struct sigaction& action) {
    actions_[static_cast<std::size_t>(signal)] = action;
    changed_ = true;
  }
  bool has_handler(int signal) const {
    return at(signal).sa_handler != SIG_DFL && at(signal).sa_handler != SIG_IGN;
  }
  void reset() {
    if (changed_) actions_ = {};
    changed_ = false;
  }

 private:
  std::array<struct sigaction, NSIG> actions_ = {};
  bool changed_ = false;
};

}  // namespace harness
