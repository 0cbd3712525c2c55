#!/usr/bin/env bash
# From a fresh clone to the first verdict: installs what is missing, builds the preset `release`,
# and runs the scenario that the project began with. Asks nothing.
set -eu
cd "$(dirname "$0")/.."
. configs/packages.sh

# shellcheck disable=SC2086
ensure_packages $packages_build
export CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"
cmake --preset release </dev/null
cmake --build --preset release --target harness scenarios </dev/null
exec build/release/bin/harness --scenario free-vs-alloc
