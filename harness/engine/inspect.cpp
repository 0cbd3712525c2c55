// What a person who has stopped an execution wants to know of its tasks.
#include <algorithm>

#include "harness/engine/engine.hpp"

namespace harness {

std::vector<Engine::TaskView> Engine::tasks_now() const {
  std::vector<TaskView> views;
  for (std::size_t id = 0; id < task_count_; ++id) {
    const Task& task = *tasks_[id];
    if (task.done) continue;
    TaskView view;
    view.current = &task == current_;
    view.stack_pointer = task.fiber->context().stack_pointer;
    const auto entry = std::find_if(ready_.begin(), ready_.end(),
                                    [&](const Ready& one) { return one.task == task.id; });
    view.ready = entry != ready_.end();
    view.next.event = view.ready ? entry->event : task.pending;
    view.next.event.task = task.id;
    view.next.event.step = steps_ + 1;
    auto& stack = view.next.stack;
    stack[view.next.depth++] = view.next.event.where;
    const std::uintptr_t* frame = view.current ? std::min(shadow_top, shadow_end) : task.shadow_top;
    while (frame > task.shadow_base && view.next.depth < stack.size())
      stack[view.next.depth++] = *--frame;
    views.push_back(view);
  }
  return views;
}

}  // namespace harness
