#include "harness/engine/real.hpp"

#include <dlfcn.h>

#include "harness/engine/errors.hpp"

namespace harness::real {

#define HARNESS_DEFINE_REAL(name) decltype(&::name) name##_found = nullptr;
HARNESS_REAL_FUNCTIONS(HARNESS_DEFINE_REAL)
#undef HARNESS_DEFINE_REAL

// By hand: strlen() and memcmp() are among what is looked for.
static bool begins_with(const char* name, const char* prefix) {
  while (*prefix != '\0' && *name == *prefix) ++name, ++prefix;
  return *prefix == '\0';
}

// glibc keeps an old pthread_cond_* beside the current one; the plain look-up may find that.
void* find(const char* name) {
  const bool versioned =
      begins_with(name, "pthread_cond_") && !begins_with(name, "pthread_cond_clockwait");
  void* const found =
      versioned ? dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2") : dlsym(RTLD_NEXT, name);
  HARNESS_CHECK(found != nullptr);
  return found;
}

namespace {

template <class Function>
Function* once(Function*& found, const char* name) {
  if (found == nullptr) found = reinterpret_cast<Function*>(find(name));
  return found;
}

int (*acquire)(void*) = nullptr;
void (*release)(void*) = nullptr;
void (*give_up)(void*) = nullptr;

}  // namespace

int guard_acquire(void* guard) { return once(acquire, "__cxa_guard_acquire")(guard); }
void guard_release(void* guard) { once(release, "__cxa_guard_release")(guard); }
void guard_abort(void* guard) { once(give_up, "__cxa_guard_abort")(guard); }

}  // namespace harness::real
