// The tool's own heap, in a process that it shares with the program under test: libc's heap is the program's
// there, and goes back to what it was for every execution, so that nothing of the tool may be in it.
//
// Powers of two in chunks of one size each, larger blocks as runs of chunks. Blocks may be freed at any time,
// by whoever got them, whether the heap is still in use or not.
#pragma once

#include <cstddef>

namespace harness {

void use_tool_heap(bool in_use);
bool tool_heap_in_use();
bool is_on_tool_heap(const void* block);

// nullptr where there is no memory. alignment: a power of two.
void* tool_allocate(std::size_t bytes, std::size_t alignment);
void tool_release(void* block);
std::size_t tool_size_of(const void* block);

// Around fork(): no other thread may be in the heap, or nobody could leave it in the child. The calling one may
// allocate meanwhile.
void stop_others_in_tool_heap();
void let_others_into_tool_heap();

// From now on this process and its children have the heap, and the variables of this library, in common: what a
// child changes there is changed here. Everything else a child still has for itself.
void share_tool_memory_with_children();

}  // namespace harness
