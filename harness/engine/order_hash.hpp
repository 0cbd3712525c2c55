// A hash of the happens-before order of an execution: the same for two executions that differ only in the
// order of events which do not concern each other. Per object it takes in which write each read and each
// write comes after, and which reads each write comes after; what it takes in is added up, so that the order
// in which it happened does not matter. Objects are told apart by the eight bytes they begin in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/engine/event.hpp"

namespace harness {

class OrderHash {
 public:
  OrderHash() : places_(mask_ + 1) {}

  void begin() {
    ++epoch_;
    hash_ = used_ = 0;
    for (std::uint32_t& count : counts_) count = 0;
  }

  // The event is about to happen.
  [[gnu::always_inline]] void add(const Event& event) {
    if (event.task >= counts_.size()) [[unlikely]]
      counts_.resize(std::size_t{event.task} + 16);
    const std::uint64_t id = (std::uint64_t{event.task} + 1) << 32 | ++counts_[event.task];
    if (event.object != 0) touch(event.object, id, reads(event.op));
    if (event.alternative != 0 || event.op == Op::wait) [[unlikely]]
      add_rare(event, id);
  }

  std::uint64_t value() const { return hash_; }

 private:
  struct Place {
    std::uint64_t address = 0;
    std::uint64_t write = 0;  // the last one
    std::uint64_t reads = 0;  // since then
    std::uint64_t epoch = 0;
  };

  static bool reads(Op op) { return op == Op::load || op == Op::read_point; }
  static std::uint64_t mixed(std::uint64_t x) {
    x *= 0x9e3779b97f4a7c15;
    return (x ^ x >> 32) * 0xbf58476d1ce4e5b9;
  }

  [[gnu::cold]] void add_rare(const Event& event, std::uint64_t id) {
    hash_ += mixed(id ^ std::uint64_t{event.alternative} << 56);
    if (event.op == Op::wait && event.value != 0) touch(event.value, id, false);  // gives up its mutex
  }

  [[gnu::always_inline]] void touch(std::uintptr_t object, std::uint64_t id, bool only_reads) {
    const std::uint64_t address = object >> 3;
    Place* place = &places_[slot_of(address)];
    if (place->address != address || place->epoch != epoch_) [[unlikely]]
      place = &find(address);
    const std::uint64_t after_write = id ^ (place->write << 20 | place->write >> 44);
    if (only_reads) {
      hash_ += mixed(after_write);
      place->reads += mixed(id);
    } else {
      hash_ += mixed(after_write ^ place->reads);
      place->write = id;
      place->reads = 0;
    }
  }

  [[gnu::noinline]] Place& find(std::uint64_t address) {
    std::size_t slot = slot_of(address);
    for (; places_[slot].epoch == epoch_; slot = (slot + 1) & mask_)
      if (places_[slot].address == address) return places_[slot];
    if (2 * ++used_ > places_.size()) [[unlikely]] {
      grow();
      return find(address);
    }
    places_[slot] = {address, 0, 0, epoch_};
    return places_[slot];
  }

  std::size_t slot_of(std::uint64_t address) const {
    return (address * 0x9e3779b97f4a7c15 >> 40) & mask_;
  }

  [[gnu::cold]] void grow() {
    std::vector<Place> old(places_.size() * 2);
    old.swap(places_);
    mask_ = places_.size() - 1;
    for (const Place& place : old) {
      if (place.epoch != epoch_) continue;
      std::size_t slot = slot_of(place.address);
      while (places_[slot].epoch == epoch_) slot = (slot + 1) & mask_;
      places_[slot] = place;
    }
    --used_;  // the one that is to be added is counted again
  }

  std::size_t mask_ = 255;     // of a power of two
  std::vector<Place> places_;
  std::vector<std::uint32_t> counts_;  // events, by task
  std::uint64_t hash_ = 0;
  std::uint64_t epoch_ = 0;
  std::size_t used_ = 0;
};

}  // namespace harness
