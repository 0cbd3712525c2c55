// feedback: grey-box search by constraints, after Wolff, Shi, Duck, Mathur, Roychoudhury, "Greybox
// fuzzing for concurrency testing" (RFF, ASPLOS 2024). An execution follows a few constraints between
// places in the code where tasks get in each other's way; those that showed a new order of two such places
// are kept, and mutated. Since a constraint names places and not tasks, a hundred threads that do the same
// are no harder than one.
//
// A constraint {before, after} says: a task that is about to do `after` waits until another one does
// `before`, or until nobody else can run. Once that has happened, it is done with. {nothing, after} waits
// until nobody else can run.
//
// Where it differs from the paper:
// - Its constraints say which write a read must, or must not, read from. Ours are between any two
//   conflicting events, locks included, and demand that `before` comes in the midst of a task that has
//   come as far as `after`: that is what breaks an intended atomicity.
// - What was not tried yet alone comes first, in random order; a parent is drawn uniformly from what was
//   kept, without a schedule of energies.
// - What constraints leave open is decided by pos, or by tasks that go on until they cannot, by chance. The
//   first execution knows of no constraints: the newest task goes first, but holds at half of the places;
//   from where one is in a loop, everything is drawn.
// - Coverage is which event of another task came directly before an event on the same object.
//
// An execution depends on seed, number and all executions before it. A new worker begins to learn anew.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "harness/strategies/conflicts.hpp"
#include "harness/strategies/dependence.hpp"
#include "harness/strategies/draws.hpp"
#include "harness/strategies/each.hpp"
#include "harness/strategies/entries.hpp"
#include "harness/strategies/event_priorities.hpp"

namespace harness {
namespace {

struct Constraint {
  SitePair sites;
  bool by_place = false;   // any object
  std::uint32_t skip = 0;  // so many tasks come by `after` before the first has to wait
};
using Plan = std::vector<Constraint>;

constexpr std::size_t most_constraints = 6;
constexpr std::size_t most_kept = 256;
constexpr std::uint32_t patience = 2000;  // steps that a task waits at most

class Feedback final : public Strategy {
 public:
  Feedback(Stream stream, std::shared_ptr<Conflicts> conflicts)
      : draws_(stream), shared_(std::move(conflicts)), conflicts_(*shared_) {}

  bool begin(std::uint64_t execution) override {
    draws_.start(execution);
    conflicts_.begin();
    salt_ = draws_.word();
    take_new();
    plan_ = new_plan();
    rules_.clear();
    for (const Constraint& constraint : plan_) rules_.push_back({constraint});
    std::fill(tasks_.begin(), tasks_.end(), TaskState{});
    events_.begin();
    hurries_ = no_task;
    if (!plan_.empty() && draws_.below(4) != 0)
      hurries_ = conflicts_.task_of(plan_.back().sites.after);
    base_ = begun_ == 0 ? Base::newest : draws_.below(4) != 0 ? Base::running_on : Base::events;
    ++begun_;
    gives_way_ = false;
    steps_ = 0;
    is_new_ = false;
    return true;
  }

  std::size_t next(std::span<const Ready> ready, TaskId current) override {
    ++steps_;
    look(ready);
    const bool all_wait = std::all_of(ready.begin(), ready.end(), [this](const Ready& entry) {
      return tasks_[entry.task].held != 0;
    });
    Entries chosen = hurrying(ready);
    if (chosen.count == 0)
      chosen = base_ == Base::events       ? highest(ready, all_wait)
               : base_ == Base::running_on ? running_on(ready, current, all_wait)
               : base_ == Base::any        ? running_on(ready, no_task, all_wait)
                                           : newest(ready, all_wait);
    if (all_wait) let_go(ready[chosen.first].task);
    const std::size_t index = any_of(chosen, draws_);
    execute(ready[index].event);
    if (base_ == Base::events) events_.chosen(ready, index);
    return index;
  }

  void end() override {
    if (!is_new_ || plan_.empty()) return;
    if (kept_.size() < most_kept)
      kept_.push_back(plan_);
    else
      kept_[draws_.below(most_kept)] = plan_;
  }

 private:
  // What decides where no constraint does.
  enum class Base : std::uint8_t { events, running_on, newest, any };
  struct Rule {
    Constraint constraint;
    bool done = false;
    std::uint32_t arrivals = 0;
    std::uint32_t waiting = 0;
  };
  struct TaskState {
    bool arrived = false;  // `op` and `object` stand for what it is about to do
    Op op = Op::start;
    std::uintptr_t object = 0;
    SiteId site = 0;
    std::uint32_t held = 0;   // a bit for each rule that makes it wait
    std::uint32_t since = 0;  // step
  };

  // -------------------------------------------------------------------------------------------------------
  // What to try

  void take_new() {
    for (; known_sites_ < conflicts_.sites().size(); ++known_sites_) {
      const SiteId site = conflicts_.sites()[known_sites_];
      auto& untried = conflicts_.opens(site)   ? untried_openings_
                      : conflicts_.halts(site) ? untried_halts_
                                               : untried_sites_;
      untried.push_back({0, site});
    }
    for (; known_pairs_ < conflicts_.pairs().size(); ++known_pairs_)
      untried_pairs_.push_back(conflicts_.pairs()[known_pairs_]);
  }

  Plan new_plan() {
    halts_ = conflicts_.sites().empty() || draws_.below(6) == 0;
    if (halts_) return {};
    for (auto* untried : {&untried_halts_, &untried_sites_, &untried_openings_, &untried_pairs_})
      if (!untried->empty() && draws_.below(4) != 0) return {constraint_of(drawn(*untried), 0)};
    Plan plan;
    if (!kept_.empty() && draws_.below(2) == 0)
      plan = kept_[draws_.below(static_cast<std::uint32_t>(kept_.size()))];
    mutate(plan);
    return plan;
  }

  SitePair drawn(std::vector<SitePair>& untried) {
    SitePair& one = untried[draws_.below(static_cast<std::uint32_t>(untried.size()))];
    const SitePair sites = one;
    one = untried.back();
    untried.pop_back();
    return sites;
  }

  void mutate(Plan& plan) {
    const std::uint32_t what = draws_.below(8);
    if (plan.empty() || (what < 4 && plan.size() < most_constraints)) {
      plan.push_back(random_constraint());
      return;
    }
    Constraint& one = plan[draws_.below(static_cast<std::uint32_t>(plan.size()))];
    if (what < 6) {
      one = random_constraint();
    } else if (what == 6 && plan.size() > 1) {
      one = plan.back();
      plan.pop_back();
    } else {
      one.skip = random_skip();
    }
  }

  Constraint random_constraint() {
    const auto& pairs = conflicts_.pairs();
    const auto& sites = conflicts_.sites();
    // Drawn one after the other: the order of arguments is the compiler's.
    if (pairs.empty() || draws_.below(3) == 0) {
      const SiteId site = sites[draws_.below(static_cast<std::uint32_t>(sites.size()))];
      return constraint_of({0, site}, random_skip());
    }
    const SitePair pair = pairs[draws_.below(static_cast<std::uint32_t>(pairs.size()))];
    return constraint_of(pair, random_skip());
  }

  Constraint constraint_of(SitePair sites, std::uint32_t skip) {
    return {sites, can_be_any(sites) && draws_.below(2) == 0, skip};
  }

  // 0 half of the time, then 1 or more, each half as often as the one before.
  std::uint32_t random_skip() {
    std::uint32_t skip = 0;
    while (skip < 16 && draws_.below(2) == 0) ++skip;
    return skip;
  }

  bool can_be_any(SitePair sites) const {
    return conflicts_.sites_at(conflicts_.place_of(sites.after)) > 1 ||
           (sites.before != 0 && conflicts_.sites_at(conflicts_.place_of(sites.before)) > 1);
  }

  // -------------------------------------------------------------------------------------------------------
  // Who waits

  void look(std::span<const Ready> ready) {
    for (const Ready& entry : ready) {
      if (entry.task >= tasks_.size()) tasks_.resize(std::size_t{entry.task} + 1);
      TaskState& task = tasks_[entry.task];
      const Event& event = entry.event;
      if (task.arrived && task.op == event.op && task.object == event.object) {
        if (task.held != 0 && steps_ - task.since > patience) let_go(entry.task);
        continue;
      }
      let_go(entry.task);
      task.arrived = true;
      task.op = event.op;
      task.object = event.object;
      task.site = conflicts_.site_of(event);
      task.since = steps_;
      if (task.site == 0) continue;
      if (base_ == Base::newest && is_there_again(entry.task)) let_all_go();
      hold(entry.task);
    }
  }

  // A task that is in a loop may go through all of it in vain while others have to wait.
  void let_all_go() {
    base_ = Base::any;
    halts_ = false;
    for (TaskState& task : tasks_) task.held = 0;
  }

  void hold(TaskId id) {
    TaskState& task = tasks_[id];
    if (halts_ && conflicts_.is_under_way(id) && !conflicts_.unlocks(task.site) && halts_at(task.site))
      task.held |= 1u << most_constraints;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      Rule& rule = rules_[i];
      if (rule.done || !is_at(task.site, rule.constraint.sites.after, rule.constraint)) continue;
      if (rule.arrivals++ < rule.constraint.skip) continue;
      task.held |= 1u << i;
      ++rule.waiting;
    }
  }

  // Half of the sites; which, the execution's first draw says.
  bool halts_at(SiteId site) const {
    return ((site * 0x9e3779b97f4a7c15 ^ salt_) * 0xbf58476d1ce4e5b9) >> 63 != 0;
  }

  void let_go(TaskId id) {
    TaskState& task = tasks_[id];
    for (std::size_t i = 0; task.held != 0 && i < rules_.size(); ++i)
      if (task.held >> i & 1) --rules_[i].waiting;
    task.held = 0;
  }

  bool is_at(SiteId site, SiteId wanted, const Constraint& constraint) const {
    if (site == wanted) return true;
    return constraint.by_place && conflicts_.place_of(site) == conflicts_.place_of(wanted);
  }

  void execute(const Event& event) {
    TaskState& task = tasks_[event.task];
    task.arrived = false;
    if (base_ == Base::newest && event.op == Op::yield) base_ = Base::events;
    if (task.site >= came_by_.size()) came_by_.resize(std::size_t{task.site} + 1);
    came_by_[task.site] = {begun_, event.task};
    gives_way_ = event.op == Op::yield || event.op == Op::sleep || is_time_out(event);
    is_new_ |= conflicts_.executed(task.site, event);
    if (task.site == 0) return;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      Rule& rule = rules_[i];
      const SiteId before = rule.constraint.sites.before;
      if (rule.waiting == 0 || before == 0 || !is_at(task.site, before, rule.constraint)) continue;
      rule.done = true;
      rule.waiting = 0;
      for (TaskState& other : tasks_) other.held &= ~(1u << i);
    }
  }

  // In a loop, as far as it was the last to come by.
  bool is_there_again(TaskId task) const {
    const SiteId site = tasks_[task].site;
    return site != 0 && site < came_by_.size() && came_by_[site] == std::pair(begun_, task);
  }

  bool may_run(const Ready& entry, bool all) const { return all || tasks_[entry.task].held == 0; }

  // The one that is to come first to where it waits, or main, which creates it; count 0: it has come
  // there, or cannot, or gives way.
  Entries hurrying(std::span<const Ready> ready) {
    if (hurries_ == no_task) return {0, 0};
    const bool is_there = hurries_ < tasks_.size() && tasks_[hurries_].since != 0;
    const TaskId wanted = is_there ? hurries_ : TaskId{0};
    for (std::size_t i = 0; i < ready.size(); i += entries_at(ready, i).count) {
      if (ready[i].task != wanted) continue;
      if (tasks_[wanted].held == 0 && ready[i].event.op != Op::yield) return entries_at(ready, i);
      hurries_ = no_task;
      break;
    }
    return {0, 0};
  }

  // Among those that need not wait, or among all.
  Entries highest(std::span<const Ready> ready, bool all) {
    Entries top{0, 0};
    std::uint64_t best = 0;
    for (std::size_t i = 0; i < ready.size();) {
      const Entries entries = entries_at(ready, i);
      i += entries.count;
      if (!may_run(ready[entries.first], all)) continue;
      const std::uint64_t priority = events_.of(ready[entries.first], draws_);
      if (top.count != 0 && priority <= best) continue;
      best = priority;
      top = entries;
    }
    return top;
  }

  // The task that was created last; but first main, which creates them.
  Entries newest(std::span<const Ready> ready, bool all) const {
    Entries chosen{0, 0};
    for (std::size_t i = 0; i < ready.size();) {
      const Entries entries = entries_at(ready, i);
      i += entries.count;
      if (!may_run(ready[entries.first], all)) continue;
      chosen = entries;
      if (ready[entries.first].task == 0) break;
    }
    return chosen;
  }

  // The task that ran last; where it cannot, or has just given way, another one. Before it takes a lock
  // once more in a loop, the others have a chance.
  Entries running_on(std::span<const Ready> ready, TaskId current, bool all) {
    Entries chosen{0, 0};
    std::uint32_t others = 0;
    for (std::size_t i = 0; i < ready.size();) {
      const Entries entries = entries_at(ready, i);
      i += entries.count;
      const Ready& entry = ready[entries.first];
      if (!may_run(entry, all)) continue;
      if (entry.task == current && !gives_way_ && !draws_again(current)) return entries;
      if (entry.task == current && chosen.count != 0) continue;
      if (entry.task != current) ++others;
      if (others < 2 || draws_.below(others) == 0) chosen = entries;
    }
    return chosen;
  }

  bool draws_again(TaskId task) {
    return is_there_again(task) && conflicts_.halts(tasks_[task].site) && draws_.below(2) == 0;
  }

  Draws draws_;
  std::shared_ptr<Conflicts> shared_;  // with those who let us learn from their executions
  Conflicts& conflicts_;
  std::size_t known_sites_ = 0, known_pairs_ = 0;  // of those in conflicts_
  std::vector<SitePair> untried_halts_, untried_sites_, untried_openings_, untried_pairs_;
  std::vector<Plan> kept_;
  std::uint64_t begun_ = 0;  // executions
  std::vector<std::pair<std::uint64_t, TaskId>> came_by_;  // by site: in which of them, and who, the last time
  // of the execution that runs
  Plan plan_;
  std::vector<Rule> rules_;
  std::vector<TaskState> tasks_;
  EventPriorities events_;
  bool halts_ = false;
  std::uint64_t salt_ = 0;
  TaskId hurries_ = no_task;
  Base base_ = Base::events;
  bool gives_way_ = false;  // but not that one, this time
  std::uint32_t steps_ = 0;
  bool is_new_ = false;
};

}  // namespace

std::unique_ptr<Strategy> make_feedback(Stream stream, std::shared_ptr<Conflicts> conflicts) {
  return std::make_unique<Feedback>(stream, std::move(conflicts));
}

}  // namespace harness
