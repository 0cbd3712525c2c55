// One factory for each generation; make() in make.cpp picks among them by name.
#pragma once

#include <memory>

#include "allocator/allocator.hpp"

namespace allocator {

std::unique_ptr<Pool> make_shared_arena(const Options& options);
std::unique_ptr<Pool> make_uncounted_alloc(const Options& options);
std::unique_ptr<Pool> make_documented_fix(const Options& options);
std::unique_ptr<Pool> make_madvise_reuse(const Options& options);
std::unique_ptr<Pool> make_claimed(const Options& options);

}  // namespace allocator
