// Whole files in and out. Reading failures are the user's (a wrong path: UsageError); writing
// failures are not, and come back as a sentence, because a verdict must not be lost to a full disk.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace harness::cli {

// Throws UsageError that begins with `origin`: no such file, a directory, more than 1 GiB.
std::string read_file(const std::string& path, std::string_view origin);

// All or nothing: a temporary file beside it that takes its place in the end, so that a reader
// never meets half a document. What is no regular file (a device, a pipe) is written to as it is,
// and a symbolic link keeps pointing where it points. "" if it worked, else what went wrong.
[[nodiscard]] std::string write_file(const std::string& path, std::string_view text);
// Makes the directory and those above it. "" if it is there afterwards.
[[nodiscard]] std::string make_directory(const std::string& path);
// Where standard input, output or error is closed, nothing else may get its number by accident:
// opens what reads as empty, or what refuses to be written to, in its place.
void keep_standard_descriptors();
// Everything to a descriptor, going on after interruptions. "" if it worked.
[[nodiscard]] std::string write_all(int descriptor, std::string_view text);

}  // namespace harness::cli
