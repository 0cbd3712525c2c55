#include "harness/explore/code_places.hpp"

#include <fmt/format.h>
#include <link.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "harness/engine/errors.hpp"

namespace harness {
namespace {

struct Module {
  std::string name;  // without its folder
  std::uintptr_t base = 0;
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> code;
};

int collect(dl_phdr_info* info, std::size_t, void* argument) {
  auto& modules = *static_cast<std::vector<Module>*>(argument);
  std::string path = info->dlpi_name == nullptr ? "" : info->dlpi_name;
  if (path.empty()) path = modules.empty() ? program_invocation_short_name : "";
  Module module{path.substr(path.rfind('/') + 1), info->dlpi_addr, {}};
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
    module.code.emplace_back(begin, begin + header.p_memsz);
  }
  modules.push_back(std::move(module));
  return 0;
}

std::vector<Module> loaded_modules() {
  std::vector<Module> modules;
  dl_iterate_phdr(collect, &modules);
  return modules;
}

// `place` is the low half of an address in one of them.
std::optional<std::string> name_of(std::uint32_t place, const std::vector<Module>& modules) {
  constexpr std::uintptr_t half = std::uintptr_t{1} << 32;
  for (const Module& module : modules)
    for (const auto& [begin, end] : module.code)
      for (std::uintptr_t high = begin & ~(half - 1); high < end; high += half)
        if (high + place >= begin && high + place <= end)
          return fmt::format("{}+{:#x}", module.name, high + place - module.base);
  return {};
}

std::uint32_t place_of(const ScheduleItem& item, const std::vector<Module>& modules) {
  const std::size_t plus = item.label.rfind("+0x");
  std::uint64_t offset = 0;
  const char* const end = item.label.data() + item.label.size();
  const char* const digits = plus == std::string::npos ? end : item.label.data() + plus + 3;
  const auto [stop, error] = std::from_chars(digits, end, offset, 16);
  if (digits == end || stop != end || error != std::errc())
    throw UsageError(fmt::format("schedule, column {}: '{}' is no place in a file; expected racy:FILE+0xOFFSET",
                                 item.column, item.label));
  const std::string file = item.label.substr(0, plus);
  const auto found = std::find_if(modules.begin(), modules.end(),
                                  [&](const Module& module) { return module.name == file; });
  if (found == modules.end())
    throw UsageError(fmt::format("schedule, column {}: the file '{}' is not part of this program",
                                 item.column, file));
  return static_cast<std::uint32_t>(found->base + offset);
}

}  // namespace

std::string schedule_text(std::span<const Choice> choices, std::span<const std::string> names,
                          std::span<const std::uint32_t> points) {
  const std::vector<Module> modules = points.empty() ? std::vector<Module>() : loaded_modules();
  Schedule schedule;
  for (const std::uint32_t point : points) {
    const auto name = name_of(point, modules);
    if (!name) continue;
    ScheduleItem item;
    item.until = ScheduleItem::Until::racy;
    item.label = *name;
    schedule.push_back(std::move(item));
  }
  const Schedule steps = from_choices(choices, names);
  schedule.insert(schedule.end(), steps.begin(), steps.end());
  return to_text(schedule);
}

std::vector<std::uint32_t> take_points(Schedule& schedule) {
  std::vector<Module> modules;
  std::vector<std::uint32_t> points;
  for (const ScheduleItem& item : schedule) {
    if (item.until != ScheduleItem::Until::racy) continue;
    if (modules.empty()) modules = loaded_modules();
    if (points.size() >= SharedPoints::capacity)
      throw UsageError(fmt::format("schedule, column {}: more than {} racy places", item.column,
                                   SharedPoints::capacity));
    points.push_back(place_of(item, modules));
  }
  std::erase_if(schedule, [](const ScheduleItem& item) { return item.until == ScheduleItem::Until::racy; });
  return points;
}

std::vector<std::uint32_t> points_in_force(const Shared& shared) {
  const std::uint32_t count = std::min(shared.points_in_force, SharedPoints::capacity);
  return {shared.points.places.begin(), shared.points.places.begin() + count};
}

}  // namespace harness
