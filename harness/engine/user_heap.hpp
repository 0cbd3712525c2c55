// The heap of the program under test: malloc() during an execution. Addresses are the same in every
// execution with the same choices, everything is forgotten at its end, and the bookkeeping stands apart
// from the blocks, so that no overflow of the program reaches it.
//
// 64 KiB chunks, each of one size class; larger blocks are runs of chunks. A freed block is not handed out again
// while the execution has used little memory, so that who still uses it is seen; or at once, where that is asked
// for (again_from), because something may depend on addresses: a block whose address an atomic has held. New blocks are
// filled with a fixed byte: what the program reads uninitialised is the same in every execution.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/engine/address_space.hpp"

namespace harness {

class UserHeap {
 public:
  enum class Block : std::uint8_t { none, live, shown, freed };  // shown: live, and an atomic has had its address

  UserHeap();
  UserHeap(const UserHeap&) = delete;
  UserHeap& operator=(const UserHeap&) = delete;

  // nullptr where the limit of the execution is reached. alignment: a power of two.
  void* allocate(std::size_t bytes, std::size_t alignment = 16);
  // The block that such an allocation by `task` could have again, since it was shown and `task` freed it last; 0:
  // none. The next allocation takes it, after take_again().
  std::uintptr_t again_from(std::size_t bytes, std::size_t alignment, std::uint16_t task) const;
  void take_again(std::uintptr_t block) { again_ = block; }
  // An atomic has had this value.
  [[gnu::always_inline]] void note_value(std::uint64_t value) {
    const std::uintptr_t address = value & pointer_bits;
    if (heap_range.contains(address)) [[unlikely]]
      show(address);
  }
  // Whether the block that was allocated last had been handed out before in this execution.
  bool reused() const { return reused_; }
  void* allocate_zeroed(std::size_t bytes);
  // What was at `block` before: `live` is right, `freed` a double free, `none` no block at all.
  Block release(void* block, std::uint16_t task = 0);
  // Bytes usable at a live block; 0 where there is none.
  std::size_t size_of(const void* block) const;
  static bool contains(const void* pointer) {
    return heap_range.contains(reinterpret_cast<std::uintptr_t>(pointer));
  }

  // Blocks handed out until the next end_part() are a part of their own: what one plugin has allocated while
  // it was loaded, that no other's executions can reach if `alone`.
  void end_part(bool alone);
  std::size_t part() const { return parts_.size(); }
  // What is there now belongs to every execution of those who made `part`; reset() goes back to it.
  void seal(std::size_t part);
  void reset();

  // The live blocks of this execution (base, bytes), by address; and what is sealed.
  template <class Visit>
  void each_live(Visit visit) const;
  template <class Visit>
  void each_sealed(Visit visit) const {
    for (const Sealed& part : sealed_) visit(part.base, part.content.size());
  }

 private:
  static constexpr std::size_t chunk_bytes = std::size_t{64} << 10;
  static constexpr std::size_t class_count = 48;
  static constexpr std::size_t largest_small = std::size_t{32} << 10;
  static constexpr std::size_t limit_bytes = std::size_t{1} << 30;
  static constexpr std::size_t quarantine_bytes = std::size_t{16} << 20;  // of chunks, before freed blocks are used
  static constexpr std::uint8_t large = 0xff;
  static constexpr std::uintptr_t pointer_bits = 0x0000'ffff'ffff'fff0;  // the rest may be tags

  struct SizeClass {
    std::uintptr_t next = 0;  // of the current chunk
    std::uintptr_t end = 0;
    std::vector<void*> freed;        // from `oldest` on, first come first used
    std::size_t oldest = 0;
    struct Shown {
      std::uintptr_t block;
      std::uint16_t task;  // who freed it
    };
    std::vector<Shown> shown;
  };
  struct Chunk {
    std::uint8_t size_class = 0;
    std::uint32_t run = 0;         // chunks, for large blocks
    std::uintptr_t high_water = 0; // end of what was ever handed out
  };
  struct Part {
    std::vector<std::uintptr_t> ends;  // of what was handed out, by chunk
    bool alone;
  };
  struct Sealed {
    std::uintptr_t base;
    std::vector<std::byte> content;
    std::vector<Block> states;
  };

  Part part_until_now(bool alone) const;
  void seal_chunks(const Part* before, const Part& part);
  static std::size_t class_of(std::size_t bytes);
  static std::size_t bytes_of(std::size_t size_class);
  void* allocate_small(std::size_t size_class);
  void* allocate_again(std::size_t size_class);
  void* oldest_freed(SizeClass& pool);
  void show(std::uintptr_t address);
  bool is_full(std::size_t more_chunks) const;
  void* allocate_large(std::size_t bytes, std::size_t alignment);
  bool open_chunk(std::size_t size_class);
  Chunk& chunk_at(std::uintptr_t address) { return chunks_[(address - heap_range.base) / chunk_bytes]; }
  const Chunk& chunk_at(std::uintptr_t address) const {
    return chunks_[(address - heap_range.base) / chunk_bytes];
  }
  Block& state_of(std::uintptr_t address) { return states_[(address - heap_range.base) / 16]; }

  std::array<SizeClass, class_count> classes_;
  std::vector<Chunk> chunks_;  // those in use, from the start of the range
  std::vector<void*> freed_large_;
  Block* states_;              // one for every 16 bytes of the range
  bool reused_ = false;
  std::vector<Part> parts_;
  std::uintptr_t again_ = 0;
  std::size_t sealed_chunks_ = 0;
  std::vector<Sealed> sealed_;
};

template <class Visit>
void UserHeap::each_live(Visit visit) const {
  for (std::size_t i = sealed_chunks_; i < chunks_.size(); ++i) {
    const Chunk& chunk = chunks_[i];
    const std::uintptr_t base = heap_range.base + i * chunk_bytes;
    const bool is_large = chunk.size_class == large;
    const std::size_t bytes = is_large ? chunk.run * chunk_bytes : bytes_of(chunk.size_class);
    for (std::uintptr_t block = base; block < chunk.high_water; block += bytes) {
      const Block state = states_[(block - heap_range.base) / 16];
      if (state == Block::live || state == Block::shown) visit(block, bytes);
      if (is_large) break;
    }
  }
}

}  // namespace harness
