// Oracle: watches events, may object with a Violation. A file each in oracles/, named after its rule.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/engine/event.hpp"

namespace harness {

// The program under test broke a rule. A value, never an exception.
struct Violation {
  const char* rule = nullptr;
  std::string message;           // may mention tasks and objects, see mention()
  std::vector<Event> accesses;   // the guilty events, earliest first; the last is where it was noticed
  bool freed_region = false;     // a freed region was still in use
};

// How a message names a task or an address: a placeholder, replaced where names are known.
std::string mention(TaskId task);
std::string mention_object(std::uintptr_t address);

class Oracle {
 public:
  virtual ~Oracle() = default;
  // Which events see() wants. Asked once.
  virtual Ops watches() const = 0;
  // Before the first event of an execution that it sees: forget the last one. Must cost next to nothing.
  virtual void begin() = 0;
  // After the event was executed (its values are known).
  virtual std::optional<Violation> see(const Event& event) = 0;
  // All tasks have ended. Not asked where it has seen nothing.
  virtual std::optional<Violation> end() { return {}; }
};

}  // namespace harness
