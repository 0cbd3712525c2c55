#include "harness/engine/shared.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "harness/engine/address_space.hpp"
#include "harness/engine/real.hpp"

namespace harness {
namespace {

std::size_t block_bytes(std::size_t max_steps, std::size_t max_recorded) {
  return sizeof(Shared) + max_steps * sizeof(Choice) + max_recorded * sizeof(Recorded) + 64;
}

}  // namespace

Shared* make_shared_block(std::size_t max_steps, std::size_t max_recorded) {
  char* const block = static_cast<char*>(map_anonymous(block_bytes(max_steps, max_recorded), true));
  auto* const shared = reinterpret_cast<Shared*>(block);  // all of it may start as zero
  shared->max_choices = max_steps;
  shared->max_recorded = max_recorded;
  shared->events = reinterpret_cast<Recorded*>(block + sizeof(Shared));
  shared->choices = reinterpret_cast<Choice*>(block + sizeof(Shared) + max_recorded * sizeof(Recorded));
  return shared;
}

void free_shared_block(Shared* shared) {
  if (shared != nullptr) real::munmap(shared, block_bytes(shared->max_choices, shared->max_recorded));
}

void copy_text(char* to, std::size_t room, std::string_view text) {
  const std::size_t length = std::min(text.size(), room - 1);
  std::memcpy(to, text.data(), length);
  to[length] = 0;
}

void DistinctHashes::settle() {
  const std::uint64_t hash = std::exchange(last, 0);
  const std::uint64_t counted = count.load(std::memory_order_relaxed);
  if (hash == 0 || counted > slots / 2) return;
  const auto print = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(hash >> 33));
  std::size_t slot = hash % slots;
  while (prints[slot] != 0 && (prints[slot] & ~again) != print) slot = (slot + 1) % slots;
  const std::uint64_t single = once.load(std::memory_order_relaxed);
  if (prints[slot] == 0) {
    prints[slot] = print;
    count.store(counted + 1, std::memory_order_relaxed);
    once.store(single + 1, std::memory_order_relaxed);
  } else if (prints[slot] == print) {
    prints[slot] = print | again;
    once.store(single - 1, std::memory_order_relaxed);
  }
}

const char* Shared::intern(const char* text) {
  if (text == nullptr) return nullptr;
  const std::string_view wanted = std::string_view(text).substr(0, 400);
  for (std::size_t at = 0; at < strings_used;) {
    const std::string_view known(strings + at);
    if (known == wanted) return strings + at;
    at += known.size() + 1;
  }
  if (strings_used + wanted.size() + 1 > max_strings) return "";
  char* const copy = strings + strings_used;
  copy_text(copy, max_strings - strings_used, wanted);
  strings_used += static_cast<std::uint32_t>(wanted.size() + 1);
  return copy;
}

void Shared::set_violation(const Violation& found) {
  copy_text(violation.rule, sizeof violation.rule, found.rule);
  copy_text(violation.message, sizeof violation.message, found.message);
  violation.freed_region = found.freed_region;
  violation.access_count =
      static_cast<std::uint32_t>(std::min(found.accesses.size(), SharedViolation::max_accesses));
  for (std::size_t i = 0; i < violation.access_count; ++i) {
    violation.accesses[i] = found.accesses[i];
    violation.accesses[i].label = intern(found.accesses[i].label);
  }
  violation.set = true;
}

}  // namespace harness
