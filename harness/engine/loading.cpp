#include "harness/engine/loading.hpp"

#include <link.h>

namespace harness {
namespace {

bool is_loading = false;
unsigned long long objects_before = 0;
std::size_t ended = 0;
void (*at_end)(bool alone) = nullptr;

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

void end_loading() {
  is_loading = false;
  ++ended;
  if (at_end != nullptr) at_end(objects_loaded() - objects_before == 1);
}

std::size_t loadings() { return ended; }
void at_end_of_loading(void (*tell)(bool alone)) { at_end = tell; }

bool loading() { return is_loading; }

LoadingPaused::LoadingPaused() : was_loading_(is_loading) { is_loading = false; }
LoadingPaused::~LoadingPaused() { is_loading = was_loading_; }

}  // namespace harness
