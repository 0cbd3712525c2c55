#include "harness/engine/thread_keys.hpp"

#include <limits.h>

#include <array>
#include <condition_variable>
#include <mutex>

#include "harness/engine/task.hpp"

namespace harness {
namespace {

struct Key {
  bool exists = false;
  KeyDestructor destructor = nullptr;
};
std::array<Key, PTHREAD_KEYS_MAX> keys;

}  // namespace

void note_key(pthread_key_t key, KeyDestructor destructor) {
  if (key < keys.size()) keys[key] = {true, destructor};
}

void forget_key(pthread_key_t key) {
  if (key < keys.size()) keys[key] = {};
}

void make_library_keys() {
  static std::mutex mutex;
  static std::condition_variable condition;
  std::notify_all_at_thread_exit(condition, std::unique_lock(mutex));
}

bool is_key(pthread_key_t key) { return key < keys.size() && keys[key].exists; }

void destroy_thread_specific(Task& task) {
  for (int round = 0; round < PTHREAD_DESTRUCTOR_ITERATIONS; ++round) {
    bool called = false;
    for (std::size_t key = 0; key < task.specific.size(); ++key) {
      void* const value = task.specific[key];
      if (value == nullptr || keys[key].destructor == nullptr) continue;
      task.specific[key] = nullptr;
      keys[key].destructor(value);
      called = true;
    }
    if (!called) return;
  }
}

}  // namespace harness
