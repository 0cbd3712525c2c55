// The fast paths of `claimed` (claim a slice, put it back), its construction and its counts.
// Growth, sweeps and shutdown are in regions.cpp.
#include "allocator/claimed/pool.hpp"

#include <algorithm>

#include "allocator/variants.hpp"
#include "allocator/virtual_memory.hpp"
#include "harness/point.hpp"

namespace allocator::claimed {
namespace {

// Where this thread last found a slice, for each class and a few pools. Threads part from each
// other by themselves: whoever loses a race for a word looks for its next slice elsewhere, and
// stays there. Nothing but a hint, so a thread keeps it for itself and it costs no atomic
// operation.
struct Hint {
  std::uint64_t pool = 0;
  std::array<std::size_t, size_classes.size()> words{};
};
constinit thread_local std::array<Hint, 4> hints{};

std::size_t& hint_for(std::uint64_t pool, std::size_t size_class) {
  Hint& hint = hints[pool % hints.size()];
  if (hint.pool != pool) hint = Hint{pool, {}};
  return hint.words[size_class];
}

std::atomic<std::uint64_t> pools_made{0};

}  // namespace

ClaimedPool::ClaimedPool(const Options& options)
    : plan_(plan(options, scaled_regions)),
      id_(pools_made.fetch_add(1, std::memory_order_relaxed) + 1),
      budget_(plan_.budget_bytes),
      layout_(plan_.region_bytes, plan_.budget_bytes,
              Layout::wanted_stride(plan_.region_bytes, plan_.budget_bytes)) {
  std::error_code error;
  std::size_t stride = Layout::wanted_stride(plan_.region_bytes, plan_.budget_bytes);
  while (!reserve(error)) {
    stride /= 2;
    layout_ = Layout(plan_.region_bytes, plan_.budget_bytes, stride);
    if (layout_.reserved_bytes() == 0) {
      throw OutOfMemory("the system refused the addresses a pool needs: " + error.message());
    }
  }
}

ClaimedPool::~ClaimedPool() {
  // Nobody is left to tell of a failure; what cannot be unmapped stays until the process ends.
  if (reservation_ != nullptr) {
    static_cast<void>(plan_.memory->release(reservation_, layout_.reserved_bytes()));
  }
}

// Addresses and descriptors, both or none.
bool ClaimedPool::reserve(std::error_code& error) {
  if (!allocate_descriptors()) {
    error = std::make_error_code(std::errc::not_enough_memory);
    return false;
  }
  const std::size_t bytes = layout_.reserved_bytes();
  if (bytes == 0) return true;  // no class can have a region: every request will be told so
  reservation_ = plan_.memory->reserve(bytes, error);
  if (reservation_ == nullptr) return false;
  layout_.put_at(reservation_);
  return true;
}

// One zeroed block for all. The C library takes a large one fresh from the system, so descriptors
// of regions that are never mapped cost addresses only. Each class has one word at least, for the
// hint of a thread that was never here.
bool ClaimedPool::allocate_descriptors() {
  std::size_t words = 0;
  std::size_t groups = 0;
  for (std::size_t i = 0; i < size_classes.size(); ++i) {
    words += std::max<std::size_t>(1, layout_.of(i).words());
    groups += Summary::groups(layout_.of(i).words()) + Summary::groups(layout_.of(i).regions);
  }
  const std::size_t bytes = (words + 1) * sizeof(Word) + groups * sizeof(std::uint64_t);
  descriptor_memory_.reset(static_cast<std::byte*>(std::calloc(1, bytes)));
  if (descriptor_memory_ == nullptr) return false;
  void* aligned = descriptor_memory_.get();
  std::size_t space = bytes;
  std::align(alignof(Word), words * sizeof(Word), aligned, space);
  Word* next_word = static_cast<Word*>(aligned);
  auto* next_group = reinterpret_cast<std::uint64_t*>(next_word + words);
  for (std::size_t i = 0; i < size_classes.size(); ++i) {
    const ClassLayout& layout = layout_.of(i);
    Descriptors& descriptors = descriptors_[i];
    descriptors.words = next_word;
    next_word += std::max<std::size_t>(1, layout.words());
    descriptors.summary = Summary(next_group, descriptors.words);
    next_group += Summary::groups(layout.words());
    descriptors.mapped = next_group;
    next_group += Summary::groups(layout.regions);
  }
  return true;
}

Slice ClaimedPool::allocate(std::size_t bytes) {
  const std::size_t size_class = size_class_of(bytes);
  std::size_t& word = hint_for(id_, size_class);
  int slice = descriptors_[size_class].words[word].try_claim();
  if (slice < 0) [[unlikely]] {
    slice = claim_slowly(size_class, word);
  }
  harness::point("polled");
  return {layout_.slice(size_class, word, static_cast<unsigned>(slice)), size_classes[size_class]};
}

Released ClaimedPool::release(Slice slice) {
  const Place place = layout_.locate(slice.data());
  if (place.result != Released::ok) return place.result;
  Descriptors& descriptors = descriptors_[place.size_class];
  const Word::Put put = descriptors.words[place.word].put(place.slice);
  if (put.result != Released::ok) return put.result;
  harness::point("pushed");
  if (put.draining) [[unlikely]] {
    const ClassLayout& layout = layout_.of(place.size_class);
    if (put.after == layout.all_of(place.word)) {
      free_drained(place.size_class, layout.region_of(place.word));
    }
  } else if (put.first) {
    descriptors.summary.mark(place.word);
  }
  return Released::ok;
}

// Only when the words themselves have been looked at, with growth and sweeps shut out, is a request
// refused; and not while the summary shows that a slice may have come back since. Each further
// round either claims, or clears the bits that were out of date.
int ClaimedPool::claim_slowly(std::size_t size_class, std::size_t& word) {
  int slice = search(size_class, word);
  if (slice >= 0) return slice;
  harness::point("grow");
  const std::lock_guard hold(lock_);
  Descriptors& descriptors = descriptors_[size_class];
  std::string refused;
  while (!closed_) {
    if (slice = scan(size_class, word); slice >= 0) return slice;
    if (slice = grow(size_class, word, refused); slice >= 0) return slice;
    if (!descriptors.summary.any(descriptors.words_end.load(std::memory_order_relaxed))) break;
    if (slice = search(size_class, word); slice >= 0) return slice;
  }
  throw_out_of_memory(size_class, closed_ ? "the pool is closed" : refused, budget_.limit_bytes(),
                      budget_.charged_bytes(), 0);
}

// By the summary, words after the last one first. A word that somebody else is claiming from is
// passed over as long as there are others.
int ClaimedPool::search(std::size_t size_class, std::size_t& word) {
  Descriptors& descriptors = descriptors_[size_class];
  const std::size_t words_end = descriptors.words_end.load(std::memory_order_relaxed);
  const std::size_t groups = Summary::groups(words_end);
  const int turn = static_cast<int>((word + 1) % 64);
  bool contended = true;
  while (contended) {
    contended = false;
    for (std::size_t i = 0; i < groups; ++i) {
      const std::size_t group = (word / 64 + i) % groups;
      std::uint64_t turned = std::rotr(descriptors.summary.group(group), turn);
      for (; turned != 0; turned &= turned - 1) {
        const auto bit = static_cast<std::size_t>(std::countr_zero(turned) + turn) % 64;
        const int slice = descriptors.words[group * 64 + bit].try_claim();
        if (slice >= 0) {
          word = group * 64 + bit;
          return slice;
        }
        if (slice == Word::contended) {
          contended = true;
        } else {
          descriptors.summary.settle(group * 64 + bit);
        }
      }
    }
  }
  return Word::none;
}

Statistics ClaimedPool::statistics() const {
  Statistics said;
  said.mapped_bytes = budget_.charged_bytes();
  for (std::size_t i = 0; i < size_classes.size(); ++i) {
    const ClassLayout& layout = layout_.of(i);
    const std::size_t end = descriptors_[i].words_end.load(std::memory_order_relaxed);
    for (std::size_t word = 0; word < end; ++word) {
      const Word::Count count = descriptors_[i].words[word].count();
      if (!count.open) continue;
      const auto free = static_cast<std::size_t>(std::popcount(count.free));
      said.regions += word == layout.first_word(layout.region_of(word)) ? 1 : 0;
      said.free_slices[i] += free;
      said.slices_out += static_cast<std::size_t>(std::popcount(layout.all_of(word))) - free;
    }
  }
  return said;
}

Statistics ClaimedPool::recount() const {
  const std::lock_guard hold(lock_);
  Statistics counted;
  for (std::size_t i = 0; i < size_classes.size(); ++i) {
    const ClassLayout& layout = layout_.of(i);
    any_mapped(i, [&](std::size_t region) {
      ++counted.regions;
      counted.mapped_bytes += layout.region_bytes;
      std::size_t free = 0;
      for (std::size_t word = 0; word < layout.used_words; ++word) {
        const Word& at = descriptors_[i].words[layout.first_word(region) + word];
        free += static_cast<std::size_t>(std::popcount(at.count().free));
      }
      counted.free_slices[i] += free;
      counted.slices_out += layout.slices - free;
      return false;
    });
  }
  return counted;
}

}  // namespace allocator::claimed

std::unique_ptr<allocator::Pool> allocator::make_claimed(const Options& options) {
  return std::make_unique<claimed::ClaimedPool>(options);
}
