# The Debian packages that the project is built and tested with, and how to get them. Sourced by
# quickstart.sh and test.sh; needs nothing but a shell.

# To build: compiler, build system, libraries.
packages_build="ca-certificates git cmake ninja-build g++ binutils libboost-program-options-dev
  nlohmann-json3-dev libfmt-dev libdw-dev libelf-dev libgtest-dev"
# To build and test every preset.
packages_test="clang gdb libbenchmark-dev libvalijson-dev python3 python3-jsonschema util-linux
  libboost-dev libtbb-dev libconcurrentqueue-dev libsqlite3-dev libzstd-dev liblzma-dev"

is_installed() {
  case "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" in
    *" installed") return 0 ;;
    *) return 1 ;;
  esac
}

# Prints those of "$@" that are not there.
missing_packages() {
  for package in "$@"; do
    is_installed "$package" || printf '%s ' "$package"
  done
}

# ensure_packages NAME...: installs what is missing, or says what to install and fails.
ensure_packages() {
  if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This system has no dpkg, so nothing is installed. What Debian calls: $*" >&2
    echo "must be there; going on as if it were." >&2
    return 0
  fi
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -eq 0 ]; then
    as_root=""
  elif command -v sudo >/dev/null 2>&1 && sudo -n true </dev/null >/dev/null 2>&1; then
    as_root="sudo -n"
  else
    echo "These packages are missing, and without root (or sudo without a password) they cannot" >&2
    echo "be installed from here. Please run:" >&2
    echo "  apt-get install $missing" >&2
    return 2
  fi
  echo "Installing: $missing"
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q </dev/null ||
    echo "apt-get update failed; trying with the package lists that are there." >&2
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
    $missing </dev/null || {
    echo "The packages could not be installed; please install them by hand: $missing" >&2
    return 2
  }
}
