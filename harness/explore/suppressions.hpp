// Data races that are not to be reported, in ThreadSanitizer's format: a line each, `race:PATTERN` for any frame
// of either stack, `race_top:PATTERN` for the innermost one. A pattern matches part of the name of a function,
// source file or shared object; '*' is any text, '^' and '$' are the ends. '#' begins a remark. The other types
// that ThreadSanitizer knows are accepted and have no effect.
//
// What libstdc++ 12 itself is known to do wrong is suppressed always: std::atomic<std::shared_ptr> unlocks with a
// relaxed operation.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace harness {

// For this process and the workers that it forks. Throws UsageError naming the line.
void use_suppressions(std::string_view text);
// Whether the race between the access whose stack this is (return addresses, innermost first) and one at
// `other` is suppressed.
bool is_suppressed(std::span<const std::uintptr_t> stack, std::uintptr_t other);

}  // namespace harness
