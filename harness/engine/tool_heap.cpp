#include "harness/engine/tool_heap.hpp"

#include <fmt/format.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "harness/engine/address_space.hpp"
#include "harness/engine/raw_syscall.hpp"
#include "harness/engine/real.hpp"

namespace harness {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{64} << 10;
constexpr std::size_t chunk_count = tool_range.bytes / chunk_bytes;
constexpr std::size_t smallest_bits = 4;
constexpr std::size_t largest_bits = 15;
constexpr std::uint32_t large = 0x8000'0000;  // with the number of chunks

struct Free {
  Free* next;
};

struct Heap {
  bool in_use;
  bool reserved;
  int lock;
  pthread_t forking;  // the thread that holds the lock around fork()
  std::size_t used_chunks;
  Free* free[largest_bits + 1];
  std::uintptr_t next[largest_bits + 1];  // never handed out, to the end of their chunk
  Free* free_large;
  std::uint32_t kind[chunk_count];  // of each chunk: bits of its blocks, or `large` and a length
} heap;

void lock() {
  while (__atomic_exchange_n(&heap.lock, 1, __ATOMIC_ACQUIRE) != 0) raw_syscall(SYS_sched_yield);
}
void unlock() { __atomic_store_n(&heap.lock, 0, __ATOMIC_RELEASE); }

class Locked {
 public:
  Locked() : held_already_(heap.forking == pthread_self()) {
    if (!held_already_) lock();
  }
  ~Locked() {
    if (!held_already_) unlock();
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  bool held_already_;
};

std::size_t chunk_of(const void* block) {
  return (reinterpret_cast<std::uintptr_t>(block) - tool_range.base) / chunk_bytes;
}

std::uintptr_t take_chunks(std::size_t count, std::size_t alignment, std::uint32_t kind) {
  if (!heap.reserved) reserve_at(tool_range.base, tool_range.bytes, true);
  heap.reserved = true;
  const std::size_t step = std::max<std::size_t>(1, alignment / chunk_bytes);
  const std::size_t first = (heap.used_chunks + step - 1) / step * step;
  if (first + count > chunk_count) return 0;
  heap.used_chunks = first + count;
  heap.kind[first] = kind;
  return tool_range.base + first * chunk_bytes;
}

void* allocate_large(std::size_t bytes, std::size_t alignment) {
  const std::size_t count = (bytes + chunk_bytes - 1) / chunk_bytes;
  for (Free** at = &heap.free_large; *at != nullptr; at = &(*at)->next) {
    Free* const block = *at;
    if (heap.kind[chunk_of(block)] != (large | count)) continue;
    if (reinterpret_cast<std::uintptr_t>(block) % alignment != 0) continue;
    *at = block->next;
    return block;
  }
  if (count >= chunk_count) return nullptr;
  return reinterpret_cast<void*>(
      take_chunks(count, alignment, large | static_cast<std::uint32_t>(count)));
}

void* allocate_small(std::size_t bits) {
  if (Free* const block = heap.free[bits]; block != nullptr) {
    heap.free[bits] = block->next;
    return block;
  }
  std::uintptr_t& next = heap.next[bits];
  if (next % chunk_bytes == 0) next = take_chunks(1, 1, static_cast<std::uint32_t>(bits));
  if (next == 0) return nullptr;
  void* const block = reinterpret_cast<void*>(next);
  next += std::size_t{1} << bits;
  return block;
}

// The writable data of this library, in whole pages: what the dynamic linker made read-only stays out.
AddressRange own_variables() {
  AddressRange range{0, 0};
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* argument) {
        auto& to = *static_cast<AddressRange*>(argument);
        const auto mine = reinterpret_cast<std::uintptr_t>(&heap);
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const ElfW(Phdr)& header = info->dlpi_phdr[i];
          const std::uintptr_t base = info->dlpi_addr + header.p_vaddr;
          if (header.p_type == PT_GNU_RELRO) begin = std::max(begin, base + header.p_memsz);
          if (header.p_type != PT_LOAD || mine - base >= header.p_memsz) continue;
          begin = std::max(begin, base);
          end = base + header.p_memsz;
        }
        if (end == 0) return 0;
        to.base = begin & ~(page_bytes - 1);
        to.bytes = ((end + page_bytes - 1) & ~(page_bytes - 1)) - to.base;
        return 1;
      },
      &range);
  return range;
}

// Puts shared memory with the same content in the place of `range`, of which the first `used` bytes count.
void make_shared(AddressRange range, std::size_t used) {
  void* const copy = map_anonymous(range.bytes, true);
  real::memcpy(copy, reinterpret_cast<const void*>(range.base), used);
  const long moved = raw_syscall(SYS_mremap, reinterpret_cast<long>(copy), static_cast<long>(range.bytes),
                                 static_cast<long>(range.bytes), MREMAP_MAYMOVE | MREMAP_FIXED,
                                 static_cast<long>(range.base));
  if (moved != static_cast<long>(range.base))
    throw std::runtime_error(fmt::format("cannot share the tool's memory with a process for each execution: {}",
                                         std::strerror(static_cast<int>(-moved))));
}

}  // namespace

void use_tool_heap(bool in_use) { heap.in_use = in_use; }
bool tool_heap_in_use() { return heap.in_use; }
bool is_on_tool_heap(const void* block) {
  return tool_range.contains(reinterpret_cast<std::uintptr_t>(block));
}

void stop_others_in_tool_heap() {
  lock();
  heap.forking = pthread_self();
}
void let_others_into_tool_heap() {
  heap.forking = 0;
  unlock();
}

void* tool_allocate(std::size_t bytes, std::size_t alignment) {
  const Locked locked;
  const std::size_t wanted = std::max({bytes, alignment, std::size_t{1} << smallest_bits});
  if (wanted > std::size_t{1} << largest_bits) return allocate_large(bytes, alignment);
  return allocate_small(static_cast<std::size_t>(std::bit_width(wanted - 1)));
}

void tool_release(void* block) {
  const Locked locked;
  const std::uint32_t kind = heap.kind[chunk_of(block)];
  Free*& list = (kind & large) != 0 ? heap.free_large : heap.free[kind];
  auto* const freed = static_cast<Free*>(block);
  freed->next = list;
  list = freed;
}

std::size_t tool_size_of(const void* block) {
  const std::uint32_t kind = heap.kind[chunk_of(block)];
  return (kind & large) != 0 ? (kind & ~large) * chunk_bytes : std::size_t{1} << kind;
}

void share_tool_memory_with_children() {
  const AddressRange variables = own_variables();
  if (heap.reserved) make_shared(tool_range, heap.used_chunks * chunk_bytes);
  make_shared(variables, variables.bytes);
}

}  // namespace harness
