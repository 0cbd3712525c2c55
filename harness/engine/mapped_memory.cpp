#include "harness/engine/mapped_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>

#include "harness/engine/errors.hpp"
#include "harness/engine/real.hpp"

namespace harness {
namespace {

std::size_t whole_pages(std::size_t bytes) {
  return (bytes + page_bytes - 1) & ~(page_bytes - 1);
}

bool inside(const MappedMemory::Extent& outer, std::uintptr_t base, std::size_t bytes) {
  return base >= outer.base && base + bytes <= outer.base + outer.bytes;
}

}  // namespace

MappedMemory::MappedMemory() {
  reserve_at(mapping_range.base, mapping_range.bytes, false);
  pages_ = static_cast<std::uint8_t*>(map_anonymous(mapping_range.bytes / page_bytes, false));
}

// A page is left free between mappings, so that running over the end of one is noticed.
std::uintptr_t MappedMemory::find_fresh(std::size_t bytes) {
  bytes = whole_pages(bytes);
  if (bytes == 0 || bytes > mapping_range.end() - next_ - page_bytes) return 0;
  const std::uintptr_t base = next_;
  next_ += bytes + page_bytes;
  return base;
}

std::uintptr_t MappedMemory::find_used(std::size_t bytes) const {
  bytes = whole_pages(bytes);
  for (std::size_t i = unmapped_.size(); i-- > 0;)
    if (unmapped_[i].bytes == bytes && !is_mapped(unmapped_[i].base, bytes)) return unmapped_[i].base;
  return 0;
}

void MappedMemory::map(std::uintptr_t base, std::size_t bytes, bool readable, bool writable) {
  bytes = whole_pages(bytes);
  std::erase_if(unmapped_, [&](const Extent& e) { return e.base < base + bytes && base < e.base + e.bytes; });
  if (!readable && !writable) {
    protect(base, bytes, false, false);
    reservations_.push_back({base, bytes});
    return;
  }
  clean(base, bytes);
  set_state(base, bytes, writable ? PageState::mapped : PageState::read_only);
}

void MappedMemory::unmap(std::uintptr_t base, std::size_t bytes) {
  bytes = whole_pages(bytes);
  protect(base, bytes, false, false);
  unmapped_.push_back({base, bytes});
  std::erase_if(reservations_, [&](const Extent& e) { return inside({base, bytes}, e.base, e.bytes); });
}

// Only pages that were accessible become `freed`; the rest of a reservation stays as it is.
void MappedMemory::protect(std::uintptr_t base, std::size_t bytes, bool readable, bool writable) {
  bytes = whole_pages(bytes);
  if (readable || writable) {
    set_state(base, bytes, writable ? PageState::mapped : PageState::read_only);
    return;
  }
  for (const Extent& part : std::vector<Extent>(marked_)) {
    const std::uintptr_t first = std::max(base, part.base);
    const std::uintptr_t last = std::min(base + bytes, part.base + part.bytes);
    if (first >= last) continue;
    for (std::size_t page = page_of(first); page < page_of(last); ++page)
      if ((pages_[page] & state_bits) != 0)
        pages_[page] = static_cast<std::uint8_t>((pages_[page] & touched_bit) |
                                                 static_cast<std::uint8_t>(PageState::freed));
    if (protects_) take_away(first, last - first);
  }
}

void MappedMemory::discard(std::uintptr_t base, std::size_t bytes) {
  bytes = whole_pages(bytes);
  clean(base, bytes);
  watch(base, bytes);
}

void MappedMemory::watch(std::uintptr_t base, std::size_t bytes) {
  const std::uintptr_t end = base + whole_pages(bytes);
  for (std::size_t page = page_of(base); page < page_of(end); ++page)
    if ((pages_[page] & state_bits) == static_cast<std::uint8_t>(PageState::mapped))
      pages_[page] = static_cast<std::uint8_t>((pages_[page] & touched_bit) |
                                               static_cast<std::uint8_t>(PageState::watched));
}

bool MappedMemory::is_mapped(std::uintptr_t base, std::size_t bytes) const {
  for (const Extent& reservation : reservations_)
    if (inside(reservation, base, bytes)) return true;
  for (std::uintptr_t at = base; at < base + bytes; at += page_bytes) {
    const PageState now = state(at);
    if (now == PageState::none || now == PageState::freed) return false;
  }
  return true;
}

bool MappedMemory::touch(std::uintptr_t address) {
  if (!contains(address)) return false;
  const std::size_t page = page_of(address);
  const PageState now = state(address);
  if (now == PageState::none || now == PageState::freed || (pages_[page] & touched_bit) != 0) return false;
  void* const start = reinterpret_cast<void*>(mapping_range.base + page * page_bytes);
  if (real::mprotect(start, page_bytes, PROT_READ | PROT_WRITE) != 0) return false;
  pages_[page] |= touched_bit;
  return true;
}

void MappedMemory::touch(std::uintptr_t base, std::size_t bytes) {
  if (!contains(base) || bytes == 0) return;
  for (std::uintptr_t at = base & ~(page_bytes - 1); at < base + bytes && contains(at); at += page_bytes)
    touch(at);
}

void MappedMemory::set_state(std::uintptr_t base, std::size_t bytes, PageState state) {
  for (std::size_t page = page_of(base); page < page_of(base + bytes); ++page)
    pages_[page] =
        static_cast<std::uint8_t>((pages_[page] & touched_bit) | static_cast<std::uint8_t>(state));
  for (const Extent& part : marked_)
    if (inside(part, base, bytes)) return;
  marked_.push_back({base, bytes});
}

// Calls visit(page) for every touched page of the range; looks at eight at a time.
template <class Visit>
void MappedMemory::each_touched(std::uintptr_t base, std::size_t bytes, Visit visit) {
  constexpr std::uint64_t touched_in_eight = 0x8080'8080'8080'8080;
  std::size_t page = page_of(base);
  const std::size_t end = page_of(base + bytes);
  while (page < end) {
    if (page + 8 <= end) {
      std::uint64_t eight;
      __builtin_memcpy(&eight, pages_ + page, sizeof eight);
      if ((eight & touched_in_eight) == 0) {
        page += 8;
        continue;
      }
    }
    if ((pages_[page] & touched_bit) != 0) visit(page);
    ++page;
  }
}

std::uintptr_t MappedMemory::next_touched(std::uintptr_t from, std::uintptr_t end) const {
  while (from < end && (pages_[page_of(from)] & touched_bit) == 0) from += page_bytes;
  return std::min(from, end);
}

void MappedMemory::clean(std::uintptr_t base, std::size_t bytes) {
  each_touched(base, bytes, [](std::size_t page) {
    real::memset(reinterpret_cast<void*>(mapping_range.base + page * page_bytes), 0, page_bytes);
  });
}

void MappedMemory::take_away(std::uintptr_t base, std::size_t bytes) {
  each_touched(base, bytes, [this](std::size_t page) {
    void* const start = reinterpret_cast<void*>(mapping_range.base + page * page_bytes);
    real::madvise(start, page_bytes, MADV_DONTNEED);
    HARNESS_CHECK(real::mprotect(start, page_bytes, PROT_NONE) == 0);
    pages_[page] &= static_cast<std::uint8_t>(~touched_bit);
  });
}

void MappedMemory::reset() {
  for (const Extent& part : marked_) {
    clean(part.base, part.bytes);
    for (std::size_t page = page_of(part.base); page < page_of(part.base + part.bytes); ++page)
      pages_[page] &= touched_bit;
  }
  marked_.clear();
  reservations_.clear();
  unmapped_.clear();
  next_ = mapping_range.base;
}

}  // namespace harness
