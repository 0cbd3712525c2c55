#!/bin/bash
# Installs the tool into a folder, and builds and runs a project that uses it from there.
#
#   ways_installed.sh CMAKE BUILD_DIRECTORY PROJECT COMPILER
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" --install "$2" --prefix "$folder/prefix" > "$folder/log" || { cat "$folder/log"; exit 1; }
"$1" -S "$3" -B "$folder/build" -DCMAKE_PREFIX_PATH="$folder/prefix" -DCMAKE_CXX_COMPILER="$4" > "$folder/log"
"$1" --build "$folder/build" >> "$folder/log" || { cat "$folder/log"; exit 1; }
cd "$folder"
"$folder/build/user"
"$folder/build/user" explore | grep 'the function returned false'
"$folder/prefix/bin/harness" run --expect exit-status -- "$folder/build/user"
