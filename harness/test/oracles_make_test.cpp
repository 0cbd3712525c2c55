// All oracles together: their order, the rules, and that no event whatever upsets them.
#include <algorithm>
#include <array>
#include <set>

#include "harness/oracles/make.hpp"
#include "harness/test/oracle_story.hpp"

namespace harness {
namespace {

// As the engine does: the first that objects has the word.
std::string first_rule(std::vector<Event> events) {
  const auto oracles = make_oracles();
  for (const auto& oracle : oracles) oracle->begin();
  for (const Event& event : events)
    for (const auto& oracle : oracles)
      if (oracle->watches().has(event.op))
        if (const auto violation = oracle->see(event)) return violation->rule;
  for (const auto& oracle : oracles)
    if (const auto violation = oracle->end()) return violation->rule;
  return "none";
}

TEST(Oracles, TheCauseSpeaksBeforeTheSymptom) {
  const Event map{.task = 0, .op = Op::map, .object = region, .bytes = mib, .value = 3};
  const Event given{.task = 1, .op = Op::given, .object = region, .bytes = 4096, .value = pool};
  const Event unmap{.task = 2, .op = Op::unmap, .object = region, .bytes = mib};
  const Event discard{.task = 2, .op = Op::discard, .object = region, .bytes = mib};
  const Event crash{.task = 1, .op = Op::crashed, .object = region, .label = "SIGSEGV"};
  const Event again{.task = 3, .op = Op::given, .object = region, .bytes = 4096, .value = pool};
  const Event lost{.task = 1, .op = Op::lost, .object = region, .before = 1};
  const Event closed{.task = 2, .op = Op::closed, .object = region, .bytes = mib};
  EXPECT_EQ(first_rule({map, given, unmap, crash}), "freed-region-in-use");
  EXPECT_EQ(first_rule({map, given, discard, again}), "freed-region-in-use");
  EXPECT_EQ(first_rule({map, given, discard, lost}), "freed-region-in-use");
  EXPECT_EQ(first_rule({map, given, unmap}), "freed-region-in-use");
  EXPECT_EQ(first_rule({map, given, closed, unmap, crash}), "use-after-close");
  EXPECT_EQ(first_rule({map, given, again}), "double-give");
  EXPECT_EQ(first_rule({map, given, lost}), "lost-data");
  EXPECT_EQ(first_rule({map, crash}), "crash");
  EXPECT_EQ(first_rule({map}), "leak");
  EXPECT_EQ(first_rule({map, unmap}), "none");
  EXPECT_EQ(first_rule({}), "none");
}

TEST(Oracles, TheRulesAreSortedAndKnown) {
  const auto rules = rule_names();
  EXPECT_EQ(rules.size(), 18u);
  EXPECT_TRUE(std::is_sorted(rules.begin(), rules.end()));
  EXPECT_EQ(std::set<std::string>(rules.begin(), rules.end()).size(), rules.size());
  for (const std::string& rule : rules) EXPECT_EQ(rule, find_rule(rule));
  EXPECT_EQ(find_rule("leak "), nullptr);
  EXPECT_EQ(find_rule(""), nullptr);
}

TEST(Oracles, NobodyListensToEveryStep) {
  const auto oracles = make_oracles();
  EXPECT_EQ(oracles.size(), 11u);
  for (const auto& oracle : oracles)
    for (const Op op :
         {Op::load, Op::store, Op::rmw, Op::cas, Op::lock, Op::unlock, Op::point, Op::yield})
      EXPECT_FALSE(oracle->watches().has(op));
}

// Stories without sense, in a small range of addresses so that everything overlaps everything.
TEST(Oracles, NoEventUpsetsThem) {
  const auto oracles = make_oracles();
  const auto rules = rule_names();
  std::uint64_t state = 1;
  const auto draw = [&](std::uint64_t bound) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % bound;
  };
  std::set<std::string> heard;
  for (int execution = 0; execution < 3000; ++execution) {
    for (const auto& oracle : oracles) oracle->begin();
    for (std::uint32_t step = 1; step <= 60; ++step) {
      Event event;
      event.step = step;
      event.task = static_cast<TaskId>(draw(4));
      // Every other one is about slices: most ops are none of the oracles' business.
      const bool slices = draw(2) == 0;
      event.op = static_cast<Op>(draw(static_cast<std::uint64_t>(Op::count_)));
      if (slices) event.op = std::array{Op::given, Op::returning, Op::returned}.at(draw(3));
      event.failed = draw(10) == 0;
      event.object = event.op == Op::violated ? 0 : region + draw(slices ? 3 : 16) * 2048;
      event.bytes = draw(3) == 0 ? draw(5) : draw(8) * 4096;
      event.value = draw(5);
      event.before = draw(3);
      event.label = draw(2) == 0 ? nullptr : "leak";
      for (const auto& oracle : oracles) {
        if (!oracle->watches().has(event.op)) continue;
        const auto violation = oracle->see(event);
        if (!violation) continue;
        ASSERT_NE(find_rule(violation->rule), nullptr);
        ASSERT_FALSE(violation->message.empty());
        ASSERT_FALSE(violation->accesses.empty());
        for (std::size_t i = 1; i < violation->accesses.size(); ++i)
          ASSERT_LE(violation->accesses[i - 1].step, violation->accesses[i].step)
              << violation->message;
        heard.insert(violation->rule);
      }
    }
    for (const auto& oracle : oracles)
      if (const auto violation = oracle->end()) heard.insert(violation->rule);
  }
  // All but the six that only the engine notices.
  EXPECT_EQ(heard.size(), rules.size() - 6) << ::testing::PrintToString(heard);
}

}  // namespace
}  // namespace harness
