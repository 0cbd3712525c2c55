// The addresses that the code under test has unmapped in this execution and that are kept reserved,
// in the sanitizer builds: a late access then meets no other memory but is seen for what it is. To
// the code they are unmapped: what it may not do with unmapped addresses fails as it would without.
#pragma once

#include <cstddef>
#include <cstdint>

namespace harness::stress_mode {

// The sanitizer's munmap, or the kernel's; it may be called before anything is initialised.
int plain_munmap(void* address, std::size_t bytes);
// The same, and makes sure that whoever gets the addresses next may use them.
int real_munmap(void* address, std::size_t bytes);
// Takes the memory away and keeps the addresses. False if they have to be unmapped the ordinary
// way.
bool keep_range(void* address, std::size_t bytes);
// Is any of it kept?
bool touches_kept(const void* address, std::size_t bytes);
// The code maps something there: the addresses are its own again. With `vacate` they are unmapped
// first, for a call that would refuse to replace anything.
void take_from_kept(const void* address, std::size_t bytes, bool vacate);

}  // namespace harness::stress_mode
