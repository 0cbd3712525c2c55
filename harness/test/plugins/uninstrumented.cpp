// A scenario that was compiled without -fsanitize=thread (see CMakeLists.txt).
#include "harness/scenario.hpp"

HARNESS_SCENARIO({
    .name = "unseen",
    .about = "nothing of it can be seen",
    .variants = {{"right", "pass"}},
    .play = [](harness::Execution&, std::string_view) {},
});
