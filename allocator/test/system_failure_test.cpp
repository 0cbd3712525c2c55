// Every system call of the pool fails at every place it can: nothing is lost, the counts are exact,
// the caller is told what ran out, and the next attempt works. Some by a double, some for real, in
// a process whose limits have been lowered.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "allocator/segment_pool.hpp"
#include "allocator/test/memory_double.hpp"

namespace {

using allocator::Cache;
using allocator::MemoryDouble;
using allocator::Options;
using allocator::OutOfMemory;
using allocator::Segment;
using allocator::SegmentPool;
using allocator::Shortage;
using allocator::Statistics;
using allocator::Unmap;
using Call = MemoryDouble::Call;

// A day in the life of a pool, with one of its calls failing. Returns how often something was
// refused.
int live(MemoryDouble& memory, Unmap unmap) {
  int refusals = 0;
  SegmentPool pool({.budget_bytes = 6 * 65536,
                    .cores = 1,
                    .region_bytes = 65536,
                    .memory = &memory,
                    .unmap = unmap});
  Cache cache = pool.make_cache();
  std::vector<Segment> segments;
  for (const std::size_t bytes : {4096u, 65536u, 8192u, 65536u, 65536u, 4096u, 65536u, 32768u}) {
    try {
      segments.push_back(cache.allocate(bytes));
      std::memset(segments.back().data(), 1, bytes);
    } catch (const OutOfMemory& refused) {
      EXPECT_NE(refused.figures().shortage, Shortage::closed);
      EXPECT_EQ(refused.figures().class_bytes, bytes);
      EXPECT_EQ(refused.figures().mapped_bytes, pool.statistics().mapped_bytes);
      ++refusals;
    }
    EXPECT_EQ(pool.verify(), "");
    EXPECT_EQ(pool.statistics(), pool.recount());
    if (segments.size() % 3 == 2) segments.erase(segments.begin());
  }
  segments.clear();
  for (int attempt = 0; attempt < 3; ++attempt) {
    try {
      attempt == 2 ? pool.close() : static_cast<void>(pool.free_unused_regions(attempt + 1u));
    } catch (const std::system_error& refused) {
      EXPECT_NE(refused.code().value(), 0);
      ++refusals;
    }
    EXPECT_EQ(pool.verify(), "");
    EXPECT_EQ(pool.statistics(), pool.recount());
  }
  if (pool.statistics().mapped_bytes != 0) pool.close();
  EXPECT_EQ(pool.statistics(), Statistics{});
  return refusals;
}

TEST(SystemFailure, EveryCallAtEveryPlace) {
  for (const Unmap unmap : {Unmap::protect, Unmap::discard}) {
    const Call taking_back = unmap == Unmap::protect ? Call::decommit : Call::discard;
    for (const Call call : {Call::commit, taking_back}) {
      for (const int code : {ENOMEM, EAGAIN, EINVAL}) {
        MemoryDouble never;
        EXPECT_EQ(live(never, unmap), 0);
        const std::size_t calls = never.calls(call);
        EXPECT_GT(calls, 2u);
        int refusals = 0;
        for (std::size_t place = 0; place < calls; ++place) {
          MemoryDouble memory;
          memory.fail(call, place, 1, code);
          refusals += live(memory, unmap);
          EXPECT_EQ(memory.repeated_unmappings(), 0u);
        }
        EXPECT_GT(refusals, 0) << "nobody heard of " << std::strerror(code);
      }
    }
  }
}

TEST(SystemFailure, TheCallerHearsWhatRanOut) {
  MemoryDouble memory;
  SegmentPool pool(
      {.budget_bytes = 2 * 65536, .cores = 1, .region_bytes = 65536, .memory = &memory});
  memory.fail(Call::commit, 0, 1, EAGAIN);
  try {
    pool.allocate(4096);
    FAIL() << "a segment without memory";
  } catch (const OutOfMemory& refused) {
    EXPECT_EQ(refused.figures().shortage, Shortage::system_memory);
    EXPECT_NE(std::string(refused.what()).find(std::strerror(EAGAIN)), std::string::npos);
  }
  memory.fail(Call::reserve, 0, 100, ENOMEM);
  try {
    SegmentPool none({.memory = &memory});
    FAIL() << "a pool without addresses";
  } catch (const OutOfMemory& refused) {
    EXPECT_EQ(refused.figures().shortage, Shortage::address_space);
  }
  // Addresses for one region only, a budget for more.
  MemoryDouble narrow;
  narrow.fail(Call::reserve, 0, 2);
  SegmentPool small(
      {.budget_bytes = 4 * 262144, .cores = 1, .region_bytes = 262144, .memory = &narrow});
  const Segment first = small.allocate(262144);
  try {
    const Segment second = small.allocate(262144);
    FAIL() << "more regions than addresses";
  } catch (const OutOfMemory& refused) {
    EXPECT_EQ(refused.figures().shortage, Shortage::address_space) << refused.what();
  }
  EXPECT_EQ(small.verify(), "");
}

// In a process of its own, whose limits may be lowered. The body's result is the exit status: 0 is
// success.
template <typename Body>
int in_child(Body body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

std::size_t address_space_bytes() {
  unsigned long pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(SystemFailure, LittleAddressSpaceForReal) {
  EXPECT_EQ(in_child([] {
              const rlim_t limit = address_space_bytes() + (std::size_t{256} << 20);
              const rlimit limits{limit, limit};
              if (setrlimit(RLIMIT_AS, &limits) != 0) return 1;
              // Seven classes at 1 GiB each do not fit, a part of it does.
              SegmentPool pool({.budget_bytes = std::size_t{1} << 30, .cores = 1});
              std::vector<Segment> segments;
              for (;;) {
                try {
                  segments.push_back(pool.allocate(65536));
                  segments.back().data()[0] = std::byte{1};
                } catch (const OutOfMemory& refused) {
                  if (refused.figures().shortage == Shortage::budget) return 2;
                  break;
                } catch (...) {
                  return 3;
                }
              }
              if (segments.size() < 8) return 4;
              if (!pool.verify().empty()) return 5;
              segments.clear();
              pool.free_unused_regions();
              return pool.statistics() == Statistics{} ? 0 : 6;
            }),
            0);
}

// Islands of memory in the reservation are mappings of their own. Where the system allows no more
// of them the pool says so, and goes on as soon as there is room.
TEST(SystemFailure, TooManyMappingsForReal) {
  EXPECT_EQ(
      in_child([] {
        unsigned long most = 0;
        std::ifstream("/proc/sys/vm/max_map_count") >> most;
        if (most == 0 || most > 200'000) return 0;
        SegmentPool pool({.budget_bytes = std::size_t{1} << 30, .cores = 1, .region_bytes = 4096});
        // Every other page of a foreign mapping read-only: nearly all the mappings there may be.
        const std::size_t pages = most - 400;
        auto* const base = static_cast<std::byte*>(
            mmap(nullptr, pages * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        if (base == MAP_FAILED) return 1;
        for (std::size_t page = 0; page < pages; page += 2) {
          if (mprotect(base + page * 4096, 4096, PROT_NONE) != 0) break;
        }
        std::vector<Segment> segments;
        bool refused_some = false;
        for (std::size_t i = 0; i < 2000; ++i) {
          Segment segment = pool.try_allocate(4096);
          if (!segment) break;
          segment.data()[0] = std::byte{1};
          segments.push_back(std::move(segment));
        }
        // Every other one back: each region that goes splits the range once more.
        for (std::size_t i = 0; i < segments.size(); i += 2) segments[i].reset();
        try {
          pool.free_unused_regions();
        } catch (const std::system_error& refused) {
          refused_some = refused.code().value() == ENOMEM;
        }
        if (!pool.verify().empty()) return 2;
        if (pool.statistics() != pool.recount()) return 3;
        if (!refused_some) return 4;
        if (munmap(base, pages * 4096) != 0) return 5;
        pool.free_unused_regions();
        segments.clear();
        pool.free_unused_regions();
        return pool.statistics() == Statistics{} ? 0 : 6;
      }),
      0);
}
#endif

}  // namespace
