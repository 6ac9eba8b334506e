#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'END'
Usage: scripts/test.sh [--no-setup] [PART...]
Installs what is missing, builds, and runs the tests. Parts, all but clang by default:
  release     the C++ tests, built as for timing, warnings as errors
  asan-ubsan  the same, and the command lines, under AddressSanitizer and UndefinedBehaviorSanitizer
  aarch64     the kernels cross-built for 64-bit ARM, under qemu-user
  clang       the kernels built with clang
  python      the layout rules, the scripts and the command lines (builds release where it is not up to date)
Where the packages for aarch64 cannot be installed, that part is left out; where it was named, or CI is set in the
environment, it counts as failed.
Exit codes: 0 all passed, 1 something failed or no test ran, 2 bad usage or something to install.
END
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/scripts/common.sh"

all_parts=(release asan-ubsan aarch64 clang python)
parts=()
setup=true
for argument in "$@"; do
  case $argument in
    --no-setup) setup=false ;;
    --help | -h) usage && exit 0 ;;
    release | asan-ubsan | aarch64 | clang | python) parts+=("$argument") ;;
    *) echo "test.sh: unknown part '$argument' (allowed: ${all_parts[*]})" >&2 && exit 2 ;;
  esac
done
named=" ${parts[*]} "
[[ ${#parts[@]} -gt 0 ]] || parts=(release asan-ubsan aarch64 python)
trap 'exit 130' INT

wants() { [[ " ${parts[*]} " == *" $1 "* ]]; }

if $setup; then
  options=(--tests)
  ! wants clang || options+=(--clang)
  if ! "$root/scripts/setup.sh" "${options[@]}"; then
    echo "0 passed, 1 failed"
    exit 2
  fi
fi

summary=()
total_passed=0
total_failed=0

report() { # PART PASSED FAILED SKIPPED NOTE
  summary+=("$(printf '%-10s %5d passed, %d failed, %d skipped  %s' "$@")")
  total_passed=$((total_passed + $2))
  total_failed=$((total_failed + $3))
}

# Adds up what a test tool wrote; a tool that fails without a failed test counts as one.
count() { # PART JUNIT_FILE EXIT_CODE
  local tests=0 failed=0 skipped=0
  [[ ! -f $2 ]] || read -r tests failed skipped < <("$python" - "$2" <<'END'
import sys, xml.etree.ElementTree
suite = next(xml.etree.ElementTree.parse(sys.argv[1]).iter("testsuite"))
number = lambda *names: sum(int(suite.get(name, 0)) for name in names)
print(number("tests"), number("failures", "errors"), number("skipped", "disabled"))
END
  )
  local passed=$((tests - failed - skipped))
  [[ $3 -eq 0 || $failed -gt 0 ]] || failed=1
  report "$1" "$passed" "$failed" "$skipped" "$((SECONDS / 60)) min $((SECONDS % 60)) s"
}

cpp_part() { # PART PRESET CTEST_OPTION...
  local part=$1 preset=$2 rc=0
  shift 2
  local junit_file=$root/build/$preset/junit.xml
  rm -f "$junit_file"
  ctest --test-dir "$root/build/$preset" --output-junit "$junit_file" --no-tests=error --output-on-failure \
    --parallel "$(nproc)" --timeout 900 "$@" || rc=$?
  count "$part" "$junit_file" "$rc"
}

for part in "${all_parts[@]}"; do
  wants "$part" || continue
  echo "== $part"
  SECONDS=0
  case $part in
    release | asan-ubsan | clang)
      if configure "$part" -DROOFGAP_WERROR=ON && build "$part"; then
        cpp_part "$part" "$part" -LE "$([[ $part == asan-ubsan ]] && echo python || echo 'python|cli')"
      else
        report "$part" 0 1 0 "did not build"
      fi
      ;;
    aarch64)
      if [[ $(uname -m) == aarch64 ]]; then
        report "$part" 0 0 0 "nothing to cross-build: the release part ran on this architecture"
      elif $setup && ! "$root/scripts/setup.sh" --tests --aarch64; then
        if [[ -n ${CI:-} || $named == *" $part "* ]]; then
          report "$part" 0 1 0 "its packages cannot be installed here"
        else
          report "$part" 0 0 0 "LEFT OUT, NOTHING TESTED FOR ARM: its packages cannot be installed here"
        fi
      elif configure "$part" -DROOFGAP_WERROR=ON && build "$part" kernels_test; then
        cpp_part "$part" "$part" -L kernels -E _reference_t
      else
        report "$part" 0 1 0 "did not build"
      fi
      ;;
    python)
      if configure release && build release; then
        rc=0
        rm -f "$root/build/python.xml"
        (cd "$root" && ROOFGAP_BUILD=$root/build/release "$python" -m pytest -q -p no:cacheprovider \
          --junitxml=build/python.xml tests) || rc=$?
        count "$part" "$root/build/python.xml" "$rc"
      else
        report "$part" 0 1 0 "did not build"
      fi
      ;;
  esac
done

echo
printf '%s\n' "${summary[@]}"
echo "$total_passed passed, $total_failed failed"
[[ $total_failed -eq 0 && $total_passed -gt 0 ]]
