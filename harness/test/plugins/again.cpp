// Registers a name that good.cpp has.
#include "harness/scenario.hpp"

HARNESS_SCENARIO({
    .name = "calm",
    .about = "another one of this name",
    .variants = {{"right", "pass"}},
    .play = [](harness::Execution&, std::string_view) {},
});
