#include "harness/cli/aslr.hpp"

#include <sys/personality.h>
#include <unistd.h>

namespace harness::cli {
namespace {

constexpr unsigned long ask = 0xffffffff;

bool is_off() {
  const int persona = personality(ask);
  return persona == -1 || (persona & ADDR_NO_RANDOMIZE) != 0;
}

}  // namespace

void without_address_randomization(char** arguments) {
  if (is_off()) return;
  const auto persona = static_cast<unsigned long>(personality(ask));
  // A sandbox may refuse this, or take it and forget it; without the second look that would never
  // end.
  if (personality(persona | ADDR_NO_RANDOMIZE) == -1 || !is_off()) return;
  execv("/proc/self/exe", arguments);
}

}  // namespace harness::cli
