// A pool that writes down what it is asked for, as an allocation trace (trace.hpp). It decorates
// any generation, with no more than the interface that all of them have, so nothing has to be
// preloaded or relinked.
//
// The order of the lines is one in which it can have happened: an allocation is written when it has
// returned, a release before it begins. Threads are called thread-1, thread-2, ... as they come.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "allocator/allocator.hpp"
#include "scenarios/traces/trace.hpp"

namespace traces {

class RecordingPool final : public allocator::Pool {
 public:
  explicit RecordingPool(std::unique_ptr<allocator::Pool> pool) : pool_(std::move(pool)) {}

  allocator::Slice allocate(std::size_t bytes) override {
    const allocator::Slice slice = pool_->allocate(bytes);
    const std::lock_guard hold(lock_);
    out_[slice.data()] = ++handles_;
    writer_.allocate(this_thread(), slice.size(), handles_);
    return slice;
  }

  // A release of what is not out is not written down: a trace is of what was right.
  allocator::Released release(allocator::Slice slice) override {
    {
      const std::lock_guard hold(lock_);
      if (const auto found = out_.find(slice.data()); found != out_.end()) {
        writer_.release(this_thread(), slice.size(), found->second);
        out_.erase(found);
      }
    }
    return pool_->release(slice);
  }

  std::size_t free_unused_regions() override {
    {
      const std::lock_guard hold(lock_);
      writer_.sweep(this_thread());
    }
    return pool_->free_unused_regions();
  }

  void close() override { pool_->close(); }
  allocator::Statistics statistics() const override { return pool_->statistics(); }
  allocator::Statistics recount() const override { return pool_->recount(); }
  std::string verify() const override { return pool_->verify(); }
  allocator::Activity activity() const override { return pool_->activity(); }
  std::size_t budget_bytes() const override { return pool_->budget_bytes(); }

  // What was recorded so far, as text.
  std::string trace() const {
    const std::lock_guard hold(lock_);
    return writer_.text();
  }

 private:
  std::string this_thread() {
    const std::thread::id id = std::this_thread::get_id();
    auto known = std::find(threads_.begin(), threads_.end(), id);
    if (known == threads_.end()) known = threads_.insert(known, id);
    return "thread-" + std::to_string(known - threads_.begin() + 1);
  }

  std::unique_ptr<allocator::Pool> pool_;
  mutable std::mutex lock_;
  Writer writer_;
  std::map<const std::byte*, std::uint64_t> out_;
  std::vector<std::thread::id> threads_;
  std::uint64_t handles_ = 0;
};

}  // namespace traces
