#include "harness/strategies/ordered.hpp"

#include <algorithm>

namespace harness {

Ordered::Ordered(std::unique_ptr<Strategy> inner, std::vector<Mark> marks,
                 std::vector<Order> demanded, Otherwise otherwise)
    : inner_(std::move(inner)),
      marks_(std::move(marks)),
      demanded_(std::move(demanded)),
      otherwise_(otherwise),
      at_(marks_.size(), never) {
  for (std::size_t i = 0; i < marks_.size(); ++i) {
    Mark place = marks_[i];
    place.occurrence = 0;
    if (places_.empty() || places_.back().mark != place) places_.push_back({place, i, i, 0});
    places_.back().last = i + 1;
  }
}

bool Ordered::begin(std::uint64_t execution) {
  step_ = 0;
  std::fill(at_.begin(), at_.end(), never);
  for (Place& place : places_) place.occurrences = 0;
  return inner_->begin(execution);
}

std::size_t Ordered::next(std::span<const Ready> ready, TaskId current) {
  allowed_.clear();
  index_of_.clear();
  for (std::size_t i = 0; i < ready.size(); ++i) {
    if (must_wait(mark_of(ready[i]))) continue;
    allowed_.push_back(ready[i]);
    index_of_.push_back(i);
  }
  if (allowed_.empty() && otherwise_ == Otherwise::abandons) return abandon;
  const bool given_up = allowed_.empty();
  const std::size_t chosen =
      inner_->next(given_up ? ready : std::span<const Ready>(allowed_), current);
  if (chosen == abandon) return abandon;
  const std::size_t index = given_up ? chosen : index_of_[chosen];
  note(ready[index]);
  return index;
}

// The mark that the entry would be, if it is one.
std::size_t Ordered::mark_of(const Ready& entry) const {
  const Mark wanted{entry.task, entry.event.op, entry.event.where, 0};
  const auto place =
      std::lower_bound(places_.begin(), places_.end(), wanted,
                       [](const Place& known, const Mark& mark) { return known.mark < mark; });
  if (place == places_.end() || place->mark != wanted) return unknown;
  for (std::size_t i = place->first; i < place->last; ++i)
    if (marks_[i].occurrence == place->occurrences) return i;
  return unknown;
}

bool Ordered::must_wait(std::size_t mark) const {
  return mark != unknown &&
         std::any_of(demanded_.begin(), demanded_.end(), [&](const Order& order) {
           return order.then == mark && at_[order.first] == never;
         });
}

void Ordered::note(const Ready& chosen) {
  ++step_;
  const std::size_t mark = mark_of(chosen);
  if (mark != unknown) at_[mark] = step_;
  const Mark wanted{chosen.task, chosen.event.op, chosen.event.where, 0};
  for (Place& place : places_)
    if (place.mark == wanted) ++place.occurrences;
}

bool Ordered::holds(const Order& order) const {
  return at_[order.then] != never && at_[order.first] < at_[order.then];
}

bool Ordered::holds_all() const {
  return std::all_of(demanded_.begin(), demanded_.end(),
                     [&](const Order& order) { return holds(order); });
}

}  // namespace harness
