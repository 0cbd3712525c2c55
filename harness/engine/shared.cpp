#include "harness/engine/shared.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

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

void DistinctHashes::note(std::uint64_t hash) {
  hash &= ~again;
  if (hash == 0) hash = 1;
  if (count.load(std::memory_order_relaxed) > slots / 2) return;
  for (std::size_t slot = slot_of(hash);; slot = (slot + 1) % slots) {
    if (hashes[slot] == 0) {
      hashes[slot] = hash;
      count.fetch_add(1, std::memory_order_relaxed);
      once.fetch_add(1, std::memory_order_relaxed);
    } else if (hashes[slot] == hash) {
      hashes[slot] |= again;
      once.fetch_sub(1, std::memory_order_relaxed);
    } else if (hashes[slot] != (hash | again)) {
      continue;
    }
    return;
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
