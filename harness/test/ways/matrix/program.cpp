// A lost update between two threads, and the same with a lock; for ways_matrix.sh. Static objects, thread-local
// variables and pthreads, because compilers treat them differently.
#include <pthread.h>

#include <atomic>
#include <cstring>

namespace {

struct Counter {
  Counter() : value(0) {}
  ~Counter() { value = -1; }
  std::atomic<int> value;
};

Counter counter;
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
thread_local int calls = 0;
bool locks = false;

void* add(void*) {
  if (calls++ != 0) return nullptr;
  if (locks) pthread_mutex_lock(&mutex);
  const int before = counter.value.load();
  counter.value.store(before + 1, std::memory_order_release);
  if (locks) pthread_mutex_unlock(&mutex);
  return nullptr;
}

}  // namespace

int main(int, char** arguments) {
  locks = std::strcmp(arguments[1], "right") == 0;
  pthread_t thread;
  if (pthread_create(&thread, nullptr, add, nullptr) != 0) return 2;
  add(nullptr);
  pthread_join(thread, nullptr);
  return counter.value == 2 && calls == 1 ? 0 : 1;
}
