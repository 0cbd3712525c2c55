// fork(): parent and child go on, each with its own copy, whatever other threads were doing.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <thread>
#include <utility>
#include <vector>

#include "allocator/segment_pool.hpp"

namespace {

using allocator::Cache;
using allocator::Segment;
using allocator::SegmentPool;

// Ends within seconds or is killed: a lock left locked would be a hang.
template <typename Body>
int in_child(Body body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(body());
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

TEST(Fork, ChildAndParentHaveTheirOwnSegments) {
  SegmentPool pool({.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 65536});
  Cache cache = pool.make_cache();
  Segment segment = cache.allocate(4096);
  segment.data()[0] = std::byte{1};
  EXPECT_EQ(in_child([&] {
              if (segment.data()[0] != std::byte{1}) return 1;
              segment.data()[0] = std::byte{2};
              Segment other = cache.allocate(4096);
              other.data()[0] = std::byte{3};
              cache.release(std::move(segment));
              other.reset();
              pool.free_unused_regions();
              return pool.statistics().mapped_bytes == 0 && pool.verify().empty() ? 0 : 2;
            }),
            0);
  EXPECT_EQ(segment.data()[0], std::byte{1});
  EXPECT_EQ(pool.statistics().slices_out, 1u);
  EXPECT_EQ(pool.verify(), "");
}

// Other threads grow, sweep and work with their caches while the process forks. In the child they
// do not exist; what they held stays out, their caches can be drained, no lock is stuck.
TEST(Fork, InTheMiddleOfEverything) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP()
      << "ThreadSanitizer's own runtime does not outlive the fork of a program with threads";
#endif
  SegmentPool pool({.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 32768});
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      Cache cache = pool.make_cache();
      while (!stop) {
        Segment one = cache.try_allocate(4096);
        Segment other = pool.try_allocate(65536);
        if (one) cache.release(std::move(one));
      }
    });
  }
  threads.emplace_back([&] {
    while (!stop) pool.free_unused_regions();
  });
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(in_child([&] {
                Segment segment = pool.try_allocate(4096);
                if (!segment) return 1;
                segment.data()[0] = std::byte{1};
                Cache cache = pool.make_cache();
                cache.release(std::move(segment));
                pool.free_unused_regions();
                if (pool.statistics() != pool.recount()) return 2;
                // At most what two workers had in their hands: one slice of each class.
                if (pool.statistics().slices_out > 4 + 2 * 64) return 3;
                pool.close();
                return 0;
              }),
              0);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool.statistics().slices_out, 0u);
  EXPECT_EQ(pool.verify(), "");
}

}  // namespace
