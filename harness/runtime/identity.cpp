// What differs from run to run or from machine to machine, and would make the program differ with it: process
// and thread numbers, the number of processors, and random numbers from the system, which come from the seed.
#include "harness/runtime/identity.hpp"

#include <stdlib.h>
#include <sys/random.h>
#include <sys/sysinfo.h>

#include <cerrno>

#include "harness/runtime/caller.hpp"

namespace harness {
namespace {

void fill(void* to, std::size_t bytes) {
  const Entered entered;
  auto* at = static_cast<unsigned char*>(to);
  while (bytes > 0) {
    const std::uint64_t bits = entered->random_bits();
    const std::size_t part = std::min(bytes, sizeof bits);
    real::memcpy(static_cast<void*>(at), static_cast<const void*>(&bits), part);
    at += part;
    bytes -= part;
  }
}

std::uint32_t random_word() {
  std::uint32_t word;
  fill(&word, sizeof word);
  return word;
}

}  // namespace
}  // namespace harness

using harness::active;
namespace real = harness::real;

HARNESS_EXPORT pid_t getpid() noexcept { return active == nullptr ? real::getpid() : harness::program_pid; }
HARNESS_EXPORT pid_t getppid() noexcept { return active == nullptr ? real::getppid() : 1; }
HARNESS_EXPORT pid_t gettid() noexcept {
  return active == nullptr ? real::gettid() : harness::program_pid + active->current().id;
}

HARNESS_EXPORT int get_nprocs() noexcept {
  return active == nullptr ? real::get_nprocs() : harness::processors;
}
HARNESS_EXPORT int get_nprocs_conf() noexcept {
  return active == nullptr ? real::get_nprocs_conf() : harness::processors;
}
HARNESS_EXPORT long sysconf(int name) noexcept {
  const bool counts = name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF;
  return active != nullptr && counts ? harness::processors : real::sysconf(name);
}

HARNESS_EXPORT ssize_t getrandom(void* to, std::size_t bytes, unsigned flags) {
  if (active == nullptr) return real::getrandom(to, bytes, flags);
  harness::fill(to, bytes);
  return static_cast<ssize_t>(bytes);
}
HARNESS_EXPORT int getentropy(void* to, std::size_t bytes) {
  if (active == nullptr) return real::getentropy(to, bytes);
  if (bytes > 256) return errno = EIO, -1;
  harness::fill(to, bytes);
  return 0;
}
HARNESS_EXPORT std::uint32_t arc4random() noexcept {
  return active == nullptr ? real::arc4random() : harness::random_word();
}
HARNESS_EXPORT void arc4random_buf(void* to, std::size_t bytes) noexcept {
  if (active == nullptr) return real::arc4random_buf(to, bytes);
  harness::fill(to, bytes);
}
HARNESS_EXPORT std::uint32_t arc4random_uniform(std::uint32_t bound) noexcept {
  if (active == nullptr) return real::arc4random_uniform(bound);
  return bound < 2 ? 0 : static_cast<std::uint32_t>((std::uint64_t{harness::random_word()} * bound) >> 32);
}

// std::random_device::operator(), which asks the processor.
HARNESS_EXPORT unsigned harness_random_device(void* device) __asm__("_ZNSt13random_device9_M_getvalEv");
unsigned harness_random_device(void* device) {
  if (active != nullptr) return harness::random_word();
  static const auto get =
      reinterpret_cast<unsigned (*)(void*)>(real::find("_ZNSt13random_device9_M_getvalEv"));
  return get(device);
}

// --- glibc's generators, from the state that they have when a program starts

namespace harness {
namespace {

void begin_anew() {
  const Entered entered;
  if (!entered->is_first_rand()) return;
  real::srandom(1u);
  unsigned short zero[3] = {0, 0, 0};
  real::seed48(zero);
}

}  // namespace
}  // namespace harness

#define HARNESS_GENERATOR(result, name, parameters, ...)      \
  HARNESS_EXPORT result name parameters noexcept {            \
    if (active != nullptr) harness::begin_anew();             \
    return real::name(__VA_ARGS__);                           \
  }
HARNESS_GENERATOR(int, rand, ())
HARNESS_GENERATOR(long, random, ())
HARNESS_GENERATOR(double, drand48, ())
HARNESS_GENERATOR(long, lrand48, ())
HARNESS_GENERATOR(long, mrand48, ())
HARNESS_GENERATOR(void, srand, (unsigned seed), seed)
HARNESS_GENERATOR(void, srandom, (unsigned seed), seed)
HARNESS_GENERATOR(void, srand48, (long seed), seed)
HARNESS_GENERATOR(unsigned short*, seed48, (unsigned short seed[3]), seed)
