#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'END'
Usage: scripts/run.sh [--suite FILE] [--out DIR] [--quick] [--no-setup]
From a fresh machine to a roofline with measured kernels on it: installs what is missing, builds, measures the
machine's ceilings, runs a suite of kernels, joins the two, and writes pictures and a page about it all: report.html.
In a bundle there is nothing to install or to build: results go below the current directory, and what needs packages of
Python that are not there is left out.
  --suite FILE  what to run (default configs/suites/default.json)
  --out DIR     where the run goes (default results/<machine>/<time>-<suite>); must not hold a run already
  --quick       coarser ceilings in less time
  --no-setup    install nothing
Exit codes: 0 done; 1 a wrong result or a broken roof, which the table names; 2 bad input, or something to install;
130 or 143 interrupted or terminated (what was measured is kept).
END
}

root=$(cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/.." && pwd)
source "$root/scripts/common.sh"

fail() {
  echo "run.sh: $1" >&2
  exit 2
}

bundle=false
base=$root
scripts=scripts
if [[ -x $root/bin/roofgap ]]; then
  bundle=true
  base=$PWD
  scripts=$root/scripts
fi
suite=configs/suites/default.json
out=
setup=true
probe_options=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --suite | --out)
      [[ -n ${2:-} ]] || fail "$1 needs a value"
      # As run.json records them: relative to the repository or the current directory, absolute only outside of it.
      path=$(realpath -m --relative-base="$base" -- "$2")
      [[ $1 == --suite ]] && suite=$path || out=$path
      shift
      ;;
    --quick) probe_options+=(--quick) ;;
    --no-setup) setup=false ;;
    --help | -h) usage && exit 0 ;;
    *) fail "unknown option '$1' (allowed: --suite --out --quick --no-setup --help)" ;;
  esac
  shift
done
cd "$base"
[[ -r $suite || -r $root/$suite ]] || fail "cannot read the suite '$suite'"
trap 'exit 130' INT
trap 'exit 143' TERM

# step NAME COMMAND...: a failure ends the job. finding NAME COMMAND...: so too, but for exit code 1, which is a finding
# and kept for the end.
worst=0
step() {
  local rc=0
  echo "== $1"
  "${@:2}" || rc=$?
  [[ $rc -eq 0 ]] || stop "$1" "$rc"
}
finding() {
  local rc=0
  echo "== $1"
  "${@:2}" || rc=$?
  [[ $rc -le 1 ]] || stop "$1" "$rc"
  [[ $rc -eq 0 ]] || worst=1
}
# draw NAME SCRIPT
draw() {
  if $drawing; then step "$1" "$python" "$scripts/$2" "$out"; fi
}
stop() {
  echo "run.sh: this step failed: $1 (exit code $2)" >&2
  [[ $2 -ne 1 ]] || exit 2
  exit "$2"
}

if $bundle; then
  hwprobe=$root/bin/hwprobe
  roofgap=$root/bin/roofgap
else
  if $setup; then scripts/setup.sh; fi
  echo "== Building"
  configure release || exit 2
  build release roofgap hwprobe || exit 2
  hwprobe=build/release/hwprobe/hwprobe
  roofgap=build/release/harness/roofgap
fi
drawing=true
# The setting came with matplotlib 3.6.
if $bundle && ! "$python" -c 'import matplotlib; matplotlib.rcParams["text.parse_math"]' 2>/dev/null; then
  drawing=false
fi

step "Measuring the machine's ceilings" "$hwprobe" "${probe_options[@]}"
if [[ -z $out ]]; then
  newest=$(ls -t results/*/probe/machine.json | head -n 1)
  out=${newest%/probe/machine.json}/$(date -u +%Y%m%dT%H%M%SZ)-$(basename "$suite" .json)
fi
finding "Measuring kernels" "$roofgap" run --suite "$suite" --out "$out"
step "Measuring the ceilings again" "$hwprobe" "${probe_options[@]}" --recheck "$out"
finding "Joining" "$roofgap" gap "$out" --json "$out/gap.json"
draw "Drawing the roofline" plot_roofline.py
# Where the run has a timed row with FLOPs and a roof.
if grep -qs ',flops,' "$out/predictors.csv"; then
  draw "Drawing the gap" plot_gap.py
  draw "Drawing what predicts the latency" plot_predictors.py
fi
# Where the run has a standard and a separable convolution of the same shape.
if grep -qs ',dwsep,' "$out/measurements.csv"; then
  finding "Comparing standard and separable convolutions" "$roofgap" separable "$out"
  if grep -Eqs ',(measured|unstable),' "$out/separable.csv"; then
    draw "Drawing them" plot_separable.py
  fi
fi
# Where the run has attention of several lengths, and a time at three of them.
if grep -Eqs ',(measured|unstable),' "$out/complexity.csv"; then
  draw "Drawing attention over its length" plot_attention.py
fi
draw "Drawing the ceilings" plot_ceilings.py
$drawing || echo "== Nothing drawn, for want of matplotlib 3.6 or later; $scripts/plot_*.py draw from the run alone"
if "$python" -c 'import plotly' 2>/dev/null; then
  step "Writing the report" "$python" "$scripts/report.py" "$out"
  echo "== Done: $out/report.html"
else
  echo "== Done: $out; without plotly no report.html. Install python3-plotly, then run: $scripts/report.py $out"
fi
exit "$worst"
