// deadlock and livelock: who waits for what when nothing can run.
#include "harness/test/oracle_story.hpp"

namespace harness {
namespace {

Event stuck(TaskId task, std::uint64_t waits, std::uint64_t count, std::uint64_t on = no_task,
            std::uintptr_t object = 0x40) {
  return {.task = task,
          .op = Op::stuck,
          .object = object,
          .bytes = count,
          .before = on,
          .value = waits};
}

Story story() { return Story(make_deadlock()); }

TEST(Deadlock, NamesWhoWaitsForWhat) {
  auto told = story();
  EXPECT_TRUE(told.tell(stuck(1, 1, 3, 2, 0x40)).tell(stuck(2, 1, 3, 1, 0x80)).silent());
  told.tell(stuck(0, 3, 3, 1, 0));
  EXPECT_EQ(told.rule(), "deadlock");
  EXPECT_EQ(told.steps(), (Steps{1, 2, 3}));
  EXPECT_EQ(
      told.message(),
      "nothing can run any more: {task:1} waits for the lock {object:40}, which {task:2} holds; "
      "{task:2} waits "
      "for the lock {object:80}, which {task:1} holds; {task:0} waits for the end of {task:1}");
}

TEST(Deadlock, OneTaskIsEnough) {
  EXPECT_EQ(story().tell(stuck(0, 2, 1)).message(),
            "nothing can run any more: {task:0} waits to be woken at {object:40}");
  EXPECT_EQ(story().tell(stuck(0, 2, 0, no_task, 0)).message(),
            "nothing can run any more: {task:0} waits to be woken");
}

TEST(Deadlock, SaysNothingOfHoldersItDoesNotKnow) {
  EXPECT_EQ(story().tell(stuck(1, 1, 1)).message(),
            "nothing can run any more: {task:1} waits for the lock {object:40}");
  EXPECT_EQ(story().tell(stuck(0, 3, 1)).message(),
            "nothing can run any more: {task:0} waits for the end of other tasks");
  EXPECT_EQ(story().tell(stuck(0, 99, 1)).message(),
            "nothing can run any more: {task:0} waits at {object:40}");
}

TEST(Deadlock, WhereAllSpinItIsALivelock) {
  auto told = story();
  told.tell(stuck(1, 4, 2)).tell(stuck(2, 4, 2, no_task, 0));
  EXPECT_EQ(told.rule(), "livelock");
  EXPECT_EQ(told.message(),
            "nothing can run any more: {task:1} spins on {object:40} for ever; {task:2} spins for "
            "ever");
}

TEST(Deadlock, WhoOnlyWaitsForTheEndOfSpinningTasksDoesNotMakeItADeadlock) {
  const auto rule = [](std::uint64_t one, std::uint64_t other) {
    return std::move(story().tell(stuck(1, one, 2)).tell(stuck(0, other, 2))).rule();
  };
  EXPECT_EQ(rule(4, 3), "livelock");
  EXPECT_EQ(rule(3, 4), "livelock");
  EXPECT_EQ(rule(3, 3), "deadlock");
  EXPECT_EQ(rule(4, 1), "deadlock");
  EXPECT_EQ(rule(2, 4), "deadlock");
}

TEST(Deadlock, WithoutStuckTasksThereIsNone) {
  EXPECT_TRUE(story().ends().silent());
  auto told = story();
  told.tell(stuck(1, 1, 2));
  EXPECT_EQ(told.begin().tell(stuck(1, 1, 1)).steps(), (Steps{1}));  // forgets half a row
}

}  // namespace
}  // namespace harness
