// What would lead out of the one process that is under control: refused with a sentence, as the outcome "error".
// Outside executions everything is forwarded.
#include <fcntl.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdio.h>
#include <unistd.h>

#include <cstdarg>
#include <string>

#include "harness/runtime/caller.hpp"

namespace harness {
namespace {

[[noreturn]] void refuse(const char* call, const char* why) {
  const Entered entered;
  entered->fail(std::string(call) + "() in the program under test: " + why);
}

constexpr const char* other_process =
    "what another process does cannot be explored. Test the code on either side of it by itself";
constexpr const char* named_semaphore =
    "a named semaphore is shared with other processes, whose steps cannot be explored. Use sem_init()";

}  // namespace
}  // namespace harness

using harness::active;
using harness::other_process;
using harness::refuse;
namespace real = harness::real;

HARNESS_EXPORT pid_t fork() noexcept {
  return active == nullptr ? real::fork() : (refuse("fork", other_process), -1);
}
// Forwarded as fork(): a function between it and its caller cannot return twice.
HARNESS_EXPORT pid_t vfork() noexcept {
  return active == nullptr ? real::fork() : (refuse("vfork", other_process), -1);
}
HARNESS_EXPORT int daemon(int stays, int keeps) noexcept {
  return active == nullptr ? real::daemon(stays, keeps) : (refuse("daemon", other_process), -1);
}
HARNESS_EXPORT int system(const char* command) {
  return active == nullptr ? real::system(command) : (refuse("system", other_process), -1);
}
HARNESS_EXPORT FILE* popen(const char* command, const char* mode) {
  return active == nullptr ? real::popen(command, mode) : (refuse("popen", other_process), nullptr);
}
HARNESS_EXPORT int execve(const char* path, char* const arguments[], char* const environment[]) noexcept {
  return active == nullptr ? real::execve(path, arguments, environment)
                           : (refuse("execve", other_process), -1);
}
HARNESS_EXPORT int execv(const char* path, char* const arguments[]) noexcept {
  return active == nullptr ? real::execv(path, arguments) : (refuse("execv", other_process), -1);
}
HARNESS_EXPORT int execvp(const char* file, char* const arguments[]) noexcept {
  return active == nullptr ? real::execvp(file, arguments) : (refuse("execvp", other_process), -1);
}
HARNESS_EXPORT int execvpe(const char* file, char* const arguments[], char* const environment[]) noexcept {
  return active == nullptr ? real::execvpe(file, arguments, environment)
                           : (refuse("execvpe", other_process), -1);
}
HARNESS_EXPORT int fexecve(int file, char* const arguments[], char* const environment[]) noexcept {
  return active == nullptr ? real::fexecve(file, arguments, environment)
                           : (refuse("fexecve", other_process), -1);
}

namespace harness {
namespace {

// The arguments of execl() and its like, up to and with the null pointer.
std::vector<char*> listed(const char* first, va_list& more) {
  std::vector<char*> arguments{const_cast<char*>(first)};
  while (arguments.back() != nullptr) arguments.push_back(va_arg(more, char*));
  return arguments;
}

}  // namespace
}  // namespace harness

HARNESS_EXPORT int execl(const char* path, const char* first, ...) noexcept {
  if (active != nullptr) refuse("execl", other_process);
  va_list more;
  va_start(more, first);
  const auto arguments = harness::listed(first, more);
  va_end(more);
  return real::execv(path, arguments.data());
}
HARNESS_EXPORT int execlp(const char* file, const char* first, ...) noexcept {
  if (active != nullptr) refuse("execlp", other_process);
  va_list more;
  va_start(more, first);
  const auto arguments = harness::listed(first, more);
  va_end(more);
  return real::execvp(file, arguments.data());
}
HARNESS_EXPORT int execle(const char* path, const char* first, ...) noexcept {
  if (active != nullptr) refuse("execle", other_process);
  va_list more;
  va_start(more, first);
  const auto arguments = harness::listed(first, more);
  char* const* const environment = va_arg(more, char* const*);
  va_end(more);
  return real::execve(path, arguments.data(), environment);
}

HARNESS_EXPORT int posix_spawn(pid_t* process, const char* path, const posix_spawn_file_actions_t* actions,
                               const posix_spawnattr_t* attributes, char* const arguments[],
                               char* const environment[]) {
  return active == nullptr ? real::posix_spawn(process, path, actions, attributes, arguments, environment)
                           : (refuse("posix_spawn", other_process), -1);
}
HARNESS_EXPORT int posix_spawnp(pid_t* process, const char* file, const posix_spawn_file_actions_t* actions,
                                const posix_spawnattr_t* attributes, char* const arguments[],
                                char* const environment[]) {
  return active == nullptr ? real::posix_spawnp(process, file, actions, attributes, arguments, environment)
                           : (refuse("posix_spawnp", other_process), -1);
}

HARNESS_EXPORT sem_t* sem_open(const char* name, int flags, ...) noexcept {
  if (active != nullptr) refuse("sem_open", harness::named_semaphore);
  va_list more;
  va_start(more, flags);
  const unsigned mode = (flags & O_CREAT) != 0 ? va_arg(more, unsigned) : 0;
  const unsigned value = (flags & O_CREAT) != 0 ? va_arg(more, unsigned) : 0;
  va_end(more);
  return real::sem_open(name, flags, mode, value);
}

// Handlers of pthread_atfork(): there is no fork() to call them at.
HARNESS_EXPORT int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(), void* module) {
  using Register = int (*)(void (*)(), void (*)(), void (*)(), void*);
  static const auto registered = reinterpret_cast<Register>(real::find("__register_atfork"));
  return active == nullptr ? registered(prepare, parent, child, module) : 0;
}
