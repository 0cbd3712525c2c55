// Allocation traces: what is written is read back, what a pool is asked for is recorded, and what
// is malformed is refused with line, column and what was expected there.
#include "scenarios/traces/trace.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "scenarios/traces/recording_pool.hpp"

namespace {

using traces::Malformed;
using traces::Operation;
using traces::parse;
using traces::Trace;

TEST(Trace, ReadsThreadOperationClassAndHandle) {
  const Trace trace = parse(
      "# by hand\n"
      "allocation-trace 1\n"
      "writer-1 allocate 4096 7\n"
      "\n"
      "  reader\trelease  4096 7   \r\n"
      "reclaimer sweep\n",
      "test");
  EXPECT_EQ(trace.threads, (std::vector<std::string>{"writer-1", "reader", "reclaimer"}));
  EXPECT_EQ(trace.handles, 1u);
  ASSERT_EQ(trace.lines.size(), 3u);
  EXPECT_EQ(trace.lines[0].operation, Operation::allocate);
  EXPECT_EQ(trace.lines[0].bytes, 4096u);
  EXPECT_EQ(trace.lines[1].operation, Operation::release);
  EXPECT_EQ(trace.lines[1].thread, 1u);
  EXPECT_EQ(trace.lines[1].handle, trace.lines[0].handle);
  EXPECT_EQ(trace.lines[2].operation, Operation::sweep);
}

TEST(Trace, MayBeOfNoOperationAtAll) {
  EXPECT_TRUE(parse("allocation-trace 1", "test").lines.empty());
}

TEST(Trace, ReadsWhatAWriterWrites) {
  traces::Writer writer;
  writer.allocate("thread-1", 262144, 1);
  writer.sweep("thread-2");
  writer.release("thread-2", 262144, 1);
  const Trace trace = parse(writer.text(), "test");
  EXPECT_EQ(trace.threads, (std::vector<std::string>{"thread-1", "thread-2"}));
  EXPECT_EQ(trace.lines.size(), 3u);
}

// The sentence of the refusal; empty where there is none.
std::string refusal(const std::string& lines) {
  try {
    parse(lines, "t");
  } catch (const Malformed& malformed) {
    return malformed.what();
  }
  return "";
}

TEST(Trace, RefusesAnotherBeginning) {
  EXPECT_EQ(refusal(""),
            "t, line 1, column 1: expected 'allocation-trace 1' at the beginning, found the end of "
            "the line");
  EXPECT_EQ(refusal("# only this"),
            "t, line 1, column 12: expected 'allocation-trace 1' at the beginning, found the end "
            "of the line");
  EXPECT_EQ(refusal("writer allocate 4096 1"),
            "t, line 1, column 1: expected 'allocation-trace 1', found 'writer'");
  EXPECT_EQ(
      refusal("allocation-trace 2"),
      "t, line 1, column 18: expected '1', the only version of the format there is, found '2'");
  EXPECT_EQ(refusal("allocation-trace 1 1"),
            "t, line 1, column 20: expected the end of the line, found '1'");
}

TEST(Trace, RefusesWhatIsNoOperation) {
  const auto of = [](const std::string& line) { return refusal("allocation-trace 1\n" + line); };
  EXPECT_EQ(
      of("a"),
      "t, line 2, column 2: expected 'allocate', 'release' or 'sweep', found the end of the line");
  EXPECT_EQ(of("a free 4096 1"),
            "t, line 2, column 3: expected 'allocate', 'release' or 'sweep', found 'free'");
  EXPECT_EQ(of("a sweep 4096"), "t, line 2, column 9: expected the end of the line, found '4096'");
  EXPECT_EQ(of("a allocate 5000 1"),
            "t, line 2, column 12: expected bytes of a size class (4096, 8192, ... 262144), found "
            "'5000'");
  EXPECT_EQ(
      of("a allocate 4096"),
      "t, line 2, column 16: expected a handle, which is a number, found the end of the line");
  EXPECT_EQ(of("a allocate 4096 x1"),
            "t, line 2, column 17: expected a handle, which is a number, found 'x1'");
  EXPECT_EQ(of("a allocate 4096 -1"),
            "t, line 2, column 17: expected a handle, which is a number, found '-1'");
  EXPECT_EQ(
      of("a allocate 4096 99999999999999999999"),
      "t, line 2, column 17: expected a handle, which is a number, found '99999999999999999999'");
  EXPECT_EQ(of("a allocate 4096 1 1"),
            "t, line 2, column 19: expected the end of the line, found '1'");
}

TEST(Trace, RefusesNamesThatNoTaskCanHave) {
  const std::string expected =
      "expected the name of a thread (lower case letters, digits and '-', not 'main'), found ";
  EXPECT_EQ(refusal("allocation-trace 1\nmain sweep"),
            "t, line 2, column 1: " + expected + "'main'");
  EXPECT_EQ(refusal("allocation-trace 1\nWriter sweep"),
            "t, line 2, column 1: " + expected + "'Writer'");
}

TEST(Trace, RefusesHandlesThatDoNotFit) {
  const std::string head = "allocation-trace 1\na allocate 4096 1\n";
  EXPECT_EQ(refusal(head + "b allocate 4096 1"),
            "t, line 3, column 17: expected a handle that is not taken; line 2 has allocated this "
            "one, found '1'");
  EXPECT_EQ(
      refusal(head + "b release 4096 2"),
      "t, line 3, column 16: expected a handle that was allocated on an earlier line, found '2'");
  EXPECT_EQ(refusal(head + "b release 8192 1"),
            "t, line 3, column 11: expected '4096', the class that line 2 has allocated the handle "
            "from, found '8192'");
  EXPECT_EQ(refusal(head + "b release 4096 1\na release 4096 1"),
            "t, line 4, column 16: expected a handle that is not released yet; line 3 has released "
            "this one, found '1'");
}

TEST(RecordingPool, WritesDownWhatItIsAskedFor) {
  traces::RecordingPool pool(allocator::make("claimed", {.budget_bytes = 1 << 20, .cores = 1}));
  const allocator::Slice one = pool.allocate(5000);
  std::thread([&] { pool.release(one); }).join();
  EXPECT_NE(pool.release(one), allocator::Released::ok);  // no part of the trace
  pool.free_unused_regions();
  const allocator::Slice two = pool.allocate(1);
  EXPECT_EQ(pool.trace(),
            "allocation-trace 1\n"
            "thread-1 allocate 8192 1\n"
            "thread-2 release 8192 1\n"
            "thread-1 sweep\n"
            "thread-1 allocate 4096 2\n");
  EXPECT_EQ(parse(pool.trace(), "test").lines.size(), 4u);
  pool.release(two);
}

TEST(RecordingPool, LeavesOutWhatWasRefused) {
  traces::RecordingPool pool(allocator::make("claimed", {.budget_bytes = 4096, .cores = 1}));
  EXPECT_THROW(pool.allocate(4096), allocator::OutOfMemory);
  EXPECT_EQ(pool.trace(), "allocation-trace 1\n");
}

}  // namespace
