// atexit() and its relatives, and what exit() does with them. While the program's handlers run, other tasks go on,
// as they do in a process.
#include "harness/runtime/program_exit.hpp"

#include <link.h>

#include <cstdio>
#include <vector>

#include "harness/engine/exit_handlers.hpp"
#include "harness/engine/host_environment.hpp"
#include "harness/engine/hosting.hpp"
#include "harness/engine/system_objects.hpp"
#include "harness/runtime/caller.hpp"

namespace harness {
namespace {

using Handler = ExitHandlers::Handler;

// The program's from before main() as well, where the tool has started it: this process itself ends without them.
bool is_programs() { return active != nullptr || (is_run_by_tool() && hosting() == nullptr); }

int note(const Handler& handler) {
  Engine* const engine = active;
  active = nullptr;
  exit_handlers().add(handler);
  active = engine;
  return 0;
}

// take(): the next one to call.
template <class Take>
void call_handlers(int status, Take take) {
  for (;;) {
    Engine* const engine = active;
    active = nullptr;
    const auto handler = take(exit_handlers());
    active = engine;
    if (!handler) return;
    if (handler->with_status != nullptr)
      handler->with_status(status, handler->argument);
    else
      handler->plain(handler->argument);
  }
}

using Function = void (*)();

// The functions that the program's objects want called at the end (attribute destructor), the executable's first.
int collect_fini(dl_phdr_info* info, std::size_t, void* argument) {
  if (kind_of(*info) != ObjectKind::program) return 0;
  const ElfW(Dyn)* entry = nullptr;
  for (int i = 0; i < info->dlpi_phnum; ++i)
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
      entry = reinterpret_cast<const ElfW(Dyn)*>(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
  const Function* functions = nullptr;
  std::size_t count = 0;
  for (; entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_FINI_ARRAY)
      functions = reinterpret_cast<const Function*>(info->dlpi_addr + entry->d_un.d_ptr);
    if (entry->d_tag == DT_FINI_ARRAYSZ) count = entry->d_un.d_val / sizeof(Function);
  }
  auto& to = *static_cast<std::vector<Function>*>(argument);
  while (functions != nullptr && count > 0) to.push_back(functions[--count]);
  return 0;
}

void call_fini_functions() {
  Engine* const engine = active;
  active = nullptr;
  std::vector<Function> functions;
  dl_iterate_phdr(collect_fini, &functions);
  for (const Function function : functions) {
    active = engine;
    function();
    active = nullptr;
  }
  functions = {};  // the tool's, so given back in its mode
  active = engine;
}

// Between the last that the program does and its handlers the others may go on for a while.
void begin_exit(std::uintptr_t where) {
  const Entered entered;
  entered->reach({.op = Op::point, .label = "exit", .where = where});
  entered->executed();
}

void destroy_thread_locals(Task& task) {
  while (!task.at_exit.empty()) {
    const Task::AtExit last = task.at_exit.back();
    task.at_exit.pop_back();
    last.function(last.object);
  }
}

}  // namespace

bool is_whole_program() { return hosting() != nullptr && hosting()->whole_program; }

void exit_program(int status, std::uintptr_t where) {
  begin_exit(where);
  destroy_thread_locals(active->current());
  call_handlers(status, [](ExitHandlers& all) { return all.take(false); });
  call_fini_functions();
  std::fflush(nullptr);
  active->end_program(status, where);
}

void quick_exit_program(int status, std::uintptr_t where) {
  begin_exit(where);
  call_handlers(status, [](ExitHandlers& all) { return all.take(true); });
  active->end_program(status, where);
}

}  // namespace harness

namespace real = harness::real;

HARNESS_EXPORT int __cxa_atexit(void (*function)(void*), void* argument, void* module) noexcept {
  if (!harness::is_programs()) return real::__cxa_atexit(function, argument, module);
  return harness::note({.plain = function, .argument = argument, .module = module});
}
// A shared object is being unloaded: its destructors are called now, by this function of its own.
HARNESS_EXPORT void __cxa_finalize(void* module) {
  if (harness::active != nullptr && module != nullptr)
    harness::call_handlers(0, [=](auto& all) { return all.take_of(module); });
  real::__cxa_finalize(module);
}
HARNESS_EXPORT int on_exit(void (*function)(int, void*), void* argument) noexcept {
  if (!harness::is_programs()) return real::on_exit(function, argument);
  return harness::note({.with_status = function, .argument = argument});
}
HARNESS_EXPORT int __cxa_at_quick_exit(void (*function)(void*), void* module) noexcept {
  if (!harness::is_programs()) return real::__cxa_at_quick_exit(function, module);
  return harness::note({.plain = function, .module = module, .quick = true});
}
