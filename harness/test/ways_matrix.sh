#!/bin/bash
# One program, built by gcc and clang, -O0 to -O3, with and without PIE, relinked with our runtime and as the compiler
# links it for ThreadSanitizer: its lost update is found in each, and its right variant passes exhaustively.
#
#   ways_matrix.sh HARNESS DIRECTORY_OF_RUNTIME SOURCE
set -u
harness=$1
runtime=$2
source=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0
done=0

check() {  # check WHAT: ./program is built
  done=$((done + 1))
  local said
  if ! said=$("$harness" run --json wrong.json --expect exit-status -- ./program wrong 2>&1); then
    echo "$1: the wrong variant is not found: $said"
    failed=1
  fi
  if ! said=$("$harness" run --json right.json -- ./program right 2>&1) ||
    ! grep -q '"exhaustive": true' right.json; then
    echo "$1: the right variant does not pass: $said"
    failed=1
  fi
}

for compiler in g++ clang++; do
  command -v "$compiler" > /dev/null || continue
  for level in -O0 -O1 -O2 -O3; do
    for pie in "-fPIE -pie" "-fno-pie -no-pie"; do
      read -r compile link <<< "$pie"
      "$compiler" -std=c++20 -g $level $compile -fsanitize=thread -c "$source" -o program.o || exit 1
      "$compiler" $link program.o -L"$runtime" -lharness_runtime -Wl,-rpath,"$runtime" -o program || exit 1
      check "$compiler $level $pie, relinked"
      shared=
      [ "$compiler" = clang++ ] && shared=-shared-libsan
      "$compiler" $link -fsanitize=thread $shared program.o -o program 2> /dev/null || continue
      check "$compiler $level $pie, for ThreadSanitizer"
    done
  done
done
[ $done -gt 0 ] || exit 77
echo "$done builds"
exit $failed
