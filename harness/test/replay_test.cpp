// Replay of schedules: hand-written over points and functions, recorded as counted steps, and every
// way in which a schedule can fail to fit, with what is said about it.
#include <gtest/gtest.h>

#include "harness/strategies/make.hpp"
#include "harness/test/model_program.hpp"

namespace harness {
namespace {

using namespace model;

// main spawns a reader and a reclaimer (b and c in the texts) and joins them, as scenarios do.
Program reader_and_reclaimer() {
  Program program;
  program.names = {"main", "reader", "reclaimer"};
  program.tasks = {{spawn(1), spawn(2), join(1), join(2), step()},
                   {step(), point("polled"), step(), point("counted"), step(), step()},
                   {step(), step(), step()}};
  return program;
}

// "aab ccc" for "aabccc".
std::string steps(std::string text) {
  std::erase(text, ' ');
  return text;
}

struct Replayed {
  std::string text;
  std::string diverged;
};

Replayed replay(const Program& program, std::string_view schedule,
                std::size_t stop_after = 10'000) {
  Runner runner(program);
  Replay strategy(
      parse_schedule(schedule), [&](TaskId task) { return runner.name_of(task); },
      [&](TaskId task) { return runner.blocked_at(task); });
  const auto run = runner.run(strategy, 0, stop_after);
  return {run->text, strategy.diverged()};
}

// By a strategy that is not told what keeps a task from running.
std::string divergence_seen_from_outside(const Program& program, std::string_view schedule) {
  Runner runner(program);
  Replay strategy(parse_schedule(schedule), [&](TaskId task) { return runner.name_of(task); });
  runner.run(strategy, 0);
  return strategy.diverged();
}

TEST(Replay, RunsToAPointAndNoFurther) {
  const Replayed replayed = replay(reader_and_reclaimer(), "reader@polled reclaimer reader");
  EXPECT_EQ(replayed.diverged, "");
  EXPECT_EQ(replayed.text, steps("aab ccc bbbbb aaa"));
}

TEST(Replay, CountsSteps) {
  const Replayed replayed =
      replay(reader_and_reclaimer(), "reader*2 reclaimer*1 reader*1 reclaimer reader");
  EXPECT_EQ(replayed.diverged, "");
  EXPECT_EQ(replayed.text, steps("aa bb c b cc bbb aaa"));
}

TEST(Replay, AfterTheLastItemRunsOnWithoutPreemptionLowestTaskFirst) {
  EXPECT_EQ(replay(reader_and_reclaimer(), "reclaimer*1").text, steps("aa ccc bbbbbb aaa"));
  EXPECT_EQ(replay(reader_and_reclaimer(), "reader*1").text, steps("aa bbbbbb a ccc aa"));
}

TEST(Replay, MainIsLeftToItselfUnlessNamed) {
  EXPECT_EQ(replay(reader_and_reclaimer(), "main*1 reader main*1 reclaimer main").text,
            steps("a bbbbbb a ccc aaa"));
  const Replayed strict = replay(reader_and_reclaimer(), "reader main");
  EXPECT_EQ(strict.diverged,
            "at step 1 the schedule wants 'reader' (column 1), which does not exist; ready: main "
            "(spawn)");
}

TEST(Replay, ThePointAgainIsTheNextTimeItGetsThere) {
  Program program = reader_and_reclaimer();
  program.tasks[1] = {point("p"), step(), point("p"), step(), step()};
  EXPECT_EQ(replay(program, "reader@p reclaimer").text,
            steps("aa ccc bbbbb aaa"));  // there at once
  const Replayed twice = replay(program, "reader@p reader@p reclaimer reader");
  EXPECT_EQ(twice.diverged, "");
  EXPECT_EQ(twice.text, steps("aa bb ccc bbb aaa"));
  const Replayed apart = replay(program, "reader@p reclaimer*1 reader@p reclaimer reader");
  EXPECT_EQ(apart.text, steps("aa c bb cc bbb aaa"));
}

TEST(Replay, AnotherPointInTheSamePlaceIsThereAtOnce) {
  Program program = reader_and_reclaimer();
  program.tasks[1] = {step(), point("p"), step()};
  const Replayed replayed = replay(program, "reader*1 reader@p reclaimer reader");
  EXPECT_EQ(replayed.diverged, "");
  EXPECT_EQ(replayed.text, steps("aa b ccc bb aaa"));
}

TEST(Replay, StopsWhereAFunctionIsEnteredOrLeft) {
  Program program = reader_and_reclaimer();
  program.tasks[1] = {step(), enter("ns::SlicePool::poll(int)"),
                      step(), leave("ns::SlicePool::poll(int)"),
                      step(), step()};
  const Replayed entered = replay(program, "reader@enter:SlicePool::poll reclaimer reader");
  EXPECT_EQ(entered.diverged, "");
  EXPECT_EQ(entered.text, steps("aa b ccc bbbbb aaa"));
  const Replayed left = replay(program, "reader@leave:poll reclaimer reader");
  EXPECT_EQ(left.diverged, "");
  EXPECT_EQ(left.text, steps("aa bbb ccc bbb aaa"));
  const Replayed both = replay(program, "reader@enter:poll reader@leave:poll reclaimer reader");
  EXPECT_EQ(both.text, left.text);
}

TEST(Replay, ATaskRunsUntilItBlocks) {
  Program program = reader_and_reclaimer();
  program.tasks[1] = {lock(1), point("locked"), unlock(1), step()};
  program.tasks[2] = {step(), lock(1), unlock(1), step()};
  const Replayed replayed = replay(program, "reader@locked reclaimer reader reclaimer");
  EXPECT_EQ(replayed.diverged, "");
  EXPECT_EQ(replayed.text, steps("aa b c bbb ccc aaa"));
}

TEST(Replay, TakesTheAlternativeThatTheItemNames) {
  Program program = reader_and_reclaimer();
  program.tasks[1] = {step(), choice(3), choice(2), step()};
  EXPECT_EQ(replay(program, "reader*1 reader/2*1 reader reclaimer").text,
            steps("aa b b2 bb ccc aaa"));
  // Not counted: where there is such an alternative.
  const Replayed everywhere = replay(program, "reader/1 reclaimer");
  EXPECT_EQ(everywhere.diverged, "");
  EXPECT_EQ(everywhere.text, steps("aa b b1 b1 b ccc aaa"));
}

TEST(Replay, RecordedChoicesGiveTheSameExecution) {
  Program program = reader_and_reclaimer();
  program.tasks[1] = {step(), choice(3), lock(1), step(), outcome(3), unlock(1), choice(2), step()};
  program.tasks[2] = {lock(1), choice(2), unlock(1), step()};
  Runner runner(program);
  const auto random = make_strategy("random", {.seed = 3});
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto recorded = runner.run(*random, i);
    const Replayed replayed =
        replay(program, to_text(from_choices(recorded->choices, program.names)));
    EXPECT_EQ(replayed.diverged, "");
    ASSERT_EQ(replayed.text, recorded->text);
    const auto exact = follow_choices(recorded->choices);
    ASSERT_EQ(runner.run(*exact, 0)->text, recorded->text);
    EXPECT_EQ(exact->diverged(), "");
  }
}

TEST(Replay, BeginsAnewForEveryExecution) {
  const Program program = reader_and_reclaimer();
  Runner runner(program);
  Replay strategy(parse_schedule("reader@polled reclaimer reader"),
                  [&](TaskId task) { return runner.name_of(task); });
  const std::string first = runner.run(strategy, 0)->text;
  EXPECT_EQ(runner.run(strategy, 1)->text, first);
  EXPECT_EQ(strategy.diverged(), "");
  Runner(Program{{{step()}}, {"other"}}).run(strategy, 2);
  EXPECT_NE(strategy.diverged(), "");
  EXPECT_EQ(runner.run(strategy, 3)->text, first);
  EXPECT_EQ(strategy.diverged(), "");
}

TEST(Replay, ATaskThatDoesNotExistIsToldWithTheNearestName) {
  EXPECT_EQ(replay(reader_and_reclaimer(), "reclaimer*1 raeder").diverged,
            "at step 4 the schedule wants 'raeder' (column 13), which does not exist (did you mean "
            "'reader'?); ready: reader (load), reclaimer (load)");
  EXPECT_EQ(
      replay(reader_and_reclaimer(), "zzz").diverged,
      "at step 3 the schedule wants 'zzz' (column 1), which does not exist; ready: reader (load), "
      "reclaimer (load)");
}

TEST(Replay, ATaskThatHasEndedIsTold) {
  EXPECT_EQ(
      replay(reader_and_reclaimer(), "reader reclaimer*1 reader").diverged,
      "at step 10 the schedule wants 'reader' (column 20), which has ended; ready: main (join), "
      "reclaimer (load)");
}

TEST(Replay, APointThatIsNotReachedIsToldWithThoseThatWere) {
  EXPECT_EQ(
      replay(reader_and_reclaimer(), "reader@poled reclaimer").diverged,
      "at step 9 the schedule wants 'reader@poled' (column 1), which ended before it reached that "
      "point (it came by 'polled', 'counted'; did you mean 'polled'?); ready: main (join), "
      "reclaimer (load)");
  EXPECT_EQ(
      replay(reader_and_reclaimer(), "reclaimer@x").diverged,
      "at step 6 the schedule wants 'reclaimer@x' (column 1), which ended before it reached that "
      "point, or any other; ready: reader (load)");
  EXPECT_EQ(replay(reader_and_reclaimer(), "reader@enter:f").diverged,
            "at step 9 the schedule wants 'reader@enter:f' (column 1), which ended before it "
            "entered that "
            "function; ready: main (join), reclaimer (load)");
  EXPECT_EQ(
      replay(reader_and_reclaimer(), "reader@leave:f").diverged,
      "at step 9 the schedule wants 'reader@leave:f' (column 1), which ended before it left that "
      "function; ready: main (join), reclaimer (load)");
}

TEST(Replay, StepsThatATaskDoesNotHaveAreTold) {
  EXPECT_EQ(
      replay(reader_and_reclaimer(), "reclaimer*5").diverged,
      "at step 6 the schedule wants 'reclaimer*5' (column 1), which ended after 3 of 5 steps; "
      "ready: reader (load)");
}

TEST(Replay, ABlockedTaskIsToldWithWhatItWaitsFor) {
  Program program = reader_and_reclaimer();
  program.tasks[1] = {lock(1), point("locked"), unlock(1), step()};
  program.tasks[2] = {step(), lock(1), unlock(1), step()};
  EXPECT_EQ(
      replay(program, "reader@locked reclaimer*3").diverged,
      "at step 5 the schedule wants 'reclaimer*3' (column 15), which is blocked (lock) after 1 of "
      "3 steps; ready: reader (point 'locked')");
  EXPECT_EQ(replay(program, "reclaimer*1 reader@locked reclaimer").diverged,
            "at step 5 the schedule wants 'reclaimer' (column 27), which is blocked (lock); ready: "
            "reader "
            "(point 'locked')");
}

TEST(Replay, WithoutBeingToldWhyATaskCannotRunItSaysWhatItSaw) {
  Program program = reader_and_reclaimer();
  program.tasks[1] = {lock(1), point("locked"), unlock(1), step()};
  program.tasks[2] = {step(), lock(1), unlock(1), step()};
  EXPECT_EQ(
      divergence_seen_from_outside(program, "reader@locked reclaimer*3"),
      "at step 5 the schedule wants 'reclaimer*3' (column 15), which has ended or is blocked since "
      "its step 4 (load) after 1 of 3 steps; ready: reader (point 'locked')");
  EXPECT_EQ(divergence_seen_from_outside(program, "reclaimer*1 reader@locked reclaimer"),
            "at step 5 the schedule wants 'reclaimer' (column 27), which is blocked (lock); ready: "
            "reader "
            "(point 'locked')");
  program.tasks[2] = {lock(1), unlock(1), step()};
  program.tasks[0] = {spawn(1), step(), step(), spawn(2), join(1), join(2), step()};
  EXPECT_EQ(
      divergence_seen_from_outside(program, "main*1 reader@locked main*3 reclaimer main"),
      "at step 6 the schedule wants 'reclaimer' (column 29), which cannot run yet; ready: reader "
      "(point 'locked')");
}

// Which address a mapping gets is asked in the middle of a step, when no item can have its turn.
TEST(Replay, AnOutcomeBelongsToTheStepItIsAskedIn) {
  Program program = reader_and_reclaimer();
  program.tasks[1] = {step(), outcome(2), step()};
  const Replayed replayed = replay(program, "reader*1 reclaimer reader");
  EXPECT_EQ(replayed.diverged, "");
  EXPECT_EQ(replayed.text, steps("aa bb ccc b aaa"));
  EXPECT_EQ(replay(program, "reader*1 reader/1*1 reclaimer reader").text,
            steps("aa bb1 ccc b aaa"));
  program.tasks[0] = {step(), outcome(2), spawn(1), spawn(2), join(1), join(2), step()};
  EXPECT_EQ(replay(program, "reader reclaimer").text, steps("aaaa bbb ccc aaa"));
}

TEST(Replay, AnAlternativeThatIsNotThereIsTold) {
  EXPECT_EQ(
      replay(reader_and_reclaimer(), "reader/2*1").diverged,
      "at step 3 the schedule wants 'reader/2*1' (column 1), which has alternative 0 only; ready: "
      "reader (load), reclaimer (load)");
}

TEST(Replay, AnExecutionThatEndsBeforeTheTextIsTold) {
  // main is named, so nothing helps out; everything ends with main.
  Program program;
  program.names = {"main"};
  program.tasks = {{step(), step()}};
  EXPECT_EQ(replay(program, "main*2 main*1").diverged,
            "after step 2, the last one, the schedule wants 'main*1' (column 8), and all tasks "
            "have ended");
  EXPECT_EQ(replay(program, "main*5").diverged,
            "after step 2, the last one, the schedule wants 'main*5' (column 1), which ended after "
            "2 of 5 "
            "steps");
  EXPECT_EQ(
      replay(program, "main raeder").diverged,
      "after step 2, the last one, the schedule wants 'raeder' (column 6), which does not exist");
  EXPECT_EQ(
      replay(program, "raeder").diverged,
      "after step 2, the last one, the schedule wants 'raeder' (column 1), which does not exist");
  EXPECT_EQ(replay(program, "main").diverged, "");
}

TEST(Replay, AnExecutionThatAViolationStopsDidFit) {
  EXPECT_EQ(replay(reader_and_reclaimer(), "reader@polled reclaimer reader", 5).diverged, "");
}

TEST(Replay, OnlyTheFirstDivergenceIsToldAndTheRestRunsOn) {
  const Replayed replayed = replay(reader_and_reclaimer(), "zzz yyy");
  EXPECT_NE(replayed.diverged.find("'zzz'"), std::string::npos);
  EXPECT_EQ(replayed.diverged.find("'yyy'"), std::string::npos);
  EXPECT_EQ(replayed.text, steps("aa bbbbbb a ccc aa"));
}

TEST(FollowChoices, TellsWhereTheProgramParts) {
  const Program program = reader_and_reclaimer();
  Runner runner(program);
  const auto strategy =
      follow_choices({{0, 0}, {2, 0}}, [&](TaskId task) { return runner.name_of(task); });
  EXPECT_EQ(runner.run(*strategy, 0)->text, steps("aa bbbbbb a ccc aa"));
  EXPECT_EQ(
      strategy->diverged(),
      "at step 2 of 2 recorded ones task 2 should take alternative 0; ready: main (spawn), reader "
      "(load)");
  const auto nameless = follow_choices({{0, 0}, {0, 1}});
  runner.run(*nameless, 0);
  EXPECT_EQ(nameless->diverged(),
            "at step 2 of 2 recorded ones task 0 should take alternative 1; ready: task 0 (spawn), "
            "task 1 "
            "(load)");
}

TEST(FollowChoices, GoesOnAfterTheLastOne) {
  const Program program = reader_and_reclaimer();
  Runner runner(program);
  const auto strategy = follow_choices({{0, 0}, {1, 0}});
  EXPECT_EQ(runner.run(*strategy, 0)->text, steps("a bbbbbb aa ccc aa"));
  EXPECT_EQ(strategy->diverged(), "");
}

}  // namespace
}  // namespace harness
