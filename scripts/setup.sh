#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'END'
Usage: scripts/setup.sh [--tests] [--clang] [--aarch64]
Installs what roofgap needs on Debian or Ubuntu, and only what is missing.
  --tests    also what the tests of scripts and command lines need
  --clang    also clang and its OpenMP library
  --aarch64  also the cross compiler, the arm64 libraries and qemu
Exit codes: 0 all is there, 2 cannot install (the message says what to install).
END
}

needed=(cmake ninja-build g++ pkg-config libhwy-dev libhwloc-dev libbenchmark-dev libcli11-dev nlohmann-json3-dev
  libgtest-dev libgmock-dev python3 python3-matplotlib python3-plotly)
# Some systems have no such packages, and do without.
declare -A optional=([libdnnl-dev]="roofgap is built without the oneDNN variants")
cross=false
for option in "$@"; do
  case $option in
    --tests)
      needed+=(python3-pytest)
      optional[chromium]="the report is not tested in a browser"
      ;;
    --clang) needed+=(clang libomp-dev) ;;
    --aarch64) cross=true ;;
    --help | -h) usage && exit 0 ;;
    *) echo "setup.sh: unknown option '$option' (allowed: --tests --clang --aarch64 --help)" >&2 && exit 2 ;;
  esac
done

fail() {
  echo "setup.sh: $1" >&2
  exit 2
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  fail "this is not Debian or Ubuntu. Install what these packages hold there: ${needed[*]} ${!optional[*]}
(CMake 3.25 or later; ${!optional[*]} can be missing), and give run.sh or test.sh --no-setup."
fi

native=$(dpkg --print-architecture)
if $cross; then
  # No libdnnl-dev:arm64: its dnnl_config.h differs from the native package's, and dpkg refuses the pair.
  needed+=(g++-aarch64-linux-gnu qemu-user
    {libstdc++6,libgomp1,libhwy-dev,libhwloc-dev,libbenchmark-dev,libgtest-dev,libgmock-dev}:arm64)
fi

# True where the package is installed for this machine's architecture, or for the one in its name.
installed() {
  local architecture=$native
  [[ $1 != *:* ]] || architecture=${1#*:}
  dpkg-query --show --showformat='${Architecture} ${db:Status-Status}\n' "${1%:*}" 2>/dev/null |
    grep -qxE "($architecture|all) installed"
}

missing=()
for package in "${needed[@]}" "${!optional[@]}"; do
  installed "$package" || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

foreign=()
if $cross && ! dpkg --print-foreign-architectures | grep -qx arm64; then
  # Ubuntu serves arm64 from another host than amd64; adding the architecture alone breaks every later update.
  if grep -qx 'ID=ubuntu' /etc/os-release; then
    fail "add Ubuntu's arm64 sources (ports.ubuntu.com) and run 'dpkg --add-architecture arm64' first"
  fi
  foreign=(dpkg --add-architecture arm64)
fi

sudo=()
if [[ $(id -u) -ne 0 ]]; then
  sudo=(sudo -n)
  if ! sudo -n true 2>/dev/null; then
    add=${foreign[*]:+"sudo ${foreign[*]} && "}
    fail "not root, and sudo asks for a password. Run:
  ${add}sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
  fi
fi

# Runs a command silently; its output is shown only when it fails.
quietly() {
  local log
  log=$("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive "$@" 2>&1) || {
    echo "$log" >&2
    fail "this failed: $*"
  }
}

[[ ${#foreign[@]} -eq 0 ]] || quietly "${foreign[@]}"
apt=(apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
echo "setup.sh: installing ${missing[*]}"
quietly "${apt[@]}" update
for i in "${!missing[@]}"; do
  package=${missing[i]}
  if [[ -n ${optional[$package]:-} ]] && ! apt-cache show "$package" >/dev/null 2>&1; then
    echo "setup.sh: this system has no $package; ${optional[$package]}"
    unset "missing[i]"
  fi
done
[[ ${#missing[@]} -eq 0 ]] || quietly "${apt[@]}" install -y --no-install-recommends "${missing[@]}"

version=$(cmake --version | sed -n '1s/[^0-9]*//p')
if [[ $(printf '%s\n' 3.25 "$version" | sort -V | head -n 1) != 3.25 ]]; then
  fail "CMake 3.25 or later is needed, this system has $version (Debian 12 and Ubuntu 24.04 have a new enough one)"
fi
