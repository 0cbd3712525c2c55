// Checks the options and turns them into numbers per class; words the errors.
#include "allocator/plan.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>

#include "allocator/virtual_memory.hpp"

namespace allocator {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t largest_region_bytes = 8 * mebibyte;
constexpr std::size_t most_cores = 65536;

std::size_t rounded_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

void check(const Options& options) {
  if (options.budget_bytes == 0) {
    throw std::invalid_argument("budget_bytes is 0: say how many bytes the pool may map");
  }
  if (options.cores > most_cores) {
    throw std::invalid_argument("cores is " + std::to_string(options.cores) +
                                ": give a number up to " + std::to_string(most_cores) +
                                ", or 0 for those of this machine");
  }
  if (options.largest_budget_bytes != 0 && options.largest_budget_bytes < options.budget_bytes) {
    throw std::invalid_argument("largest_budget_bytes is " +
                                std::to_string(options.largest_budget_bytes) +
                                ", below budget_bytes: give at least " +
                                std::to_string(options.budget_bytes) + ", or 0 for as much");
  }
  if (options.numa_node < -1 || options.numa_node >= most_numa_nodes) {
    throw std::invalid_argument("numa_node is " + std::to_string(options.numa_node) +
                                ": give a node from 0 to " + std::to_string(most_numa_nodes - 1) +
                                ", or -1 for the kernel's own choice");
  }
  if (options.region_bytes == 0) return;
  const std::size_t unit = std::max(size_classes.front(), page_bytes());
  if (options.region_bytes % unit != 0 || options.region_bytes > largest_region_bytes) {
    throw std::invalid_argument("region_bytes is " + std::to_string(options.region_bytes) +
                                ": give a multiple of " + std::to_string(unit) + " up to " +
                                std::to_string(largest_region_bytes) +
                                ", or 0 for the variant's own rule");
  }
}

std::size_t slices_for(std::size_t cores) {
  if (cores == 0) cores = std::max(1u, std::thread::hardware_concurrency());
  return std::max<std::size_t>(8, 2 * cores);
}

}  // namespace

void refuse_size(std::size_t bytes, std::size_t classes) {
  throw std::invalid_argument("a slice of " + std::to_string(bytes) + " bytes: ask for 1 to " +
                              std::to_string(size_classes[classes - 1]) + " bytes");
}

std::size_t flat_regions(std::size_t) { return mebibyte; }

std::size_t scaled_regions(std::size_t class_bytes) {
  return std::clamp(32 * class_bytes, mebibyte, largest_region_bytes);
}

Plan plan(const Options& options, RegionRule rule, std::size_t growth_slices) {
  check(options);
  Plan made;
  made.budget_bytes = options.budget_bytes;
  made.largest_budget_bytes = std::max(options.largest_budget_bytes, options.budget_bytes);
  made.check = options.check;
  made.zero = options.zero;
  made.unmap = options.unmap;
  made.huge_pages = options.huge_pages;
  made.numa_node = options.numa_node;
  made.memory = options.memory != nullptr ? options.memory : &system_memory();
  const std::size_t wanted_slices = growth_slices != 0 ? growth_slices : slices_for(options.cores);
  for (std::size_t i = 0; i < size_classes.size(); ++i) {
    const std::size_t class_bytes = size_classes[i];
    const std::size_t asked = options.region_bytes != 0 ? options.region_bytes : rule(class_bytes);
    made.region_bytes[i] = rounded_up(asked, class_bytes);
    const std::size_t slices = made.region_bytes[i] / class_bytes;
    made.growth_regions[i] = (wanted_slices + slices - 1) / slices;
  }
  return made;
}

void throw_out_of_memory(std::string_view reason, const Figures& figures) {
  std::string text = "no slice of the class of ";
  text += std::to_string(figures.class_bytes) + " bytes: ";
  text += reason;
  text += " (budget " + std::to_string(figures.budget_bytes) + " bytes, mapped " +
          std::to_string(figures.mapped_bytes) + ", free slices of the class " +
          std::to_string(figures.free_slices) + ")";
  throw OutOfMemory(std::move(text), figures);
}

}  // namespace allocator
