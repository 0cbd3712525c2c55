#!/usr/bin/env bash
# Builds and tests every preset, or those named: configs/test.sh [release] [clang] [tsan] [asan].
# Installs what is missing; asks nothing. With CI set, warnings are errors. Goes on after a preset
# that fails; ends with CTest's summaries, a failed one last, and exits 0 only if all is well.
set -u
cd "$(dirname "$0")/.." || exit 2
. configs/packages.sh

if [ $# -eq 0 ]; then set -- release clang tsan asan; fi
for preset in "$@"; do
  case "$preset" in
    release | clang | tsan | asan) ;;
    *)
      echo "unknown preset '$preset'; there are: release clang tsan asan" >&2
      exit 2
      ;;
  esac
done

# shellcheck disable=SC2086
ensure_packages $packages_build $packages_test || exit 2
jobs=$(nproc)
export CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL:-$jobs}"
werror=OFF
case "${CI:-}" in "" | 0 | false) ;; *) werror=ON ;; esac

passed=""
failed=""
for preset in "$@"; do
  echo "== $preset"
  log="build/$preset/ctest.log"
  rm -f "$log"
  if cmake --preset "$preset" -DHARNESS_WERROR="$werror" -DBUILD_TESTING=ON </dev/null &&
    cmake --build --preset "$preset" </dev/null; then
    if (set -o pipefail && ctest --preset "$preset" -j "$jobs" </dev/null 2>&1 | tee "$log"); then
      passed="$passed $preset"
    else
      failed="$failed $preset"
    fi
  else
    echo "preset $preset was not built" >&2
    failed="$failed $preset"
  fi
done

# With one preset its summary stands there already.
if [ $# -eq 1 ] && [ -n "$passed" ]; then exit 0; fi
for preset in $passed $failed; do
  echo
  if [ -f "build/$preset/ctest.log" ]; then
    echo "== $preset"
    sed -n '/tests passed/,$p' "build/$preset/ctest.log"
  else
    echo "== $preset: not built"
  fi
done
[ -z "$failed" ]
