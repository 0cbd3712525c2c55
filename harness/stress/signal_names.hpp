// The names of the signals that end a program.
#pragma once

#include <csignal>
#include <string>

namespace harness::stress_mode {

inline std::string signal_text(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV (invalid memory access)";
    case SIGBUS:
      return "SIGBUS (invalid memory access)";
    case SIGABRT:
      return "SIGABRT (abort)";
    case SIGFPE:
      return "SIGFPE (arithmetic error)";
    case SIGILL:
      return "SIGILL (illegal instruction)";
    case SIGTRAP:
      return "SIGTRAP (trap)";
    case SIGSYS:
      return "SIGSYS (bad system call)";
    case SIGKILL:
      return "SIGKILL (killed from outside, or out of memory)";
    case SIGPIPE:
      return "SIGPIPE (nobody reads)";
    default:
      return "signal " + std::to_string(signal);
  }
}

}  // namespace harness::stress_mode
