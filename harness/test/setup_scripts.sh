#!/usr/bin/env bash
# Tests configs/packages.sh with dpkg-query, id, sudo and apt-get replaced: what is installed, by whom,
# and what is said where nothing may be. Usage: setup_scripts.sh CONFIGS
set -u
configs=$1
fakes=$(mktemp -d)
trap 'rm -rf "$fakes"' EXIT
failures=0

fake() { # NAME BODY
  printf '#!/bin/sh\n%s\n' "$2" >"$fakes/$1"
  chmod +x "$fakes/$1"
}

check() { # DESCRIPTION CONDITION...
  description=$1
  shift
  if ! "$@"; then
    echo "FAILED: $description" >&2
    failures=$((failures + 1))
  fi
}

ensure() { # packages: the output in $output, the exit code in $code
  output=$(PATH="$fakes:/usr/bin:/bin" bash -c '. "$0/packages.sh"; ensure_packages "$@"' \
    "$configs" "$@" 2>&1 </dev/null)
  code=$?
}

# Only "there" is installed; apt-get writes down what it is asked.
fake dpkg-query 'case "$*" in *there*) echo "install ok installed" ;; *) exit 1 ;; esac'
fake apt-get 'echo "apt-get $*"; case "$*" in *broken*) exit 100 ;; esac'

fake id 'echo 0'
ensure there
check "nothing is missing: nothing is said" test "$code,$output" = "0,"
ensure there absent
check "root installs what is missing" test "$code" -eq 0
check "and only that" grep -q 'install .* absent *$' <<<"$output"
ensure broken
check "an installation that fails is told" test "$code" -eq 2
check "with the names" grep -q 'by hand: broken' <<<"$output"

fake id 'echo 1000'
fake sudo 'exit 1'
ensure absent there
check "without root: refused" test "$code" -eq 2
check "with the command to run" grep -q '^ *apt-get install absent *$' <<<"$output"
fake sudo 'shift; exec "$@"'
ensure absent
check "sudo without a password serves" test "$code" -eq 0

"$configs/test.sh" relase >/dev/null 2>&1 </dev/null
check "an unknown preset is refused" test $? -eq 2

[ "$failures" -eq 0 ] && echo "all as it should be"
exit "$failures"
