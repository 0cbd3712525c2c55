// One source, three ways: an ordinary test calls its body; built with WAYS_LIBRARY, the same body is explored.
#pragma once

#include <gtest/gtest.h>

#if defined(WAYS_LIBRARY)
#include <harness/explore.hpp>
#define CALL_OR_EXPLORE(body) EXPECT_TRUE(harness::explore({.executions = 3'000, .preemptions = 2}, body))
#else
#define CALL_OR_EXPLORE(body) body()
#endif
