// Ctrl-C and SIGTERM end a run cleanly, with the verdicts so far; the second one kills. A reader of
// our output that goes away (`| head`) costs the output, not the run.
#pragma once

#include <atomic>

namespace harness::cli {

void install_signal_handlers();
// Set once by the first signal.
const std::atomic<bool>& interrupted();

}  // namespace harness::cli
