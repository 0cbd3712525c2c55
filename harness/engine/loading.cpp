#include "harness/engine/loading.hpp"

namespace harness {
namespace {
bool is_loading = false;
}

void begin_loading() { is_loading = true; }
void end_loading() { is_loading = false; }
bool loading() { return is_loading; }

LoadingPaused::LoadingPaused() : was_loading_(is_loading) { is_loading = false; }
LoadingPaused::~LoadingPaused() { is_loading = was_loading_; }

}  // namespace harness
