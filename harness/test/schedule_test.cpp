// Schedules as text: what is understood, what is refused and with which words, and the way back.
#include "harness/engine/schedule.hpp"

#include <gtest/gtest.h>

#include "harness/engine/errors.hpp"

namespace harness {
namespace {

using Until = ScheduleItem::Until;

std::string refused(std::string_view text) {
  try {
    parse_schedule(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "understood";
}

ScheduleItem item(std::string task, Until until = Until::blocked, std::string label = "",
                  std::uint64_t steps = 0, std::uint16_t alternative = 0) {
  ScheduleItem result;
  result.task = std::move(task);
  result.until = until;
  result.label = std::move(label);
  result.steps = steps;
  result.alternative = alternative;
  return result;
}

TEST(Schedule, UnderstandsWhatAPersonWrites) {
  EXPECT_EQ(
      parse_schedule("reader@polled reclaimer reader*4 a/2*3 w@enter:Pool::poll w@leave:~Pool"),
      (Schedule{item("reader", Until::point, "polled"), item("reclaimer"),
                item("reader", Until::steps, "", 4), item("a", Until::steps, "", 3, 2),
                item("w", Until::enter, "Pool::poll"), item("w", Until::leave, "~Pool")}));
}

TEST(Schedule, WhiteSpaceOfAnyKindSeparates) {
  EXPECT_EQ(parse_schedule("  a\tb\n\nc\r\nd \v\f "),
            (Schedule{item("a"), item("b"), item("c"), item("d")}));
}

TEST(Schedule, NamesHoldLettersDigitsDashUnderscoreAndDot) {
  EXPECT_EQ(parse_schedule("Thread-1_b.c@p-1_q.R 9")[0],
            item("Thread-1_b.c", Until::point, "p-1_q.R"));
  EXPECT_EQ(parse_schedule("0")[0], item("0"));
}

TEST(Schedule, FunctionsGoOnToTheNextSpace) {
  EXPECT_EQ(parse_schedule("a@enter:ns::Pool<int,4>::~Pool() b")[0],
            item("a", Until::enter, "ns::Pool<int,4>::~Pool()"));
  EXPECT_EQ(parse_schedule("a@leave:operator*")[0], item("a", Until::leave, "operator*"));
}

TEST(Schedule, APointMayBeCalledEnter) {
  EXPECT_EQ(parse_schedule("a@enter b@leave")[0], item("a", Until::point, "enter"));
}

TEST(Schedule, AnAlternativeGoesWithEveryKindOfItem) {
  EXPECT_EQ(parse_schedule("a/1@p")[0], item("a", Until::point, "p", 0, 1));
  EXPECT_EQ(parse_schedule("a/65535")[0], item("a", Until::blocked, "", 0, 65535));
  EXPECT_EQ(parse_schedule("a/0*2"), parse_schedule("a*2"));
  EXPECT_EQ(parse_schedule("a/7@enter:f")[0], item("a", Until::enter, "f", 0, 7));
}

TEST(Schedule, KnowsItsColumns) {
  const Schedule schedule = parse_schedule(" ab  cd@p\nef");
  EXPECT_EQ(schedule[0].column, 2u);
  EXPECT_EQ(schedule[1].column, 6u);
  EXPECT_EQ(schedule[2].column, 11u);
  // In characters, not in bytes.
  EXPECT_EQ(parse_schedule("a@enter:f\xc3\xbc b")[1].column, 12u);
}

TEST(Schedule, RefusesTheEmptyText) {
  const std::string text =
      "the schedule is empty; write tasks in the order in which they run, for example "
      "'reader@polled reclaimer reader'";
  EXPECT_EQ(refused(""), text);
  EXPECT_EQ(refused(" \n\t"), text);
}

TEST(Schedule, SaysWhereAndWhatItExpected) {
  EXPECT_EQ(refused("reader@ x"),
            "schedule, column 8: expected a point's name after '@', found white space");
  EXPECT_EQ(refused("reader@"),
            "schedule, column 8: expected a point's name after '@', found the end");
  EXPECT_EQ(
      refused("a, b"),
      "schedule, column 2: expected '@', '*', '/', white space or the end after 'a', found ','");
  EXPECT_EQ(refused("a/1/2"),
            "schedule, column 4: expected '@', '*', white space or the end after 'a/1', found '/'");
  EXPECT_EQ(refused("b @p"), "schedule, column 3: expected a task's name, found '@'");
  EXPECT_EQ(refused("*3"), "schedule, column 1: expected a task's name, found '*'");
  EXPECT_EQ(refused("a*4x"),
            "schedule, column 4: expected white space or the end after 'a*4', found 'x'");
  EXPECT_EQ(refused("a@p*2"),
            "schedule, column 4: expected white space or the end after 'a@p', found '*'");
  EXPECT_EQ(
      refused("a@Pool::poll"),
      "schedule, column 7: expected white space after 'a@Pool' (a function is '@enter:name' or "
      "'@leave:name'), found ':'");
  EXPECT_EQ(refused("a@enter:"),
            "schedule, column 9: expected a function's name after '@enter:', found the end");
  EXPECT_EQ(refused("a@leave: f"),
            "schedule, column 9: expected a function's name after '@leave:', found white space");
  EXPECT_EQ(refused("a # remark"), "schedule, column 3: expected a task's name, found '#'");
}

TEST(Schedule, RefusesNumbersOutOfRange) {
  const std::string steps = "expected a number of steps from 1 to 1000000000 after '*', found ";
  EXPECT_EQ(refused("a*"), "schedule, column 3: " + steps + "the end");
  EXPECT_EQ(refused("a*x"), "schedule, column 3: " + steps + "'x'");
  EXPECT_EQ(refused("a*0"), "schedule, column 3: " + steps + "'0'");
  EXPECT_EQ(refused("a*-1"), "schedule, column 3: " + steps + "'-'");
  EXPECT_EQ(refused("a*1000000001"), "schedule, column 3: " + steps + "'1000000001'");
  EXPECT_EQ(refused("a*99999999999999999999999"),
            "schedule, column 3: " + steps + "'99999999999999999999999'");
  EXPECT_EQ(parse_schedule("a*1000000000")[0].steps, 1'000'000'000u);
  EXPECT_EQ(parse_schedule("a*0007")[0].steps, 7u);
  const std::string alternative =
      "expected an alternative's number from 0 to 65535 after '/', found ";
  EXPECT_EQ(refused("a/"), "schedule, column 3: " + alternative + "the end");
  EXPECT_EQ(refused("a/65536"), "schedule, column 3: " + alternative + "'65536'");
}

TEST(Schedule, ShowsWhatCannotBeSeen) {
  EXPECT_EQ(refused("a \xc3\xbc"), "schedule, column 3: expected a task's name, found '\xc3\xbc'");
  EXPECT_EQ(refused(std::string_view("a \0", 3)),
            "schedule, column 3: expected a task's name, found the character 0x00");
  EXPECT_EQ(refused("a \x1b[0m"),
            "schedule, column 3: expected a task's name, found the character 0x1b");
}

TEST(Schedule, TextAndBackIsTheSame) {
  for (const char* text : {"a", "a b a", "a*3 b/2*1 a@p", "a@enter:f<int>::g b@leave:~X c/9 d/1@q",
                           "main*17 thread-1*2"}) {
    EXPECT_EQ(to_text(parse_schedule(text)), text);
    EXPECT_EQ(parse_schedule(to_text(parse_schedule(text))), parse_schedule(text));
  }
}

TEST(Schedule, RecordedChoicesBecomeCountedSteps) {
  const std::vector<std::string> names{"main", "reader", "w.2"};
  const std::vector<Choice> choices{{0, 0}, {0, 0}, {1, 0}, {1, 1}, {1, 1}, {2, 0}, {1, 0}, {0, 3}};
  const Schedule schedule = from_choices(choices, names);
  EXPECT_EQ(to_text(schedule), "main*2 reader*1 reader/1*2 w.2*1 reader*1 main/3*1");
  const Schedule again = parse_schedule(to_text(schedule));
  EXPECT_EQ(again, schedule);
  for (std::size_t i = 0; i < schedule.size(); ++i) EXPECT_EQ(again[i].column, schedule[i].column);
  EXPECT_TRUE(from_choices({}, names).empty());
}

TEST(Schedule, ALongRecordingIsReadQuickly) {
  const std::vector<std::string> names{"main", "b"};
  std::vector<Choice> choices;
  for (int i = 0; i < 200'000; ++i) choices.push_back({static_cast<TaskId>(i % 2), 0});
  const Schedule schedule = from_choices(choices, names);
  EXPECT_EQ(schedule.size(), choices.size());
  EXPECT_EQ(parse_schedule(to_text(schedule)), schedule);
}

}  // namespace
}  // namespace harness
