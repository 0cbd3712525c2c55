// The environment that this process was started with, readable before libc has been set up.
#pragma once

namespace harness {

// Where `harness run` says that this process is to explore its program: the number of a descriptor.
inline constexpr const char* job_variable = "HARNESS_JOB";

// nullptr where it is not set.
const char* first_environment(const char* name);
bool is_run_by_tool();

}  // namespace harness
