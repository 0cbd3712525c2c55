// The heap of the program under test: malloc() during an execution. Addresses are the same in every
// execution with the same choices, everything is forgotten at its end, and the bookkeeping stands apart
// from the blocks, so that no overflow of the program reaches it.
//
// 64 KiB chunks, each of one size class, last-freed-first-used; larger blocks are runs of chunks. New blocks
// are filled with a fixed byte: what the program reads uninitialised is the same in every execution.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/engine/address_space.hpp"

namespace harness {

class UserHeap {
 public:
  enum class Block : std::uint8_t { none, live, freed };

  UserHeap();
  UserHeap(const UserHeap&) = delete;
  UserHeap& operator=(const UserHeap&) = delete;

  // nullptr where the limit of the execution is reached. alignment: a power of two.
  void* allocate(std::size_t bytes, std::size_t alignment = 16);
  // Whether the block that was allocated last had been handed out before in this execution.
  bool reused() const { return reused_; }
  void* allocate_zeroed(std::size_t bytes);
  // What was at `block` before: `live` is right, `freed` a double free, `none` no block at all.
  Block release(void* block);
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

 private:
  static constexpr std::size_t chunk_bytes = std::size_t{64} << 10;
  static constexpr std::size_t class_count = 48;
  static constexpr std::size_t largest_small = std::size_t{32} << 10;
  static constexpr std::size_t limit_bytes = std::size_t{1} << 30;
  static constexpr std::uint8_t large = 0xff;

  struct SizeClass {
    std::uintptr_t next = 0;  // of the current chunk
    std::uintptr_t end = 0;
    std::vector<void*> freed;
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
  std::size_t sealed_chunks_ = 0;
  std::vector<Sealed> sealed_;
};

}  // namespace harness
