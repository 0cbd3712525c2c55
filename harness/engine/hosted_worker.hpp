// A worker of a process that hosts its own exploration: how the program's memory, files and directory become what
// they were, or how an execution gets a process of its own.
#pragma once

#include <memory>
#include <vector>

#include "harness/engine/open_files.hpp"
#include "harness/engine/engine.hpp"
#include "harness/engine/hosting.hpp"

namespace harness {

// Standard input, output and error of the program, as a worker begins.
void redirect_for_program(const Hosting& host, bool records);

class HostedWorker {
 public:
  // The memory of the tool is in its final places by now.
  HostedWorker(const Hosting& host, Engine& engine, Shared& shared);

  Engine::Outcome run(const Scenario& scenario, std::string_view variant, std::uint64_t number);

 private:
  Engine::Outcome run_in_child(const Scenario& scenario, std::string_view variant, std::uint64_t number);
  void put_back(std::uint64_t number);
  void look_for_changes();

  const Hosting& host_;
  Engine& engine_;
  Shared& shared_;
  std::unique_ptr<OpenFiles> files_;
  std::vector<AddressRange> mapped_;  // before the first execution
  std::uint64_t loaded_ = 0;          // likewise: objects_loaded()
  Engine::Outcome outcome_ = Engine::Outcome::failed;  // of the child, written by it
  bool is_said_ = false;                               // likewise: outcome_ is valid
};

// Passes the watchdog's question on to the process of the running execution; false where there is none.
bool ask_child();

}  // namespace harness
