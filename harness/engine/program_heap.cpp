#include "harness/engine/program_heap.hpp"

#include <link.h>

#include <string_view>

#include "harness/engine/loading.hpp"

namespace harness {

// Never destroyed: blocks are given back to it until the very end of the process.
UserHeap& program_heap() {
  alignas(UserHeap) static char storage[sizeof(UserHeap)];
  static UserHeap* heap = nullptr;
  if (heap == nullptr) {
    heap = new (storage) UserHeap;
    for (std::size_t i = 0; i < loadings(); ++i) heap->end_part(true);  // which had nothing of it
    at_end_of_loading([](bool alone) { program_heap().end_part(alone); });
  }
  return *heap;
}

void find_dynamic_linker(std::uintptr_t& base, std::uintptr_t& end) {
  struct Range {
    std::uintptr_t base, end;
  } range{1, 1};  // found nothing: no address is in it
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* argument) {
        if (std::string_view(info->dlpi_name).find("ld-linux") == std::string_view::npos) return 0;
        auto& to = *static_cast<Range*>(argument);
        to.base = info->dlpi_addr;
        for (int i = 0; i < info->dlpi_phnum; ++i)
          if (info->dlpi_phdr[i].p_type == PT_LOAD)
            to.end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
        return 1;
      },
      &range);
  base = range.base;
  end = range.end;
}

}  // namespace harness
