// The words for one event: its detail in a row of the interleaving, and the clause that says what a
// guilty task does. Part of describe.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "harness/engine/event.hpp"
#include "harness/explore/describe_names.hpp"

namespace harness {

std::string task_name(const std::vector<std::string>& names, std::uint64_t task);

struct Words {
  ObjectNames& objects;
  const std::vector<std::string>& tasks;

  std::string object(const Event& event, std::size_t at) const;
  // "16 -> 15", "1 MiB, failed"; "" where the op says it all.
  std::string detail(const Event& event, std::size_t at) const;
  // "unmaps region 1 (1 MiB)".
  std::string clause(const Event& event, std::size_t at) const;
};

// Replaces what mention() and mention_object() of engine/oracle.hpp put into a message.
std::string fill_in(const std::string& message, const Words& words, std::size_t at);

}  // namespace harness
