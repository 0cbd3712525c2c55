// Robust mutexes: one whose owner ended goes to the next who locks it, who is told so.
#include <algorithm>
#include <cerrno>

#include "harness/engine/sync.hpp"

namespace harness {
namespace {

void let_go(Engine& engine, Object& object) {
  no_longer_held(engine.task(object.owner), object);
  object.owner = no_task;
  object.depth = 0;
  engine.races().release(object.clock);
  engine.enable(object.waiters);
}

}  // namespace

int robust_locked(Engine& engine, const void* mutex, int error) {
  if (error != 0) return error;
  Object& object = engine.object(mutex);
  if (object.robust == Robust::unrecoverable) {
    let_go(engine, object);
    return ENOTRECOVERABLE;
  }
  auto& known = engine.current().robust;
  if (std::find(known.begin(), known.end(), &object) == known.end()) known.push_back(&object);
  return object.robust == Robust::owner_died ? EOWNERDEAD : 0;
}

void robust_unlocking(Engine& engine, const void* mutex) {
  Object& object = engine.object(mutex);
  const bool last = object.owner == engine.current().id && object.depth <= 1;
  if (last && object.robust == Robust::owner_died) object.robust = Robust::unrecoverable;
}

int make_consistent(Engine& engine, const void* mutex) {
  Object& object = engine.object(mutex);
  if (object.robust != Robust::owner_died || object.owner != engine.current().id) return EINVAL;
  object.robust = Robust::sound;
  return 0;
}

void abandon_robust_mutexes(Engine& engine, Task& task) {
  for (Object* const object : task.robust) {
    if (object->owner != task.id) continue;
    if (object->robust == Robust::sound) object->robust = Robust::owner_died;
    let_go(engine, *object);
  }
}

}  // namespace harness
