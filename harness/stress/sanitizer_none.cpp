// The plain build: there is no sanitizer to tell anything.
#include "harness/stress/sanitizer.hpp"
#include "harness/stress/stress.hpp"

namespace harness {

std::string_view sanitizer_of_build() { return ""; }

namespace stress_mode {

Unseen::Unseen() = default;
Unseen::~Unseen() = default;
void watch_sanitizer(Board&, int) {}
void taking_away(Op, std::uintptr_t, std::uintptr_t, std::uintptr_t) {}
void taken_away(std::uintptr_t, std::uintptr_t) {}
void given_anew(std::uintptr_t, std::uintptr_t) {}
void find_sanitizer_libraries() {}
void keep_unmapped(bool) {}
bool keeps(std::uintptr_t) { return false; }
void drop_unmapped() {}

}  // namespace stress_mode
}  // namespace harness
