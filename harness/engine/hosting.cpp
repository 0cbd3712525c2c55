#include "harness/engine/hosting.hpp"

#include "harness/engine/tool_heap.hpp"

namespace harness {
namespace {
const Hosting* current = nullptr;
}

const Hosting* hosting() { return current; }

Hosted::Hosted(const Hosting& what) {
  current = &what;
  use_tool_heap(true);
}

Hosted::~Hosted() {
  use_tool_heap(false);
  current = nullptr;
}

}  // namespace harness
