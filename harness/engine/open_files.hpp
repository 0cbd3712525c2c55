// The open files of a process that hosts its own exploration, as they were before the first execution: what an
// execution opens is closed, what it closes or redirects is put back, what it reads begins at its start again.
#pragma once

#include <sys/types.h>

#include <vector>

namespace harness {

class OpenFiles {
 public:
  // Throws std::runtime_error where there are too few descriptors to keep copies.
  OpenFiles();
  // False where the program has closed the copies.
  bool restore();

 private:
  struct Kept {
    int number;
    int copy;
    off_t offset;  // -1: it has none
    int flags;
  };
  std::vector<Kept> kept_;
  int directory_;
  mode_t mask_;
};

}  // namespace harness
