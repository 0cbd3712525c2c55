// double-release: a pool accepted a slice back twice. Which life of the slice a return is about is
// fixed when the return begins: one that began before the slice was given anew is about the old
// life, however late the pool answers. Returns that are refused are fine.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "harness/oracles/each.hpp"
#include "harness/oracles/intervals.hpp"
#include "harness/oracles/words.hpp"

namespace harness {
namespace {

class DoubleRelease final : public Oracle {
 public:
  Ops watches() const override { return Ops(Op::given, Op::returning, Op::returned); }

  void begin() override {
    lives_.clear();
    returns_.clear();
    given_ = 0;
  }

  std::optional<Violation> see(const Event& event) override {
    if (event.op == Op::given) {
      lives_.set({event.object, event.object + 1}, {++given_, false, {}});
    } else if (event.op == Op::returning) {
      if (const auto* life = lives_.first({event.object, event.object + 1}))
        returns_.push_back({event.task, event.object, life->what});
    } else if (event.op == Op::returned) {
      return see_returned(event);
    }
    return {};
  }

 private:
  // One life of a slice, from when it is given to when it is given again.
  struct Life {
    std::uint32_t number = 0;
    bool accepted = false;  // back already,
    Event accepted_at;      // and when
  };
  struct Return {
    TaskId task;
    std::uintptr_t object;
    Life life;  // a copy: the address may have a new life before the return is over
  };

  std::optional<Violation> see_returned(const Event& event) {
    const auto begun = std::find_if(returns_.begin(), returns_.end(), [&](const Return& r) {
      return r.task == event.task && r.object == event.object;
    });
    if (begun == returns_.end()) return {};
    const Life life = begun->life;
    returns_.erase(begun);
    if (event.value == 0) return {};
    if (life.accepted) return twice(life.accepted_at, event);
    accept(event, life.number);
    return {};
  }

  void accept(const Event& event, std::uint32_t number) {
    auto* now = lives_.first({event.object, event.object + 1});
    if (now && now->what.number == number) now->what = {number, true, event};
    for (Return& other : returns_)
      if (other.life.number == number) other.life = {number, true, event};
  }

  static Violation twice(const Event& first, const Event& second) {
    return violation(
        "double-release",
        fmt::format("the slice {} that {} gave back was accepted a second time: {} had "
                    "given it back at step {}",
                    mention_object(second.object), mention(second.task), mention(first.task),
                    first.step),
        first, second);
  }

  Intervals<Life> lives_;  // by the first byte of the slice
  std::vector<Return> returns_;
  std::uint32_t given_ = 0;
};

}  // namespace

std::unique_ptr<Oracle> make_double_release() { return std::make_unique<DoubleRelease>(); }

}  // namespace harness
