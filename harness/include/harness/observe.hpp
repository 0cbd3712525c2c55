// What a scenario tells the oracles about ownership: which slices are handed out, what the pool
// promised, what was found. The allocator knows nothing of it; the scenario observes it from outside,
// as a client would (see scenarios/observed_pool.hpp). None of these is a scheduling point: each
// belongs to the step of its task that is running.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

enum harness_observation_kind {
  HARNESS_ASKED = 0,  // a request to `object` begins
  HARNESS_GIVEN,      // `object`, a slice of `bytes`, is handed out by pool `value`
  HARNESS_RETURNING,  // the client is about to give slice `object` back
  HARNESS_RETURNED,   // giving `object` back ended; value: 1 accepted, 0 refused
  HARNESS_CLOSED,     // `object` (a pool: bytes 0; a range: its bytes) was closed by its owner
  HARNESS_BUDGET,     // pool `object` promises never to have more than `value` bytes mapped
  HARNESS_COUNTED,    // the account `label` says `value`; counting anew gives `expected`
  HARNESS_LOST,       // slice `object` holds `value` where its owner had written `expected`
  HARNESS_VIOLATED,   // the scenario itself objects: rule `label`, text `message`
};

struct harness_observation {
  harness_observation_kind kind;
  const void* object;
  std::size_t bytes;
  std::uint64_t value;
  std::uint64_t expected;
  const char* label;    // static storage
  const char* message;  // copied
};

void harness_observe(const harness_observation* observation);

}  // extern "C"

namespace harness::observe {

inline void asked(const void* pool) {
  harness_observation o{HARNESS_ASKED, pool, 0, 0, 0, nullptr, nullptr};
  harness_observe(&o);
}
inline void given(const void* pool, const void* slice, std::size_t bytes) {
  harness_observation o{HARNESS_GIVEN, slice,   bytes, reinterpret_cast<std::uintptr_t>(pool), 0,
                        nullptr,       nullptr};
  harness_observe(&o);
}
inline void returning(const void* slice) {
  harness_observation o{HARNESS_RETURNING, slice, 0, 0, 0, nullptr, nullptr};
  harness_observe(&o);
}
inline void returned(const void* slice, bool accepted) {
  harness_observation o{HARNESS_RETURNED, slice, 0, accepted ? 1u : 0u, 0, nullptr, nullptr};
  harness_observe(&o);
}
inline void pool_closed(const void* pool) {
  harness_observation o{HARNESS_CLOSED, pool, 0, 0, 0, nullptr, nullptr};
  harness_observe(&o);
}
inline void budget(const void* pool, std::uint64_t bytes) {
  harness_observation o{HARNESS_BUDGET, pool, 0, bytes, 0, nullptr, nullptr};
  harness_observe(&o);
}
inline void counted(const char* what, std::uint64_t said, std::uint64_t counted_anew) {
  harness_observation o{HARNESS_COUNTED, nullptr, 0, said, counted_anew, what, nullptr};
  harness_observe(&o);
}
inline void lost(const void* slice, std::uint64_t expected, std::uint64_t found) {
  harness_observation o{HARNESS_LOST, slice, 0, found, expected, nullptr, nullptr};
  harness_observe(&o);
}
inline void violated(const char* rule, const char* message) {
  harness_observation o{HARNESS_VIOLATED, nullptr, 0, 0, 0, rule, message};
  harness_observe(&o);
}

}  // namespace harness::observe
