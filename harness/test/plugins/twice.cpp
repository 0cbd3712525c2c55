// Names a variant twice, which the registry refuses by throwing while the plugin is loaded.
#include "harness/scenario.hpp"

HARNESS_SCENARIO({
    .name = "twice",
    .about = "one variant, two times",
    .variants = {{"right", "pass"}, {"right", "pass"}},
    .play = [](harness::Execution&, std::string_view) {},
});
