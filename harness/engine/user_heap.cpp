#include "harness/engine/user_heap.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "harness/engine/real.hpp"

namespace harness {
namespace {

constexpr int fill = 0xcb;

std::uintptr_t align_up(std::uintptr_t value, std::size_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

}  // namespace

UserHeap::UserHeap() {
  reserve_at(heap_range.base, heap_range.bytes, true);
  states_ = static_cast<Block*>(map_anonymous(heap_range.bytes / 16, false));
}

// 16 to 256 in steps of 16 (classes 0 to 15), then four for every doubling up to 32 KiB.
std::size_t UserHeap::class_of(std::size_t bytes) {
  if (bytes <= 256) return bytes == 0 ? 0 : (bytes - 1) / 16;
  const auto doubling = static_cast<std::size_t>(std::bit_width(bytes - 1)) - 1;  // >= 8
  const std::size_t quarter = ((bytes - 1) >> (doubling - 2)) & 3;
  return 16 + (doubling - 8) * 4 + quarter;
}

std::size_t UserHeap::bytes_of(std::size_t size_class) {
  if (size_class < 16) return (size_class + 1) * 16;
  const std::size_t doubling = 8 + (size_class - 16) / 4;
  return (std::size_t{1} << doubling) + ((size_class - 16) % 4 + 1) * (std::size_t{1} << (doubling - 2));
}

void* UserHeap::allocate(std::size_t bytes, std::size_t alignment) {
  reused_ = false;
  if (alignment > 16) bytes = std::bit_ceil(std::max(bytes, alignment));
  void* const block = bytes > largest_small ? allocate_large(bytes, alignment)
                      : again_ != 0         ? allocate_again(class_of(bytes))
                                            : allocate_small(class_of(bytes));
  if (block != nullptr) {
    state_of(reinterpret_cast<std::uintptr_t>(block)) = Block::live;
    real::memset(block, fill, bytes);
  }
  return block;
}

void* UserHeap::allocate_zeroed(std::size_t bytes) {
  void* const block = allocate(bytes);
  if (block != nullptr) real::memset(block, 0, bytes);
  return block;
}

void* UserHeap::allocate_small(std::size_t size_class) {
  SizeClass& pool = classes_[size_class];
  const std::size_t bytes = bytes_of(size_class);
  if (pool.next + bytes > pool.end) {
    if (is_full(1))
      if (void* const block = oldest_freed(pool)) return block;
    if (!open_chunk(size_class)) return nullptr;
  }
  const std::uintptr_t address = pool.next;
  pool.next += bytes;
  chunk_at(address).high_water = pool.next;
  return reinterpret_cast<void*>(address);
}

void* UserHeap::allocate_again(std::size_t size_class) {
  auto& shown = classes_[size_class].shown;
  std::erase_if(shown, [this](const SizeClass::Shown& freed) { return freed.block == again_; });
  reused_ = true;
  return reinterpret_cast<void*>(std::exchange(again_, 0));
}

void* UserHeap::oldest_freed(SizeClass& pool) {
  void* block = nullptr;
  if (pool.oldest < pool.freed.size()) {
    block = pool.freed[pool.oldest++];
  } else if (!pool.shown.empty()) {
    block = reinterpret_cast<void*>(pool.shown.front().block);
    pool.shown.erase(pool.shown.begin());
  }
  if (pool.oldest * 2 > pool.freed.size()) {
    pool.freed.erase(pool.freed.begin(), pool.freed.begin() + static_cast<std::ptrdiff_t>(pool.oldest));
    pool.oldest = 0;
  }
  reused_ = block != nullptr;
  return block;
}

bool UserHeap::is_full(std::size_t more_chunks) const {
  return (chunks_.size() - sealed_chunks_ + more_chunks) * chunk_bytes > quarantine_bytes;
}

std::uintptr_t UserHeap::again_from(std::size_t bytes, std::size_t alignment, std::uint16_t task) const {
  if (alignment > 16) bytes = std::bit_ceil(std::max(bytes, alignment));
  if (bytes > largest_small) return 0;
  const auto& shown = classes_[class_of(bytes)].shown;
  const auto last = std::find_if(shown.rbegin(), shown.rend(),
                                 [=](const SizeClass::Shown& freed) { return freed.task == task; });
  return last == shown.rend() ? 0 : last->block;
}

// A pointer into a block, as to a link in the midst of a node, shows the block.
void UserHeap::show(std::uintptr_t address) {
  const std::size_t at = (address - heap_range.base) / chunk_bytes;
  if (at >= chunks_.size()) return;
  if (const std::uint8_t size_class = chunks_[at].size_class; size_class != large) {
    const std::uintptr_t base = heap_range.base + at * chunk_bytes;
    address -= (address - base) % bytes_of(size_class);
  }
  if (state_of(address) == Block::live) state_of(address) = Block::shown;
}

bool UserHeap::open_chunk(std::size_t size_class) {
  if ((chunks_.size() - sealed_chunks_ + 1) * chunk_bytes > limit_bytes) return false;
  const std::uintptr_t base = heap_range.base + chunks_.size() * chunk_bytes;
  chunks_.push_back({static_cast<std::uint8_t>(size_class), 0, base});
  classes_[size_class].next = base;
  classes_[size_class].end = base + chunk_bytes;
  return true;
}

void* UserHeap::allocate_large(std::size_t bytes, std::size_t alignment) {
  if (bytes > limit_bytes) return nullptr;
  const std::size_t run = (bytes + chunk_bytes - 1) / chunk_bytes;
  for (std::size_t i = 0; is_full(run) && i < freed_large_.size(); ++i) {
    const auto address = reinterpret_cast<std::uintptr_t>(freed_large_[i]);
    if (chunk_at(address).run != run || address % alignment != 0) continue;
    freed_large_.erase(freed_large_.begin() + static_cast<std::ptrdiff_t>(i));
    reused_ = true;
    return reinterpret_cast<void*>(address);
  }
  const std::uintptr_t end = heap_range.base + chunks_.size() * chunk_bytes;
  const std::uintptr_t base = align_up(end, std::max(alignment, chunk_bytes));
  const std::size_t first = (base - heap_range.base) / chunk_bytes;
  if ((first + run - sealed_chunks_) * chunk_bytes > limit_bytes) return nullptr;
  chunks_.resize(first + run, Chunk{large, 0, 0});
  chunks_[first] = {large, static_cast<std::uint32_t>(run), base + bytes};
  return reinterpret_cast<void*>(base);
}

UserHeap::Block UserHeap::release(void* block, std::uint16_t task) {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::size_t chunk = (address - heap_range.base) / chunk_bytes;
  if (chunk >= chunks_.size() || address % 16 != 0) return Block::none;
  const Block before = state_of(address);
  if (before != Block::live && before != Block::shown) return before;
  state_of(address) = Block::freed;
  if (chunk < sealed_chunks_) return Block::live;  // comes back with the next execution
  const std::uint8_t size_class = chunks_[chunk].size_class;
  if (size_class == large)
    freed_large_.push_back(block);
  else if (before == Block::shown)
    classes_[size_class].shown.push_back({address, task});
  else
    classes_[size_class].freed.push_back(block);
  return Block::live;
}

std::size_t UserHeap::size_of(const void* block) const {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::size_t chunk = (address - heap_range.base) / chunk_bytes;
  if (chunk >= chunks_.size()) return 0;
  const Block state = states_[(address - heap_range.base) / 16];
  if (state != Block::live && state != Block::shown) return 0;
  const Chunk& at = chunks_[chunk];
  return at.size_class == large ? at.run * chunk_bytes : bytes_of(at.size_class);
}

UserHeap::Part UserHeap::part_until_now(bool alone) const {
  Part part{{}, alone};
  for (const Chunk& chunk : chunks_) part.ends.push_back(chunk.high_water);
  return part;
}

void UserHeap::end_part(bool alone) {
  parts_.push_back(part_until_now(alone));
  for (SizeClass& pool : classes_) pool.freed.clear();  // a later part must not use what is an earlier one's
  freed_large_.clear();
}

void UserHeap::seal(std::size_t part) {
  sealed_chunks_ = chunks_.size();
  sealed_.clear();
  std::vector<Part> parts = parts_;
  parts.push_back(part_until_now(false));
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (i == part || !parts[i].alone) seal_chunks(i == 0 ? nullptr : &parts[i - 1], parts[i]);
  for (SizeClass& pool : classes_) pool = {};
  freed_large_.clear();
}

// What was handed out since `before`, until the end of `part`.
void UserHeap::seal_chunks(const Part* before, const Part& part) {
  for (std::size_t i = 0; i < part.ends.size(); ++i) {
    std::uintptr_t base = heap_range.base + i * chunk_bytes;
    if (before != nullptr && i < before->ends.size()) base = std::max(base, before->ends[i]);
    if (part.ends[i] <= base) continue;
    const auto* first = reinterpret_cast<const std::byte*>(base);
    const Block* states = &state_of(base);
    const std::size_t bytes = part.ends[i] - base;
    sealed_.push_back({base, {first, first + bytes}, {states, states + (bytes + 15) / 16}});
  }
}

void UserHeap::reset() {
  again_ = 0;
  for (std::size_t i = sealed_chunks_; i < chunks_.size(); ++i) {
    const std::uintptr_t base = heap_range.base + i * chunk_bytes;
    if (chunks_[i].high_water <= base) continue;
    real::memset(&state_of(base), 0,
                 chunks_[i].size_class == large ? 1 : (chunks_[i].high_water - base + 15) / 16);
    SizeClass* const pool = chunks_[i].size_class == large ? nullptr : &classes_[chunks_[i].size_class];
    if (pool == nullptr) continue;
    pool->next = pool->end = 0;
    pool->freed.clear();
    pool->shown.clear();
    pool->oldest = 0;
  }
  freed_large_.clear();
  chunks_.resize(sealed_chunks_);
  for (const Sealed& part : sealed_) {
    real::memcpy(reinterpret_cast<void*>(part.base), part.content.data(), part.content.size());
    real::memcpy(&state_of(part.base), part.states.data(), part.states.size());
  }
}

}  // namespace harness
