// The one table of hooks of this process; see hooks.hpp for who links this file.
#include "harness/stress/hooks.hpp"

namespace harness::stress_mode {

std::atomic<const Hooks*> hooks{nullptr};

}  // namespace harness::stress_mode
