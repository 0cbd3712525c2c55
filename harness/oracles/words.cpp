#include "harness/oracles/words.hpp"

#include <fmt/format.h>

namespace harness {

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::uint64_t kib = 1024;
  if (bytes == 1) return "1 byte";
  if (bytes == 0 || bytes % kib != 0) return fmt::format("{} bytes", bytes);
  if (bytes % (kib * kib * kib) == 0) return fmt::format("{} GiB", bytes / (kib * kib * kib));
  if (bytes % (kib * kib) == 0) return fmt::format("{} MiB", bytes / (kib * kib));
  return fmt::format("{} KiB", bytes / kib);
}

std::string range_text(Range range) {
  return fmt::format("{} ({})", mention_object(range.begin), bytes_text(range.end - range.begin));
}

std::string freeing_text(const Event& event) {
  switch (event.op) {
    case Op::unmap:
      return "unmapped";
    case Op::discard:
      return "discarded";
    case Op::protect:
      return "made inaccessible";
    default:
      return "mapped over";
  }
}

std::string access_text(const Event& event) {
  if (event.op == Op::crashed) return fmt::format("crashes at {}", mention_object(event.object));
  return fmt::format("{} {} at {}", event.op == Op::write ? "writes" : "reads",
                     bytes_text(range_of(event).end - event.object), mention_object(event.object));
}

}  // namespace harness
