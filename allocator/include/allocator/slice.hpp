// The words of the pool's contract: size classes, slices, what a release found, why a request was
// refused, counts. Plain data; no function here calls the pool.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace allocator {

// Bytes of each size class. A request is rounded up to its class; 0 and more than the largest are
// errors.
inline constexpr std::array<std::size_t, 7> size_classes = {4096,  8192,   16384, 32768,
                                                            65536, 131072, 262144};

namespace detail {

// The class of a request that is 1 byte to the largest class, and of a slice by its size. Without
// the standard functions' care for zero, which costs these paths a tenth.
inline std::size_t class_of(std::size_t bytes) {
  return 52 - static_cast<std::size_t>(__builtin_clzll((bytes - 1) | (size_classes.front() - 1)));
}
inline std::size_t class_of_slice(std::size_t slice_bytes) {
  return static_cast<std::size_t>(__builtin_ctzll(slice_bytes)) - 12;
}
inline bool has_class(std::size_t bytes) { return bytes - 1 < size_classes.back(); }

}  // namespace detail

// A handed-out slice. Plain: copying it copies the claim, as in the original. Aligned to its size
// in `claimed`.
class Slice {
 public:
  Slice() = default;
  // `ticket`: see Check::exact; 0 where there is none.
  Slice(void* base, std::size_t bytes, std::uint32_t ticket = 0)
      : base_(static_cast<std::byte*>(base)),
        bytes_(static_cast<std::uint32_t>(bytes)),
        ticket_(ticket) {}
  std::byte* data() const { return base_; }
  std::size_t size() const { return bytes_; }  // bytes of the class, not of the request
  std::span<std::byte> span() const { return {base_, bytes_}; }
  std::uint32_t ticket() const { return ticket_; }
  explicit operator bool() const { return base_ != nullptr; }

 private:
  std::byte* base_ = nullptr;
  std::uint32_t bytes_ = 0;
  std::uint32_t ticket_ = 0;
};

// What release() found; whatever is not `ok` has had no effect. The historical variants accept
// everything whose region they find.
//   double_release  the slice is free already (of two releases at once exactly one is told so)
//   stale           it has been handed out again since (only told with Check::exact)
//   foreign         no slice of this pool: null, the stack, the heap, another pool
//   misaligned      an address inside of a slice
//   closed          its region has been given back to the system
enum class Released : std::uint8_t { ok, double_release, foreign, misaligned, closed, stale };
std::string_view name_of(Released result);

// What ran out. `budget` means that regions in use fill it; `address_space`, that the range of
// addresses reserved when the pool was made is full, or could not be had; `system_memory`, that the
// system refused to map or to unmap.
enum class Shortage : std::uint8_t { budget, address_space, system_memory, closed };
std::string_view name_of(Shortage shortage);

// What was the case when a request was refused.
struct Figures {
  Shortage shortage = Shortage::budget;
  std::size_t class_bytes = 0;  // 0: no class had been chosen
  std::size_t budget_bytes = 0;
  std::size_t mapped_bytes = 0;
  std::size_t free_slices = 0;  // of the class
};

// A request could not be served; the text says why, in a sentence with the figures.
class OutOfMemory : public std::bad_alloc {
 public:
  explicit OutOfMemory(std::string reason, const Figures& figures = {})
      : reason_(std::make_shared<std::string>(std::move(reason))), figures_(figures) {}
  const char* what() const noexcept override { return reason_->c_str(); }
  const Figures& figures() const noexcept { return figures_; }

 private:
  std::shared_ptr<std::string> reason_;  // copying an exception must not throw
  Figures figures_;
};

// statistics() is what the pool's counters claim, without stopping anybody; recount() walks
// everything. They agree while no other call is under way.
struct Statistics {
  std::size_t regions = 0;
  std::size_t mapped_bytes = 0;
  std::array<std::size_t, size_classes.size()> free_slices{};  // by class, not those in caches
  std::size_t slices_out = 0;                                  // with clients
  std::size_t cached_slices = 0;                               // free, in caches
  friend bool operator==(const Statistics&, const Statistics&) = default;
};

// What has happened since the pool was made. Counted where a lock is held anyway, so that no fast
// path pays for it.
struct Activity {
  std::size_t regions_opened = 0;
  std::size_t regions_closed = 0;
  std::size_t closes_rolled_back = 0;  // a sweep found a slice of the region in use, or was refused
  std::size_t requests_refused = 0;
  std::size_t caches_drained = 0;
  std::size_t advice_refused = 0;  // huge pages or a NUMA node that the system would not have
};

}  // namespace allocator
