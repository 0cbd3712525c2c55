// pthread keys: values live in the task, destructors here.
#pragma once

#include <pthread.h>

namespace harness {

struct Task;

using KeyDestructor = void (*)(void*);

// Every key that was created in this process, in an execution or before.
void note_key(pthread_key_t key, KeyDestructor destructor);
void forget_key(pthread_key_t key);
bool is_key(pthread_key_t key);
// The destructors of what the task has set, in up to PTHREAD_DESTRUCTOR_ITERATIONS rounds. In program mode.
void destroy_thread_specific(Task& task);

}  // namespace harness
