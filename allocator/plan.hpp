// What all variants agree on before the first region is mapped: which class a size belongs to, how
// large regions are, how much a growth maps, and the sentence an OutOfMemory carries.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "allocator/options.hpp"
#include "allocator/slice.hpp"

namespace allocator {

using PerClass = std::array<std::size_t, size_classes.size()>;

[[noreturn]] void refuse_size(std::size_t bytes, std::size_t classes);

// Index into the first `classes` of size_classes. Throws std::invalid_argument for 0 and for more
// than the largest of them.
template <std::size_t classes = size_classes.size()>
std::size_t size_class_of(std::size_t bytes) {
  if (bytes == 0 || bytes > size_classes[classes - 1]) refuse_size(bytes, classes);
  return detail::class_of(bytes);
}

// A generation's own size of a region of `class_bytes` slices.
using RegionRule = std::size_t (*)(std::size_t class_bytes);
std::size_t flat_regions(std::size_t class_bytes);    // 1 MiB: the first generation
std::size_t scaled_regions(std::size_t class_bytes);  // clamp(32 * class, 1 MiB, 8 MiB)

struct Plan {
  std::size_t budget_bytes = 0;
  std::size_t largest_budget_bytes = 0;
  VirtualMemory* memory = nullptr;
  Check check = Check::sequential;
  Zero zero = Zero::none;
  Unmap unmap = Unmap::protect;
  bool huge_pages = false;
  int numa_node = -1;
  PerClass region_bytes{};
  PerClass growth_regions{};  // regions one growth maps, budget permitting
};

// Throws std::invalid_argument for options that can never work. `growth_slices`: how many slices a
// growth maps at least, where that is not for the cores to say.
Plan plan(const Options& options, RegionRule rule, std::size_t growth_slices = 0);

// `figures` as they were when the request failed.
[[noreturn]] void throw_out_of_memory(std::string_view reason, const Figures& figures);

}  // namespace allocator
