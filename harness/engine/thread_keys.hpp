// pthread keys: values live in the task, destructors here.
#pragma once

#include <pthread.h>

namespace harness {

struct Task;

using KeyDestructor = void (*)(void*);

// Every key that was created in this process, in an execution or before.
void note_key(pthread_key_t key, KeyDestructor destructor);
void forget_key(pthread_key_t key);
// libstdc++ makes one when something is first to be done at the end of a thread. Where its state is not put back
// between executions, that must not be within the first of them, which would differ from all others. Once in a process, by a
// thread that stays.
void make_library_keys();
bool is_key(pthread_key_t key);
// The destructors of what the task has set, in up to PTHREAD_DESTRUCTOR_ITERATIONS rounds. In program mode.
void destroy_thread_specific(Task& task);

}  // namespace harness
