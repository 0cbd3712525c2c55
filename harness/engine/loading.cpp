#include "harness/engine/loading.hpp"

#include <link.h>

#include "harness/engine/program_heap.hpp"

namespace harness {
namespace {

bool is_loading = false;
unsigned long long objects_before = 0;

// How many shared objects were ever loaded.
unsigned long long objects_loaded() {
  unsigned long long count = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* argument) {
        *static_cast<unsigned long long*>(argument) = info->dlpi_adds;
        return 1;
      },
      &count);
  return count;
}

}  // namespace

void begin_loading() {
  objects_before = objects_loaded();
  is_loading = true;
}

// Where one object came, what it has allocated is its alone; a library that came with it others may use too.
void end_loading() {
  is_loading = false;
  program_heap().end_part(objects_loaded() - objects_before == 1);
}

bool loading() { return is_loading; }

LoadingPaused::LoadingPaused() : was_loading_(is_loading) { is_loading = false; }
LoadingPaused::~LoadingPaused() { is_loading = was_loading_; }

}  // namespace harness
