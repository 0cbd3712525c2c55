// The writable data of the program under test, as it was before the first execution: put back before every
// further one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "harness/engine/fiber.hpp"
#include "harness/engine/hosting.hpp"

namespace harness {

class Snapshot {
 public:
  // Takes the writable segments of the shared object that contains `address`, and of every other object
  // that is neither the tool's, nor the system's, nor another plugin.
  void take(std::uintptr_t address);
  // Takes all memory of the program in a process that hosts its own exploration; only notes what thread-local
  // variables there are, where each execution has a process of its own.
  void take(const Hosting& host);
  void restore();
  // Is the state of the object that contains this address, code or data, restored?
  bool covers(std::uintptr_t address) const;
  const std::vector<TlsImage>& tls_images() const { return tls_images_; }

 private:
  struct Segment {
    std::byte* base;
    std::vector<std::byte> content;
  };
  std::vector<Segment> segments_;
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> objects_;
  std::vector<TlsImage> tls_images_;
};

}  // namespace harness
