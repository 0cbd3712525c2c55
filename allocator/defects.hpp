// The mistakes that a pool of the kind of `claimed` invites, each a compile-time flag of it. All
// are off in what ships; the library under test has a pool for each, so that a scenario can show
// that it would find the mistake (see planted.hpp).
#pragma once

#include <array>
#include <string_view>

namespace allocator {

struct Defects {
  bool check_then_act_purge = false;       // look whether all is free, then close
  bool close_only_first_word = false;      // of a region with several
  bool no_roll_back = false;               // after a close that failed half way
  bool roll_back_by_store = false;         // over what came in between
  bool roll_back_without_summary = false;  // slices come back where nobody looks
  bool clear_without_recheck = false;      // of a summary bit
  bool release_without_summary = false;    // the first free slice of a word
  bool publish_before_map = false;         // words open, no memory behind them
  bool uncharge_before_unmap = false;      // the budget is free, the memory is not
  bool out_of_memory_by_summary = false;   // refused without a look at the words
  bool owner_mark_after_taking = false;    // a cache says too late that it is in operation
  friend constexpr bool operator==(const Defects&, const Defects&) = default;
};

inline constexpr Defects no_defects{};

struct NamedDefect {
  std::string_view name;
  Defects defects;
};

inline constexpr std::array<NamedDefect, 11> named_defects{{
    {"check-then-act-purge", {.check_then_act_purge = true}},
    {"close-only-first-word", {.close_only_first_word = true}},
    {"no-roll-back", {.no_roll_back = true}},
    {"roll-back-by-store", {.roll_back_by_store = true}},
    {"roll-back-without-summary", {.roll_back_without_summary = true}},
    {"clear-without-recheck", {.clear_without_recheck = true}},
    {"release-without-summary", {.release_without_summary = true}},
    {"publish-before-map", {.publish_before_map = true}},
    {"uncharge-before-unmap", {.uncharge_before_unmap = true}},
    {"out-of-memory-by-summary", {.out_of_memory_by_summary = true}},
    {"owner-mark-after-taking", {.owner_mark_after_taking = true}},
}};

}  // namespace allocator
