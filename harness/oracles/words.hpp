// Words that the oracles' messages share.
#pragma once

#include <cstdint>
#include <string>

#include "harness/engine/oracle.hpp"
#include "harness/oracles/intervals.hpp"

namespace harness {

// "4 KiB", "1 byte"
std::string bytes_text(std::uint64_t bytes);
// "{object:7f00} (64 KiB)"
std::string range_text(Range range);
// What an event did, as a sentence's verb: "unmapped", "discarded".
std::string freeing_text(const Event& event);
// The same for an access or a crash: "writes 8 bytes at {object:7f00}".
std::string access_text(const Event& event);

// The violation that these events make up.
template <class... Events>
Violation violation(const char* rule, std::string message, const Events&... events) {
  Violation result;
  result.rule = rule;
  result.message = std::move(message);
  result.accesses = {events...};
  return result;
}

}  // namespace harness
