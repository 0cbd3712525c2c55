#include "harness/engine/descriptors.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "harness/engine/real.hpp"
#include "harness/engine/sync.hpp"

namespace harness {

Descriptors::Descriptors() : tools_(1024) {
  for (std::size_t file = 0; file < tools_.size(); ++file)
    tools_[file] = file <= STDERR_FILENO || fcntl(static_cast<int>(file), F_GETFD) != -1;
}

void Descriptors::closed(int file) {
  std::erase(opened_, file);
  std::erase_if(timers_, [=](const Timer& timer) { return timer.file == file; });
}

void Descriptors::reset() {
  for (const int file : opened_) real::close(file);
  opened_.clear();
  timers_.clear();
  waiting_ = {};
  changes_ = 0;
  clock_ = 0;
}

Descriptors::Timer* Descriptors::find_timer(int file) {
  for (Timer& timer : timers_)
    if (timer.file == file) return &timer;
  return nullptr;
}

void Descriptors::advance(std::uint64_t now_ns) {
  for (Timer& timer : timers_) {
    if (timer.deadline_ns == 0 || timer.deadline_ns > now_ns) continue;
    std::uint64_t times = 1;
    if (timer.interval_ns != 0) times += (now_ns - timer.deadline_ns) / timer.interval_ns;
    static_cast<void>(real::write(timer.file, static_cast<const void*>(&times), sizeof times));
    timer.deadline_ns = timer.interval_ns == 0 ? 0 : timer.deadline_ns + times * timer.interval_ns;
  }
}

// An epoll descriptor may stand for any timer.
std::uint64_t Descriptors::next_deadline(std::span<const pollfd> files) const {
  const auto is_awaited = [&](const Timer& timer) {
    return std::any_of(files.begin(), files.end(), [&](const pollfd& file) {
      return file.fd == timer.file || (file.events & is_epoll) != 0;
    });
  };
  std::uint64_t next = 0;
  for (const Timer& timer : timers_)
    if (timer.deadline_ns != 0 && is_awaited(timer))
      next = next == 0 ? timer.deadline_ns : std::min(next, timer.deadline_ns);
  return next;
}

// ---------------------------------------------------------------------------------------------------------

bool is_between_tasks(int file) {
  struct stat status;
  if (file <= STDERR_FILENO || fstat(file, &status) != 0) return false;
  const mode_t type = status.st_mode & S_IFMT;
  return type == S_IFIFO || type == S_IFSOCK || type == 0;  // 0: eventfd, epoll and the like
}

int ready_now(Engine& engine, std::span<pollfd> files) {
  engine.descriptors().advance(engine.now_ns());
  return real::poll(files.data(), static_cast<nfds_t>(files.size()), 0);
}

int wait_ready(Engine& engine, std::span<pollfd> files, std::uint64_t deadline_ns) {
  Task& me = engine.current();
  const Event event = engine.executing();
  for (;;) {
    const int ready = ready_now(engine, files);
    if (ready != 0) return ready;
    if (me.interrupted || me.called_away()) {
      me.interrupted = true;
      return -EINTR;
    }
    if (deadline_ns != no_deadline && engine.now_ns() >= deadline_ns) return 0;
    engine.executed();
    const std::uint64_t timer = engine.descriptors().next_deadline(files);
    const std::uint64_t until = timer != 0 && (deadline_ns == no_deadline || timer < deadline_ns)
                                    ? timer
                                    : deadline_ns;
    me.awaits = files;
    engine.wait_interruptibly(engine.descriptors().waiting(), event, until, WaitsFor::descriptor);
    me.awaits = {};
  }
}

namespace {

// What stands for a descriptor among the addresses that races are looked for at.
alignas(8) std::array<std::array<char, 8>, 1024> places;

bool is_looked_at(Engine& engine, int file) {
  return engine.races().watching() && engine.settings().data_races == DataRaces::report &&
         static_cast<std::size_t>(file) < places.size();
}
std::uintptr_t place_of(int file) {
  return reinterpret_cast<std::uintptr_t>(places[static_cast<std::size_t>(file)].data());
}

}  // namespace

void descriptor_used(Engine& engine, int file, std::uintptr_t where) {
  if (is_looked_at(engine, file)) engine.races().plain(place_of(file), 1, false, where);
}

// Afterwards nothing is known of that number: it may be another file's soon.
void descriptor_ends(Engine& engine, int file, std::uintptr_t where) {
  if (!is_looked_at(engine, file)) return;
  const Race* const race = engine.races().plain(place_of(file), 1, true, where);
  if (race == nullptr) return engine.races().fresh(place_of(file), 8);
  const Event event = engine.executing();
  if (engine.settings().records) engine.record(event);
  engine.violate({"data-race",
                  fmt::format("{} closes descriptor {}, and nothing orders that after its use by {}",
                              mention(event.task), file, mention(race->task)),
                  {event},
                  false});
}

void descriptors_changed(Engine& engine) {
  engine.races().acquire(engine.descriptors().clock());
  engine.races().release_join(engine.descriptors().clock());
  engine.descriptors().waiting().each([&](Task& task) {
    if (ready_now(engine, task.awaits) != 0) engine.wake(task);
  });
  std::uint64_t& changes = engine.descriptors().changes();
  ++changes;
  engine.changed(reinterpret_cast<std::uintptr_t>(&changes), sizeof changes);
}

void found_nothing_ready(Engine& engine, std::uintptr_t where) {
  const std::uint64_t& changes = engine.descriptors().changes();
  engine.loaded(reinterpret_cast<std::uintptr_t>(&changes), sizeof changes, changes, where);
}

}  // namespace harness
