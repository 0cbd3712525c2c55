// crash: the program died, by a signal, exit() or std::terminate.
#include <fmt/format.h>

#include "harness/oracles/each.hpp"
#include "harness/oracles/words.hpp"

namespace harness {
namespace {

class Crash final : public Oracle {
 public:
  Ops watches() const override { return Ops(Op::crashed); }
  void begin() override {}

  std::optional<Violation> see(const Event& event) override {
    const char* how = event.label ? event.label : "unknown cause";
    return violation("crash",
                     fmt::format("{} crashes: {}{}", mention(event.task), how, at(event.object)),
                     event);
  }

 private:
  static std::string at(std::uintptr_t address) {
    constexpr std::uintptr_t first_page = 4096;
    if (address == 0) return "";
    if (address < first_page) return fmt::format(" at address {:#x}, next to null", address);
    return " at " + mention_object(address);
  }
};

}  // namespace

std::unique_ptr<Oracle> make_crash() { return std::make_unique<Crash>(); }

}  // namespace harness
