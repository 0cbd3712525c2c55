// Starting a pthread with a body of its own, and points in time a little ahead.
#pragma once

#include <pthread.h>
#include <time.h>

#undef NDEBUG
#include <cassert>

namespace harness::test {

inline timespec in_ms(clockid_t clock, long ms) {
  timespec time;
  clock_gettime(clock, &time);
  time.tv_nsec += ms * 1'000'000;
  time.tv_sec += time.tv_nsec / 1'000'000'000;
  time.tv_nsec %= 1'000'000'000;
  return time;
}

template <class Body>
pthread_t start(Body& body, const pthread_attr_t* attributes = nullptr) {
  pthread_t thread;
  const auto routine = [](void* argument) -> void* {
    (*static_cast<Body*>(argument))();
    return argument;
  };
  assert(pthread_create(&thread, attributes, routine, &body) == 0);
  return thread;
}

}  // namespace harness::test
