// Loading a plugin for trial, in a forked process of its own: a plugin that throws, crashes, exits
// or hangs while it is loaded takes only that process down, and we learn which scenarios it
// registers.
#pragma once

#include <string>
#include <vector>

namespace harness::cli {

struct Probed {
  std::string problem;                 // "" or a clause: "throws while it is loaded: ..."
  std::vector<std::string> scenarios;  // names it registered
};

// `patience_seconds`: how long loading may take.
Probed probe_plugin(const std::string& path, unsigned patience_seconds = 20);

// dlopen() with the settings that plugins need, for good. "" or the reason why not.
std::string open_plugin(const std::string& path);

}  // namespace harness::cli
