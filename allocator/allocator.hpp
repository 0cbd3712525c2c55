// A pool of page segments: `mmap`ed regions cut into equal slices of one size class, handed out to
// many threads, given back to the system when a whole region is unused. Five generations of it
// stand behind one interface, four of them broken the way their history was (see the incident
// report's variants in variants()), one right: `claimed`, the default.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>

namespace allocator {

// Bytes of each size class. A request is rounded up to its class; 0 and more than the largest are
// errors.
inline constexpr std::array<std::size_t, 7> size_classes = {4096,  8192,   16384, 32768,
                                                            65536, 131072, 262144};

// A handed-out slice. Plain: copying it copies the claim, as in the original.
class Slice {
 public:
  Slice() = default;
  Slice(void* base, std::size_t bytes) : base_(static_cast<std::byte*>(base)), bytes_(bytes) {}
  std::byte* data() const { return base_; }
  std::size_t size() const { return bytes_; }  // bytes of the class, not of the request
  std::span<std::byte> span() const { return {base_, bytes_}; }
  explicit operator bool() const { return base_ != nullptr; }

 private:
  std::byte* base_ = nullptr;
  std::size_t bytes_ = 0;
};

// What release() found. The historical variants accept everything whose region they find.
enum class Released : std::uint8_t { ok, double_release, foreign, misaligned, closed };
std::string_view name_of(Released result);

// allocate() could not: `reason` says which of budget, address space, system memory ran out, or
// that the pool is closed.
class OutOfMemory : public std::bad_alloc {
 public:
  explicit OutOfMemory(std::string reason)
      : reason_(std::make_shared<std::string>(std::move(reason))) {}
  const char* what() const noexcept override { return reason_->c_str(); }

 private:
  std::shared_ptr<std::string> reason_;  // copying an exception must not throw
};

class VirtualMemory;  // virtual_memory.hpp: the few system calls a pool makes

struct Options {
  std::size_t budget_bytes = std::size_t{256} << 20;  // mapped bytes never exceed it; not 0
  // Growth maps max(8, 2 * cores) slices' worth of regions, at least one. 0: the cores of this
  // machine; say a number where every machine must do the same.
  std::size_t cores = 0;
  // 0: the generation's own rule (1 MiB, or clamp(32 * class, 1 MiB, 8 MiB)). Else a multiple of 4
  // KiB and of the page, at most 8 MiB; rounded up to whole slices for a class that does not divide
  // it.
  std::size_t region_bytes = 0;
  VirtualMemory* memory = nullptr;  // nullptr: the operating system. Must outlive the pool.
};

// statistics() is what the pool's counters claim, without stopping anybody; recount() walks
// everything. They agree while no other call is under way.
struct Statistics {
  std::size_t regions = 0;
  std::size_t mapped_bytes = 0;
  std::array<std::size_t, size_classes.size()> free_slices{};  // by class
  std::size_t slices_out = 0;
  friend bool operator==(const Statistics&, const Statistics&) = default;
};

// Every call may be made by any thread at any time, but for the destructor: slices still out when
// it runs become invalid. What an owner wrote before release() happens before whatever the next
// owner of the same slice does.
class Pool {
 public:
  virtual ~Pool() = default;
  // Throws std::invalid_argument (size 0 or above the largest class), OutOfMemory.
  virtual Slice allocate(std::size_t bytes) = 0;
  // The slice is known by its address alone. Whatever is refused has had no effect.
  virtual Released release(Slice slice) = 0;
  // Gives every region without a slice in use back to the system. Returns the bytes unmapped (or
  // discarded, for `madvise-reuse`). Throws std::system_error where the system refuses to take a
  // region back: that region stays mapped, pooled and counted; the others have gone all the same.
  virtual std::size_t free_unused_regions() = 0;
  // Shutdown: refuses new requests. Historical variants unmap everything at once; in `claimed`
  // regions with slices out go when their last slice comes home. Throws like free_unused_regions();
  // may be called again.
  virtual void close() = 0;
  virtual Statistics statistics() const = 0;
  virtual Statistics recount() const = 0;
  // What does not add up, as a sentence; empty: nothing. While other calls are under way it may
  // object to what they have half done. Historical variants have nothing to say.
  virtual std::string verify() const { return {}; }
  virtual std::size_t budget_bytes() const = 0;
};

// "shared-arena", "uncounted-alloc", "documented-fix", "madvise-reuse", "claimed".
std::span<const std::string_view> variants();
// Throws std::invalid_argument for an unknown variant or impossible options.
std::unique_ptr<Pool> make(std::string_view variant, const Options& options = {});

}  // namespace allocator
