// The list of variants, by name.
#include <array>
#include <stdexcept>
#include <string>

#include "allocator/variants.hpp"

namespace allocator {
namespace {

constexpr std::array<std::string_view, 5> names = {"shared-arena", "uncounted-alloc",
                                                   "documented-fix", "madvise-reuse", "claimed"};

}  // namespace

std::span<const std::string_view> variants() { return names; }

std::unique_ptr<Pool> make(std::string_view variant, const Options& options) {
  if (variant == "shared-arena") return make_shared_arena(options);
  if (variant == "uncounted-alloc") return make_uncounted_alloc(options);
  if (variant == "documented-fix") return make_documented_fix(options);
  if (variant == "madvise-reuse") return make_madvise_reuse(options);
  if (variant == "claimed") return make_claimed(options);
  std::string known;
  for (const std::string_view name : names)
    known += (known.empty() ? "" : ", ") + std::string(name);
  throw std::invalid_argument("unknown variant '" + std::string(variant) + "' (known: " + known +
                              ")");
}

}  // namespace allocator
