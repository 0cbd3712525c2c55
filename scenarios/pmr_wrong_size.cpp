// pmr-wrong-size: std::pmr tells deallocate() how large the memory is, and a client gets it wrong.
// A resource that believes it files a slice of 4 KiB under 8 KiB, and hands it out as such: its end
// is a neighbour's.
//
//   mistaken                          owner
//   p = allocate(4 KiB)               q = allocate(4 KiB), behind p
//   deallocate(p, 8 KiB)
//                                     r = allocate(8 KiB): p, which ends in q
//
// The resource of `claimed` knows the size of a slice from its address. A size of the same class is
// as good as the right one; one of another class ends the process with a sentence, as deallocate()
// cannot refuse (`wrong-class`).
#include <memory_resource>

#include "allocator/memory_resource.hpp"
#include "allocator/segment_pool.hpp"
#include "harness/scenario.hpp"
#include "scenarios/lifecycles/trusting_resource.hpp"
#include "scenarios/page.hpp"

namespace {

using namespace scenarios;

// A client of the resource, as the harness sees it.
void* take(std::pmr::memory_resource& resource, std::size_t bytes) {
  void* const memory = resource.allocate(bytes);
  harness::observe::given(&resource, memory, bytes);
  return memory;
}

void give(std::pmr::memory_resource& resource, void* memory, std::size_t bytes_told) {
  harness::observe::returning(memory);
  resource.deallocate(memory, bytes_told);
  harness::observe::returned(memory, true);
}

void play_with(harness::Execution& run, std::pmr::memory_resource& resource, std::size_t told) {
  run.spawn("mistaken", [&, told] {
    void* const p = take(resource, page);
    use({p, page}, 0x91);
    give(resource, p, told);
  });
  run.spawn("owner", [&] {
    void* const q = take(resource, page);
    harness::point("has-one");
    void* const r = take(resource, 2 * page);
    use({q, page}, 0x92);
    use({r, 2 * page}, 0x93);
    give(resource, q, page);
    give(resource, r, 2 * page);
  });
  run.join();
}

constexpr allocator::Options options = {
    .budget_bytes = 4 * 4 * page, .cores = 1, .region_bytes = 4 * page};

void play(harness::Execution& run, std::string_view variant) {
  if (variant == "trusts-the-size") {
    const auto pool = allocator::make("claimed", options);
    lifecycles::TrustingResource resource(*pool);
    play_with(run, resource, 2 * page);
    return;
  }
  allocator::SegmentPool pool(options);
  allocator::SegmentResource resource(pool);
  play_with(run, resource, variant == "claimed" ? page - 100 : 2 * page);
  if (const std::string wrong = pool.verify(); !wrong.empty()) {
    harness::observe::violated("accounting-drift", wrong.c_str());
  }
}

}  // namespace

HARNESS_SCENARIO({
    .name = "pmr-wrong-size",
    .about = "a memory resource is told another size at deallocation than at allocation",
    .variants = {{"trusts-the-size", "double-give"}, {"wrong-class", "crash"}, {"claimed", "pass"}},
    .documented = "mistaken@holding owner@has-one mistaken owner",
    .play = play,
});
