// A memory barrier on all processors that run threads of this process: what a purger does so that
// workers need not (see magazines.hpp). Where workers do it themselves it is nothing.
#pragma once

namespace allocator::claimed {

// Whether the kernel has it. Without it caches keep nothing: every call goes to the pool beneath.
bool has_process_barrier();

// Must not be called where has_process_barrier() is false.
void process_barrier();

}  // namespace allocator::claimed
