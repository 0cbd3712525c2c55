#include "harness/explore/describe.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <string>

#include "harness/explore/describe_names.hpp"

// Globals of the program under test, so to speak; outside of namespace harness, which is the
// tool's.
namespace described {
std::atomic<int> counter;
struct Pool {
  std::atomic<int> unused;
  std::atomic<int> total;
} pool;
}  // namespace described

namespace {

using harness::Event;
using harness::Op;
using harness::Recorded;
using harness::Recording;
using harness::TaskId;

constexpr std::uintptr_t region_base = 0x2000'0000'0000;
constexpr std::uintptr_t heap = 0x1000'0000'1000;
constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint64_t slice_bytes = 64 << 10;
constexpr std::uint8_t seq_cst = __ATOMIC_SEQ_CST;

std::uintptr_t address_of(const void* object) { return reinterpret_cast<std::uintptr_t>(object); }

// A recording written down event by event, as the engine would: observations share the step of the
// task.
struct Writer {
  Recording recording{.events = {}, .task_names = {"main", "reader", "reclaimer"}, .violation = {}};
  std::uint32_t steps = 0;

  const Event& add(TaskId task, Event event) {
    event.task = task;
    if (harness::is_scheduling_point(event.op)) ++steps;
    event.step = steps;
    if (event.order == 0) event.order = seq_cst;
    recording.events.push_back({.event = event, .depth = 0, .stack = {}});
    return recording.events.back().event;
  }
  Event map(TaskId task, std::uintptr_t base, std::uint64_t bytes, std::uint64_t access = 3) {
    return add(task, {.op = Op::map, .object = base, .bytes = bytes, .value = access});
  }
  Event unmap(TaskId task, std::uintptr_t base, std::uint64_t bytes) {
    return add(task, {.op = Op::unmap, .object = base, .bytes = bytes});
  }
  Event given(TaskId task, std::uintptr_t base, std::uint64_t bytes = slice_bytes) {
    return add(task, {.op = Op::given, .object = base, .bytes = bytes, .value = heap});
  }
  void violate(const char* rule, std::string message, std::vector<Event> accesses) {
    recording.violation = {rule, std::move(message), std::move(accesses), true};
  }
  reports::Verdict verdict() const {
    reports::Verdict result;
    harness::describe(recording, result);
    return result;
  }
};

// "7 reader: rmw atomic A [16 -> 15]", guilty ones with a leading "!".
std::vector<std::string> rows_of(const reports::Verdict& verdict) {
  std::vector<std::string> rows;
  for (const reports::Step& step : verdict.trace) {
    std::string row =
        (step.guilty ? "!" : "") + std::to_string(step.number) + " " + step.task + ": " + step.op;
    if (!step.object.empty()) row += " " + step.object;
    if (!step.label.empty()) row += " @" + step.label;
    if (!step.detail.empty()) row += " [" + step.detail + "]";
    rows.push_back(row);
  }
  return rows;
}

using Rows = std::vector<std::string>;

// poll() against free_unused_regions(): the report's race from the mapping to the crash.
Writer documented_race() {
  Writer writer;
  writer.map(0, region_base, mib);
  writer.add(0, {.op = Op::spawn, .value = 1});
  writer.add(1, {.op = Op::lock, .object = heap + 0x40});
  writer.add(1, {.op = Op::unlock, .object = heap + 0x40});
  writer.add(1, {.op = Op::point, .label = "polled"});
  writer.add(2, {.op = Op::load, .object = heap + 0x80, .bytes = 4, .before = 16});
  const Event unmap = writer.unmap(2, region_base, mib);
  writer.add(1, {.op = Op::rmw, .object = heap + 0x80, .bytes = 4, .before = 16, .value = 15});
  writer.given(1, region_base + 3 * slice_bytes);
  Event write{.op = Op::write, .object = region_base + 3 * slice_bytes + 8, .bytes = 8};
  write.task = 1;
  write.step = writer.steps;
  writer.violate("freed-region-in-use",
                 "{task:1} writes to {object:200000030008}, in memory that {task:2} had unmapped",
                 {unmap, write});
  return writer;
}

TEST(Describe, TheDocumentedRace) {
  const reports::Verdict verdict = documented_race().verdict();
  EXPECT_EQ(
      rows_of(verdict),
      (Rows{"1 main: map region 1 [1 MiB]", "2 main: spawn reader", "3 reader: lock mutex A",
            "4 reader: unlock mutex A", "5 reader: point @polled",
            "6 reclaimer: load atomic A [= 16]", "!7 reclaimer: unmap region 1 [1 MiB]",
            "8 reader: rmw atomic A [16 -> 15]", "8 reader: given slice 3 of region 1 [64 KiB]",
            "!8 reader: write slice 3 of region 1 + 0x8 [8 bytes]"}));
  EXPECT_EQ(verdict.tasks, (Rows{"main", "reader", "reclaimer"}));
  EXPECT_TRUE(verdict.freed_region_in_use);
  ASSERT_TRUE(verdict.violation);
  const reports::Violation& violation = *verdict.violation;
  EXPECT_EQ(violation.rule, "freed-region-in-use");
  EXPECT_EQ(violation.message,
            "reader writes to slice 3 of region 1 + 0x8, in memory that reclaimer had unmapped");
  EXPECT_EQ(violation.step, 8U);
  ASSERT_EQ(violation.accesses.size(), 2U);
  EXPECT_EQ(violation.accesses[0].task, "reclaimer");
  EXPECT_EQ(violation.accesses[0].what, "unmaps region 1 (1 MiB)");
  EXPECT_EQ(violation.accesses[0].step, 7U);
  EXPECT_EQ(violation.accesses[1].what, "writes 8 bytes to slice 3 of region 1 + 0x8");
  ASSERT_TRUE(violation.region);
  EXPECT_EQ(violation.region->name, "region 1");
  EXPECT_EQ(violation.region->bytes, mib);
  EXPECT_EQ(violation.region->mapped_by, "main");
  EXPECT_EQ(violation.region->mapped_at, 1U);
  EXPECT_EQ(violation.region->ended, "unmapped");
  EXPECT_EQ(violation.region->unmapped_by, "reclaimer");
  EXPECT_EQ(violation.region->unmapped_at, 7U);
}

TEST(Describe, SameRecordingSameVerdictAndNoRawAddress) {
  const reports::Verdict verdict = documented_race().verdict();
  EXPECT_EQ(verdict, documented_race().verdict());
  std::string all = verdict.violation->message;
  for (const std::string& row : rows_of(verdict)) all += row;
  for (const reports::Access& access : verdict.violation->accesses) all += access.what;
  EXPECT_EQ(all.find("2000000"), std::string::npos) << all;
  EXPECT_EQ(all.find("1000000"), std::string::npos) << all;
}

TEST(Describe, KeepsWhatTheCallerFilledIn) {
  reports::Verdict verdict;
  verdict.scenario = "s";
  verdict.violation.emplace();
  verdict.violation->schedule = "reader reclaimer";
  harness::describe(documented_race().recording, verdict);
  EXPECT_EQ(verdict.scenario, "s");
  EXPECT_EQ(verdict.violation->schedule, "reader reclaimer");
  Writer clean;
  clean.add(0, {.op = Op::yield});
  reports::Verdict passed;
  harness::describe(clean.recording, passed);
  EXPECT_FALSE(passed.violation);
  EXPECT_EQ(passed.trace.size(), 1U);
}

TEST(Describe, EmptyRecordingAndViolationWithoutAccess) {
  Writer writer;
  EXPECT_TRUE(writer.verdict().trace.empty());
  writer.violate("leak", "{task:9} forgot {object:0}; {nonsense:1} {task:x} {", {});
  const reports::Verdict verdict = writer.verdict();
  EXPECT_EQ(verdict.violation->message, "task 9 forgot a null pointer; {nonsense:1} {task:x} {");
  EXPECT_EQ(verdict.violation->step, 0U);
  EXPECT_FALSE(verdict.violation->region);
}

TEST(Describe, ObjectsAreLetteredByKindInOrderOfFirstUse) {
  Writer writer;
  writer.add(0, {.op = Op::lock, .object = heap + 16});
  writer.add(0, {.op = Op::store, .object = heap + 32, .bytes = 4, .value = 1});
  writer.add(0, {.op = Op::lock_shared, .object = heap + 48});
  writer.add(0, {.op = Op::cas, .object = heap + 64, .bytes = 4, .before = 1, .value = 2});
  writer.add(0, {.op = Op::unlock, .object = heap + 16});
  writer.add(0, {.op = Op::notify, .object = heap + 80});
  writer.add(0, {.op = Op::futex_wake, .object = heap + 32});
  writer.add(0, {.op = Op::semaphore_post, .object = heap + 96});
  // The memory of mutex A is used again, for an atomic.
  writer.add(0, {.op = Op::load, .object = heap + 16, .bytes = 4, .before = 3});
  EXPECT_EQ(
      rows_of(writer.verdict()),
      (Rows{"1 main: lock mutex A", "2 main: store atomic A [1]", "3 main: lock-shared mutex B",
            "4 main: cas atomic B [1 -> 2]", "5 main: unlock mutex A",
            "6 main: notify condition A [one]", "7 main: futex-wake atomic A",
            "8 main: semaphore-post semaphore A", "9 main: load atomic C [= 3]"}));
}

TEST(Describe, GlobalsHaveTheirNames) {
  Writer writer;
  writer.add(0,
             {.op = Op::store, .object = address_of(&described::counter), .bytes = 4, .value = 1});
  writer.add(0, {.op = Op::lock, .object = address_of(&described::pool.total)});
  const Rows rows = rows_of(writer.verdict());
  EXPECT_EQ(rows[0], "1 main: store described::counter [1]");
  EXPECT_EQ(rows[1], "2 main: lock described::pool.total");
}

TEST(Describe, ValuesOfAtomics) {
  Writer writer;
  const std::uintptr_t a = heap + 8;
  const auto store = [&](std::uint64_t value, std::uint64_t bytes, int order = seq_cst) {
    // An order of 0 means seq_cst to the Writer; 0x10000 hints are cut off by the type.
    writer.recording.events.push_back({.event = {.step = ++writer.steps,
                                                 .task = 0,
                                                 .op = Op::store,
                                                 .order = static_cast<std::uint8_t>(order),
                                                 .object = a,
                                                 .bytes = bytes,
                                                 .value = value},
                                       .depth = 0,
                                       .stack = {}});
  };
  writer.map(0, region_base, mib);
  store(16, 4);
  store(0xffffffff, 4);
  store(255, 1);
  store(~std::uint64_t{0}, 8);
  store(std::uint64_t{0} - 3, 8);
  store(0xffffffff, 8);
  store(0xffff'ffff'0000'0001, 8);
  store(region_base, 8);
  store(region_base + 0x40, 8);
  store(heap + 0x5000, 8);
  store(a, 8);
  store(heap + 0x5000, 8);
  store(7, 4, __ATOMIC_RELAXED);
  store(7, 4, __ATOMIC_RELEASE);
  std::vector<std::string> details;
  for (const reports::Step& step : writer.verdict().trace) details.push_back(step.detail);
  details.erase(details.begin());
  EXPECT_EQ(details, (Rows{"16", "-1", "255", "-1", "-3", "4294967295", "0xffffffff00000001",
                           "&region 1", "&region 1 + 0x40", "pointer A", "&atomic A", "pointer A",
                           "7 (relaxed)", "7 (release)"}));
}

TEST(Describe, DetailsOfOps) {
  Writer writer;
  writer.add(
      0, {.op = Op::cas, .failed = true, .object = heap, .bytes = 4, .before = 16, .value = 15});
  writer.add(0, {.op = Op::try_lock, .failed = true, .object = heap + 8});
  writer.add(0, {.op = Op::futex_wait, .object = heap, .bytes = 4, .before = 1, .value = 1});
  writer.add(0, {.op = Op::wake, .alternative = 1, .object = heap});
  writer.add(0, {.op = Op::notify, .object = heap + 16, .value = 1});
  writer.add(0, {.op = Op::sleep, .value = 5'000'000});
  writer.add(0, {.op = Op::join, .value = 2});
  writer.add(0, {.op = Op::join, .value = harness::no_task});
  writer.add(0, {.op = Op::map, .failed = true, .bytes = mib, .value = 3});
  writer.add(0, {.op = Op::counted, .before = 3, .value = 4, .label = "mapped bytes"});
  writer.add(0, {.op = Op::budget, .object = heap + 32, .value = 4 * mib});
  writer.add(0, {.op = Op::returned, .object = heap + 48, .value = 0});
  writer.add(1, {.op = Op::stuck, .object = heap + 8, .bytes = 1, .value = 1});
  writer.add(1, {.op = Op::crashed, .object = 8, .label = "SIGSEGV"});
  EXPECT_EQ(
      rows_of(writer.verdict()),
      (Rows{"1 main: cas atomic A [= 16, failed to set 15]", "2 main: try-lock mutex A [failed]",
            "3 main: futex-wait atomic A [while 1]", "4 main: wake condition A [timed out]",
            "5 main: notify condition B [all]", "6 main: sleep [until 5 ms]",
            "7 main: join reclaimer", "8 main: join", "9 main: map [1 MiB, failed]",
            "9 main: counted @mapped bytes [says 4, counted anew 3]",
            "9 main: budget pool A [4 MiB]", "9 main: returned memory A [refused]",
            "9 reader: stuck mutex A [waits for it for ever]",
            "9 reader: crashed a null pointer + 0x8 @SIGSEGV"}));
}

TEST(Describe, AddressesThatAreMappedAgainAreAnotherRegion) {
  Writer writer;
  writer.map(0, region_base, mib);
  writer.given(1, region_base);
  writer.unmap(2, region_base, mib);
  writer.map(2, region_base, mib);
  const Event again = writer.given(2, region_base + slice_bytes);
  writer.violate("double-give", "{task:2} is given {object:200000010000}", {again});
  const reports::Verdict verdict = writer.verdict();
  EXPECT_EQ(rows_of(verdict),
            (Rows{"1 main: map region 1 [1 MiB]", "1 reader: given slice 0 of region 1 [64 KiB]",
                  "2 reclaimer: unmap region 1 [1 MiB]", "3 reclaimer: map region 2 [1 MiB]",
                  "!3 reclaimer: given slice 1 of region 2 [64 KiB]"}));
  EXPECT_EQ(verdict.violation->message, "reclaimer is given slice 1 of region 2");
  EXPECT_EQ(verdict.violation->region->name, "region 2");
  EXPECT_EQ(verdict.violation->region->ended, "");
  EXPECT_EQ(verdict.violation->region->unmapped_by, "");
}

TEST(Describe, ReservationsArePartOfNoRegionUntilTheyAreMadeAccessible) {
  Writer writer;
  writer.map(0, region_base, 64 * mib, 0);
  writer.add(0, {.op = Op::protect, .object = region_base + mib, .bytes = mib, .value = 3});
  writer.given(1, region_base + mib);
  const Event closed =
      writer.add(2, {.op = Op::protect, .object = region_base + mib, .bytes = mib});
  writer.map(2, region_base + 2 * mib, mib);
  writer.map(2, region_base + 2 * mib, mib, 0);
  writer.add(2, {.op = Op::protect, .object = region_base + mib, .bytes = mib, .value = 3});
  writer.unmap(2, region_base, 64 * mib);
  writer.violate("freed-region-in-use", "x", {closed});
  const reports::Verdict verdict = writer.verdict();
  EXPECT_EQ(rows_of(verdict), (Rows{"1 main: map reserved range A [64 MiB, reserved]",
                                    "2 main: protect region 1 [1 MiB, accessible]",
                                    "2 reader: given slice 0 of region 1 [64 KiB]",
                                    "!3 reclaimer: protect region 1 [1 MiB, no access]",
                                    "4 reclaimer: map region 2 [1 MiB]",
                                    "5 reclaimer: map region 2 [1 MiB, reserved]",
                                    "6 reclaimer: protect region 3 [1 MiB, accessible]",
                                    "7 reclaimer: unmap regions 2, 3 [64 MiB]"}));
  EXPECT_EQ(verdict.violation->region->ended, "protected");
  EXPECT_EQ(verdict.violation->accesses[0].what, "makes inaccessible region 1 (1 MiB, no access)");
}

TEST(Describe, DiscardedRegionsStayMappedAndTheGuiltyDiscardIsTold) {
  Writer writer;
  writer.map(0, region_base, mib);
  writer.add(1, {.op = Op::discard, .object = region_base, .bytes = mib});
  const Event second = writer.add(2, {.op = Op::discard, .object = region_base, .bytes = mib});
  writer.add(1, {.op = Op::discard, .object = region_base, .bytes = mib});
  writer.violate("freed-region-in-use", "x", {second});
  const reports::Region region = *writer.verdict().violation->region;
  EXPECT_EQ(region.ended, "discarded");
  EXPECT_EQ(region.unmapped_by, "reclaimer");
  EXPECT_EQ(region.unmapped_at, 3U);
}

TEST(Describe, ASizeBehindAMentionTellsTheRegionFromItsFirstSlice) {
  Writer writer;
  writer.map(0, region_base, mib);
  const Event given = writer.given(1, region_base);
  const Event unmap = writer.unmap(2, region_base, mib);
  writer.violate("freed-region-in-use",
                 "{task:2} unmapped {object:200000000000} (1 MiB) while its slice "
                 "{object:200000000000} (64 KiB) was out; {object:200000000000} (1 MiB",
                 {given, unmap});
  EXPECT_EQ(writer.verdict().violation->message,
            "reclaimer unmapped region 1 (1 MiB) while its slice 0 of region 1 (64 KiB) was out; "
            "slice 0 of region 1 (1 MiB");
}

TEST(Describe, PartsAndManyRegions) {
  Writer writer;
  for (std::uintptr_t i = 0; i < 6; ++i) writer.map(0, region_base + i * mib, mib);
  writer.unmap(0, region_base, 4096);
  writer.unmap(0, region_base + mib, 5 * mib);
  writer.unmap(0, region_base + 64 * mib, mib);
  const Rows rows = rows_of(writer.verdict());
  EXPECT_EQ(rows[6], "7 main: unmap part of region 1 [4 KiB]");
  EXPECT_EQ(rows[7], "8 main: unmap regions 2, 3, 4, 5 and 1 more [5 MiB]");
  EXPECT_EQ(rows[8], "9 main: unmap memory A [1 MiB]");
}

TEST(Describe, SlicesOutsideOfAnyRegion) {
  Writer writer;
  writer.given(0, heap + 0x100, 64);
  writer.given(0, heap + 0x200, 64);
  writer.add(0, {.op = Op::returning, .object = heap + 0x100});
  writer.add(0, {.op = Op::write, .object = heap + 0x208, .bytes = 1});
  EXPECT_EQ(rows_of(writer.verdict()),
            (Rows{"0 main: given slice A [64 bytes]", "0 main: given slice B [64 bytes]",
                  "0 main: returning slice A", "0 main: write slice B + 0x8 [1 byte]"}));
}

TEST(Describe, EveryOpHasWordsAndUnknownTasksANumber) {
  Writer writer;
  std::vector<Event> accesses;
  for (int op = 0; op < static_cast<int>(Op::count_); ++op) {
    accesses.push_back(writer.add(
        77, {.op = static_cast<Op>(op), .object = heap, .bytes = 8, .value = 1, .label = "label"}));
  }
  writer.violate("crash", "x", accesses);
  const reports::Verdict verdict = writer.verdict();
  ASSERT_EQ(verdict.violation->accesses.size(), accesses.size());
  for (const reports::Access& access : verdict.violation->accesses) {
    EXPECT_EQ(access.task, "task 77");
    EXPECT_FALSE(access.what.empty());
    EXPECT_EQ(access.what.find("acts on"), std::string::npos);
  }
  for (const reports::Step& step : verdict.trace) EXPECT_TRUE(step.guilty);
}

TEST(Describe, OneAccessTwiceMarksTwoRows) {
  Writer writer;
  writer.map(0, region_base, mib);
  const Event read = writer.add(1, {.op = Op::read, .object = region_base, .bytes = 8});
  writer.add(1, {.op = Op::read, .object = region_base, .bytes = 8});
  writer.violate("data-race", "x", {read, read});
  const reports::Verdict verdict = writer.verdict();
  EXPECT_TRUE(verdict.trace[1].guilty);
  EXPECT_TRUE(verdict.trace[2].guilty);
  EXPECT_EQ(verdict.violation->accesses.size(), 2U);
}

TEST(Describe, GuiltyEventsThatWereNotRecordedAreInsertedInOrder) {
  Writer writer;
  writer.add(0, {.op = Op::yield});
  writer.add(0, {.op = Op::yield});
  writer.add(0, {.op = Op::yield});
  Event early{.op = Op::write, .object = heap, .bytes = 1};
  early.step = 2;
  early.task = 1;
  Event late = early;
  late.step = 9;
  writer.violate("data-race", "x", {early, late});
  EXPECT_EQ(rows_of(writer.verdict()),
            (Rows{"1 main: yield", "2 main: yield", "!2 reader: write memory A [1 byte]",
                  "3 main: yield", "!9 reader: write memory A [1 byte]"}));
}

TEST(Describe, LettersGoOnAfterZ) {
  EXPECT_EQ(harness::letters(0), "A");
  EXPECT_EQ(harness::letters(25), "Z");
  EXPECT_EQ(harness::letters(26), "AA");
  EXPECT_EQ(harness::letters(701), "ZZ");
  EXPECT_EQ(harness::letters(702), "AAA");
}

TEST(Describe, RangesAtTheEndOfTheAddressSpaceAreHarmless) {
  Writer writer;
  const std::uintptr_t last = ~std::uintptr_t{0};
  writer.map(0, last - 4095, ~std::uint64_t{0});
  writer.given(0, last, ~std::uint64_t{0});
  writer.unmap(0, 0x1000, ~std::uint64_t{0});
  writer.add(0, {.op = Op::write, .object = last, .bytes = ~std::uint64_t{0}});
  EXPECT_EQ(writer.verdict().trace.size(), 4U);
}

}  // namespace
