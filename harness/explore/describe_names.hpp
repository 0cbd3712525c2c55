// Names for the objects of a recording: regions, slices, globals, and letters for the rest. The
// same recording gives the same names in every process. Part of describe.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/explore/describe.hpp"

namespace harness {

// A range of memory from its mapping on. Addresses may be mapped again later: then as another
// region.
struct RegionRecord {
  enum class End : std::uint8_t { unmapped, discarded, made_inaccessible };
  struct Ended {
    End how;
    std::size_t at;  // number of the event
  };
  std::size_t number = 0;  // from 1
  std::uintptr_t base = 0;
  std::uint64_t bytes = 0;        // whole pages
  std::uint64_t slice_bytes = 0;  // 0: none of its slices was handed out
  std::size_t mapped_at = 0;      // number of the event
  bool live = true;
  std::vector<Ended> ends;  // a discarded region may be discarded again
  bool contains(std::uintptr_t address) const { return address - base < bytes; }
};

class ObjectNames {
 public:
  explicit ObjectNames(const std::vector<const Recorded*>& events);

  // What the event acts on, as things were when it happened. "" for ops without an object.
  std::string of_event(const Event& event, std::size_t at);
  // What stands at an address, as things were at event number `at`.
  std::string of_address(std::uintptr_t address, std::size_t at);
  std::string of_range(std::uintptr_t begin, std::uint64_t bytes, std::size_t at);
  // A value that an atomic holds, as a number or as what it points to.
  std::string of_value(std::uint64_t value, std::uint64_t bytes, std::size_t at);
  // The newest region at that address that was mapped no later than event number `at`.
  const RegionRecord* region_at(std::uintptr_t address, std::size_t at) const;

 private:
  struct Slice {
    std::uintptr_t base = 0;
    std::uint64_t bytes = 0;
    std::string name;
  };

  void learn_memory(const Event& event, std::size_t at);
  void map(const Event& event, std::size_t at);
  void end_regions(const Event& event, std::size_t at, RegionRecord::End how);
  void learn_slice(const Event& event, std::size_t at);
  std::vector<const RegionRecord*> regions_in(std::uintptr_t begin, std::uint64_t bytes,
                                              std::size_t at) const;
  std::string in_region(const RegionRecord& region, std::uintptr_t address) const;
  const Slice* loose_slice_at(std::uintptr_t address) const;
  std::string lettered(std::string_view kind, std::uintptr_t address);

  std::vector<RegionRecord> regions_;
  std::vector<Slice> reservations_;
  std::vector<Slice> loose_slices_;  // of memory that was not mapped, but came from the heap
  std::map<std::string, std::map<std::uintptr_t, std::string>, std::less<>> lettered_;  // by kind
  std::map<std::uintptr_t, std::string> first_names_;  // the first kind an address was used as
};

// 0: "A", 25: "Z", 26: "AA".
std::string letters(std::size_t index);

}  // namespace harness
