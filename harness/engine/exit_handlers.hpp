// What a program wants called when it exits: atexit(), destructors of static objects. libc's own list would call
// them in the tool's process; this one is called when the program ends its execution, and goes back to what it was
// before the first.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace harness {

class ExitHandlers {
 public:
  struct Handler {
    void (*plain)(void*) = nullptr;
    void (*with_status)(int, void*) = nullptr;  // on_exit()
    void* argument = nullptr;
    void* module = nullptr;                     // the shared object that it belongs to; nullptr: none
    bool quick = false;                         // for quick_exit() only
  };

  void add(const Handler& handler) { handlers_.push_back(handler); }
  // The latest one, taken out; nothing where there is none left.
  std::optional<Handler> take(bool quick);
  // The latest one of a shared object that is being unloaded.
  std::optional<Handler> take_of(const void* module);

  void seal() { sealed_ = handlers_; }
  void reset() {
    if (handlers_.size() != sealed_.size() || taken_) handlers_ = sealed_;
    taken_ = false;
  }

 private:
  template <class Wanted>
  std::optional<Handler> take_latest(Wanted wanted);

  std::vector<Handler> handlers_;
  std::vector<Handler> sealed_;
  bool taken_ = false;
};

ExitHandlers& exit_handlers();

}  // namespace harness
