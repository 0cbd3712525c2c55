// The list of pools, and the handlers that the C library calls.
#include "allocator/claimed/forking.hpp"

#include <pthread.h>

#include <mutex>

namespace allocator::claimed {
namespace {

constinit std::mutex list_lock;
constinit Forkable* first = nullptr;

}  // namespace

struct ForkHandlers {
  static void before() {
    list_lock.lock();
    for (Forkable* at = first; at != nullptr; at = at->next_) at->before_fork();
  }
  static void after(bool in_child) {
    for (Forkable* at = first; at != nullptr; at = at->next_) at->after_fork(in_child);
    list_lock.unlock();
  }
  static void in_parent() { after(false); }
  static void in_child() { after(true); }
};

namespace {

// Once for each process, when the library is loaded: a later moment would be a race of its own.
const bool registered =
    pthread_atfork(ForkHandlers::before, ForkHandlers::in_parent, ForkHandlers::in_child) == 0;

}  // namespace

void Forkable::enter_fork_list() {
  static_cast<void>(registered);
  const std::lock_guard hold(list_lock);
  next_ = first;
  if (first != nullptr) first->previous_ = this;
  first = this;
}

void Forkable::leave_fork_list() {
  const std::lock_guard hold(list_lock);
  if (next_ != nullptr) next_->previous_ = previous_;
  (previous_ != nullptr ? previous_->next_ : first) = next_;
}

}  // namespace allocator::claimed
