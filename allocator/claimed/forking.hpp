// What a pool does around fork(). Parent and child share nothing: memory and descriptors are
// private mappings, each process goes on with its own copy. But a child has only the thread that
// forked: a lock that another thread held would stay locked for ever, so all locks are taken
// before.
#pragma once

namespace allocator::claimed {

class Forkable {
 public:
  virtual void before_fork() = 0;
  virtual void after_fork(bool in_child) = 0;

 protected:
  // When all of the pool is there, and before any of it goes.
  void enter_fork_list();
  void leave_fork_list();
  ~Forkable() = default;

 private:
  friend struct ForkHandlers;
  Forkable* next_ = nullptr;
  Forkable* previous_ = nullptr;
};

}  // namespace allocator::claimed
