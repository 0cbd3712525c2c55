#include "harness/explore/describe_names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/explore/symbolize.hpp"

namespace harness {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uintptr_t null_page = 4096;
// Where the engine, the kernel and the loader place things; below it are numbers.
constexpr std::uint64_t least_pointer = std::uint64_t{1} << 40;
constexpr std::uint64_t end_of_pointers = std::uint64_t{1} << 47;

std::uint64_t whole_pages(std::uint64_t bytes) {
  return bytes > UINT64_MAX - page ? bytes : (bytes + page - 1) / page * page;
}

bool overlap(std::uintptr_t a, std::uint64_t a_bytes, std::uintptr_t b, std::uint64_t b_bytes) {
  return a < b ? b - a < a_bytes : a - b < b_bytes;
}

std::string with_offset(const std::string& name, std::uint64_t offset) {
  return offset == 0 ? name : fmt::format("{} + {:#x}", name, offset);
}

// What kind of object an op works on, for objects that have no name of their own.
std::string_view kind_of(const Event& event) {
  switch (event.op) {
    case Op::load:
    case Op::store:
    case Op::rmw:
    case Op::cas:
      return "atomic";
    case Op::lock:
    case Op::try_lock:
    case Op::unlock:
      return "mutex";
    case Op::lock_shared:
    case Op::try_lock_shared:
    case Op::unlock_shared:
      return "mutex";
    case Op::wait:
    case Op::wake:
    case Op::notify:
      return "condition";
    case Op::futex_wait:
    case Op::futex_wake:
      return "atomic";
    case Op::once:
      return "once flag";
    case Op::guard:
      return "static guard";
    case Op::semaphore_wait:
    case Op::semaphore_post:
      return "semaphore";
    case Op::barrier:
      return "barrier";
    case Op::asked:
    case Op::budget:
      return "pool";
    case Op::closed:
      return event.bytes == 0 ? "pool" : "memory";
    case Op::read_point:
    case Op::write_point:
      return "variable";
    default:
      return "memory";
  }
}

bool is_waited_for(std::string_view kind) {
  return kind == "mutex" || kind == "condition" || kind == "semaphore" || kind == "barrier";
}

bool is_memory_call(Op op) {
  return op == Op::map || op == Op::unmap || op == Op::discard || op == Op::protect;
}

// Ops whose `object` is not an address to be named.
bool has_no_object(const Event& event) {
  switch (event.op) {
    case Op::start:
    case Op::end:
    case Op::spawn:
    case Op::join:
    case Op::yield:
    case Op::sleep:
    case Op::fence:
    case Op::point:
    case Op::enter:
    case Op::leave:
    case Op::clock:
    case Op::signal:
    case Op::descriptor:
    case Op::counted:
    case Op::violated:
    case Op::aborted:
      return true;
    case Op::stuck:  // in a call on a descriptor, whose number it is
      return event.value == 5 || event.object == 0;
    default:
      return event.object == 0;
  }
}

}  // namespace

std::string letters(std::size_t index) {
  std::string text;
  for (std::size_t left = index + 1; left > 0; left = (left - 1) / 26) {
    text.insert(text.begin(), static_cast<char>('A' + (left - 1) % 26));
  }
  return text;
}

// Regions and slices first, so that an access before the slice was handed out has its name already;
// then locks and the like, whose first byte counts as read by who uses them; letters afterwards, in
// order of first use.
ObjectNames::ObjectNames(const std::vector<const Recorded*>& events) {
  for (std::size_t i = 0; i < events.size(); ++i) learn_memory(events[i]->event, i);
  for (std::size_t i = 0; i < events.size(); ++i)
    if (is_waited_for(kind_of(events[i]->event))) of_event(events[i]->event, i);
  for (std::size_t i = 0; i < events.size(); ++i) of_event(events[i]->event, i);
}

void ObjectNames::learn_memory(const Event& event, std::size_t at) {
  if (event.failed) return;
  const bool accessible = event.value != 0;
  switch (event.op) {
    case Op::map:
      map(event, at);
      break;
    case Op::unmap:
      end_regions(event, at, RegionRecord::End::unmapped);
      break;
    case Op::discard:
      end_regions(event, at, RegionRecord::End::discarded);
      break;
    case Op::protect: {
      const RegionRecord* region = region_at(event.object, at);
      if (!accessible) end_regions(event, at, RegionRecord::End::made_inaccessible);
      if (accessible && (!region || !region->live)) map(event, at);
      break;
    }
    case Op::given:
      learn_slice(event, at);
      break;
    default:
      break;
  }
}

void ObjectNames::map(const Event& event, std::size_t at) {
  // A mapping over what is there takes it away; over a reservation, or what was unmapped, it does
  // not.
  end_regions(event, at, RegionRecord::End::unmapped);
  const std::uint64_t bytes = whole_pages(std::max<std::uint64_t>(event.bytes, 1));
  if (event.value != 0) {
    RegionRecord region;
    region.number = regions_.size() + 1;
    region.base = event.object;
    region.bytes = bytes;
    region.mapped_at = at;
    regions_.push_back(region);
    return;
  }
  const auto known = [&](const Slice& range) {
    return overlap(range.base, range.bytes, event.object, bytes);
  };
  if (regions_in(event.object, bytes, at).empty() &&
      std::none_of(reservations_.begin(), reservations_.end(), known)) {
    const std::string name = "reserved range " + letters(reservations_.size());
    reservations_.push_back({event.object, bytes, name});
  }
}

void ObjectNames::end_regions(const Event& event, std::size_t at, RegionRecord::End how) {
  const std::uint64_t bytes = whole_pages(event.bytes);
  for (RegionRecord& region : regions_) {
    if (!region.live || !overlap(region.base, region.bytes, event.object, bytes)) continue;
    region.ends.push_back({how, at});
    region.live = how == RegionRecord::End::discarded;
  }
}

void ObjectNames::learn_slice(const Event& event, std::size_t at) {
  if (event.bytes == 0) return;
  if (const RegionRecord* found = region_at(event.object, at)) {
    RegionRecord& region = regions_[found->number - 1];
    const bool fits =
        (event.object - region.base) % event.bytes == 0 && event.bytes <= region.bytes;
    if (region.slice_bytes == 0 && fits) region.slice_bytes = event.bytes;
    return;
  }
  if (loose_slice_at(event.object)) return;
  loose_slices_.push_back({event.object, event.bytes, "slice " + letters(loose_slices_.size())});
}

const RegionRecord* ObjectNames::region_at(std::uintptr_t address, std::size_t at) const {
  for (auto region = regions_.rbegin(); region != regions_.rend(); ++region) {
    if (region->mapped_at <= at && region->contains(address)) return &*region;
  }
  return nullptr;
}

std::vector<const RegionRecord*> ObjectNames::regions_in(std::uintptr_t begin, std::uint64_t bytes,
                                                         std::size_t at) const {
  std::vector<const RegionRecord*> result;
  for (auto region = regions_.rbegin(); region != regions_.rend(); ++region) {
    if (region->mapped_at > at || !overlap(region->base, region->bytes, begin, bytes)) continue;
    const bool hidden = std::any_of(result.begin(), result.end(), [&](const RegionRecord* newer) {
      return overlap(newer->base, newer->bytes, region->base, region->bytes);
    });
    if (!hidden) result.push_back(&*region);
  }
  std::reverse(result.begin(), result.end());
  return result;
}

std::string ObjectNames::in_region(const RegionRecord& region, std::uintptr_t address) const {
  const std::string name = fmt::format("region {}", region.number);
  const std::uint64_t offset = address - region.base;
  if (region.slice_bytes == 0) return with_offset(name, offset);
  const std::string slice = fmt::format("slice {} of {}", offset / region.slice_bytes, name);
  return with_offset(slice, offset % region.slice_bytes);
}

const ObjectNames::Slice* ObjectNames::loose_slice_at(std::uintptr_t address) const {
  for (const Slice& slice : loose_slices_) {
    if (address - slice.base < slice.bytes) return &slice;
  }
  return nullptr;
}

std::string ObjectNames::lettered(std::string_view kind, std::uintptr_t address) {
  auto& names = lettered_[std::string(kind)];
  std::string& name = names[address];
  if (name.empty()) name = fmt::format("{} {}", kind, letters(names.size() - 1));
  // A pointer is a value: what it points to has not been used.
  if (kind != "pointer") first_names_.try_emplace(address, name);
  return name;
}

std::string ObjectNames::of_address(std::uintptr_t address, std::size_t at) {
  if (address < null_page) return with_offset("a null pointer", address);
  if (const RegionRecord* region = region_at(address, at)) return in_region(*region, address);
  if (const Slice* slice = loose_slice_at(address)) {
    return with_offset(slice->name, address - slice->base);
  }
  const std::string symbol = data_symbol(address);
  if (!symbol.empty()) return symbol;
  const auto known = first_names_.find(address);
  if (known != first_names_.end()) return known->second;
  for (const Slice& range : reservations_) {
    if (address - range.base < range.bytes) return with_offset(range.name, address - range.base);
  }
  return lettered("memory", address);
}

std::string ObjectNames::of_range(std::uintptr_t begin, std::uint64_t bytes, std::size_t at) {
  const std::vector<const RegionRecord*> regions = regions_in(begin, whole_pages(bytes), at);
  if (regions.size() == 1) {
    const RegionRecord& region = *regions.front();
    const bool whole =
        begin <= region.base && region.base + region.bytes <= begin + whole_pages(bytes);
    if (whole) return fmt::format("region {}", region.number);
    if (bytes == region.slice_bytes && region.contains(begin)) return in_region(region, begin);
    return fmt::format("part of region {}", region.number);
  }
  if (regions.empty()) return of_address(begin, at);
  constexpr std::size_t most = 4;
  std::string text = "regions";
  for (std::size_t i = 0; i < regions.size() && i < most; ++i) {
    text += fmt::format("{} {}", i == 0 ? "" : ",", regions[i]->number);
  }
  return regions.size() > most ? fmt::format("{} and {} more", text, regions.size() - most) : text;
}

std::string ObjectNames::of_event(const Event& event, std::size_t at) {
  if (has_no_object(event)) return {};
  if (is_memory_call(event.op)) return of_range(event.object, event.bytes, at);
  if (event.op == Op::closed && event.bytes > 0) return of_range(event.object, event.bytes, at);
  const std::string_view kind = kind_of(event);
  if (kind == "memory" || region_at(event.object, at)) return of_address(event.object, at);
  const std::string symbol = data_symbol(event.object);
  return symbol.empty() ? lettered(kind, event.object) : symbol;
}

std::string ObjectNames::of_value(std::uint64_t value, std::uint64_t bytes, std::size_t at) {
  constexpr std::uint64_t small = 1 << 16;
  if (bytes == 4) value &= 0xffff'ffff;
  const std::uint64_t negated = bytes == 4 ? (std::uint64_t{1} << 32) - value : 0 - value;
  if (bytes >= 4 && value != 0 && negated < small) return fmt::format("-{}", negated);
  if (bytes < 8 || value <= 0xffff'ffff) return fmt::format("{}", value);
  const bool pointer = value >= least_pointer && value < end_of_pointers;
  if (!pointer) return fmt::format("{:#x}", value);
  if (region_at(value, at) || first_names_.count(value) != 0 || loose_slice_at(value)) {
    return "&" + of_address(value, at);
  }
  const std::string symbol = data_symbol(value);
  return symbol.empty() ? lettered("pointer", value) : "&" + symbol;
}

}  // namespace harness
