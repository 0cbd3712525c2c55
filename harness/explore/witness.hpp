// What a worker left behind in shared memory, as values: names, choices, the recording of an
// execution. Nothing there is trusted: the program under test may have written over it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/engine/address_space.hpp"
#include "harness/engine/real.hpp"
#include "harness/engine/shared.hpp"
#include "harness/engine/worker.hpp"
#include "harness/explore/describe.hpp"

namespace harness {

struct FreeShared {
  void operator()(Shared* shared) const { free_shared_block(shared); }
};
using SharedBlock = std::unique_ptr<Shared, FreeShared>;

// For executions of at most `max_steps`; with room for the full history of one if it `records`.
SharedBlock make_block(std::uint64_t max_steps, bool records);

// A plain value, zero at first, that workers made later and the watching process both see.
template <class Value>
class SharedValue {
 public:
  SharedValue() : value_(static_cast<Value*>(map_anonymous(sizeof(Value), true))) {}
  ~SharedValue() { real::munmap(value_, sizeof(Value)); }
  SharedValue(const SharedValue&) = delete;
  SharedValue& operator=(const SharedValue&) = delete;
  Value& operator*() const { return *value_; }
  Value* operator->() const { return value_; }

 private:
  Value* value_;
};

std::string_view text_of(const char* text, std::size_t room);
std::vector<std::string> task_names(const Shared& shared);
// Up to the first that makes no sense.
std::vector<Choice> choices_of(const Shared& shared);
// Its labels stay in the block.
Recording recording_of(const Shared& shared);

// Named and placed, in the order in which they came up.
std::vector<reports::Warning> warnings_of(const Shared& shared);

// The worker is gone without a word: what it was doing is still in shared memory, and becomes a
// violation of the rule `crash`.
void note_lost_worker(Shared& shared, const WorkerResult& result);

}  // namespace harness
