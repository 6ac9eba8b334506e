#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'END'
Usage: scripts/check_bundle.sh [--build DIR] [--mirror URL] [--keep DIR] RELEASE...
Runs the bundle of a build in bare systems of other releases (debootstrap's names: bullseye, trixie, focal, ...) by its
run.sh, and compares what it measured with a run outside. Needs root, debootstrap and the network, and a minute and a
half for each, twice that for the first time.
  --build DIR   the build (default build/release)
  --mirror URL  where debootstrap gets its packages (default: its own)
  --keep DIR    keep the systems here for a next time, and the runs: RELEASE-run (default: nothing is kept)
Exit codes: 0 all ran and compare, 1 some did not, 2 bad usage.
END
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/release
mirror=()
keep=
releases=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --build) build=$(realpath "$2") && shift ;;
    --mirror) mirror=("$2") && shift ;;
    --keep) keep=$2 && shift ;;
    --help | -h) usage && exit 0 ;;
    -*) usage >&2 && exit 2 ;;
    *) releases+=("$1") ;;
  esac
  shift
done
[[ ${#releases[@]} -gt 0 ]] || { usage >&2 && exit 2; }
if [[ $(id -u) -ne 0 ]] || ! command -v debootstrap >/dev/null; then
  echo "check_bundle.sh: needs root and debootstrap" >&2
  exit 2
fi

if [[ -z $keep ]]; then
  keep=$(mktemp -d)
  trap 'rm -rf --one-file-system "$keep"' EXIT
fi
mkdir -p "$keep"
keep=$(realpath "$keep")

# inside SYSTEM COMMAND...: with /proc and /sys, which go when it ends, and an empty environment.
inside() {
  unshare --mount bash -c 'mount -t proc proc "$1/proc" && mount --rbind /sys "$1/sys" && exec chroot "$@"' inside \
    "$1" env -i PATH=/usr/local/bin:/usr/bin:/bin "${@:2}"
}

check() { # RELEASE
  local system=$keep/$1 bundle
  if [[ ! -d $system ]]; then
    rm -rf "$system.part"
    debootstrap --variant=minbase "$1" "$system.part" "${mirror[@]}" >"$keep/$1.log" || {
      tail -n 3 "$keep/$1.log" >&2
      return 1
    }
    mv "$system.part" "$system"
  fi
  rm -rf "$system/opt/"* "$system/results" "$system/measured" "$keep/$1-run"
  tar -xzf "$keep"/bundle/roofgap-*.tar.gz -C "$system/opt"
  bundle=$(basename "$system"/opt/roofgap-*)
  mv "$system/opt/$bundle" "$system/opt/a folder"
  ln -sf "/opt/a folder/bin/roofgap" "$system/usr/local/bin/"
  inside "$system" "/opt/a folder/scripts/run.sh" --quick --suite configs/suites/smoke.json --out measured
  inside "$system" roofgap compare measured measured >/dev/null
  mv "$system/measured" "$keep/$1-run"
  "$build/harness/roofgap" compare "$keep/here" "$keep/$1-run"
}

rm -rf "$keep/bundle" "$keep/here" "$keep/here-probe"
mkdir "$keep/bundle"
cpack --config "$build/CPackConfig.cmake" -B "$keep/bundle" >"$keep/bundle/log"
"$build/hwprobe/hwprobe" --quick --out "$keep/here-probe"
"$build/harness/roofgap" run --suite "$root/configs/suites/smoke.json" --probe "$keep/here-probe" --out "$keep/here"
failed=0
for release in "${releases[@]}"; do
  echo "== $release"
  # In a subshell of its own, that errexit holds in it.
  set +e
  (set -e; check "$release")
  rc=$?
  set -e
  [[ $rc -eq 0 ]] || { echo "check_bundle.sh: $release failed (exit code $rc)" >&2 && failed=1; }
done
exit "$failed"
