#!/usr/bin/python3
"""Compares the roofs of two probes of one machine: is the second as good as the first?

Compute, L1 and L2: the bests differ by 5 % at most. L3 and DRAM, which others on the machine use too: the second's
figure for the pattern that is the first's roof lies where the first's does, the intervals of the medians overlapping or
the bests within 5 %. Latencies: the bests differ by 25 % at most. A roof that only one of them has is a difference too.

    hwprobe --out a; hwprobe --quick --out b; scripts/compare_probes.py a b
"""
import argparse
import sys

import roofgap_io
from roofgap_io import InputError, number

CLOSE, CLOSE_LATENCY = 0.05, 0.25
ONE_ISA = "another instruction set alone"
SHARED = ("L3", "DRAM")
KEY = "kind isa dtype op_mix level pattern pages core_kind threads".split()


def roofs(rows):
    """{name: row}: every compute denominator, of each memory level the fastest row on huge pages, each latency."""
    found = {}
    for row in rows:
        team = f"{row['threads']} {row['core_kind']}"
        if row["kind"] == "compute" and row["op_mix"] in ("fma", "dot"):
            name = f"{row['isa']} {row['dtype']} {row['op_mix']}, {team}"
        elif row["kind"] == "memory" and row["pages"] == "huge":
            name = f"{row['level']}, {team}"
        elif row["kind"] == "latency":
            name = f"latency {row['level']}, {team}"
        else:
            continue
        if number(row, "best") and (name not in found or number(row, "best") > number(found[name], "best")):
            found[name] = row
    return found


def overlap(row, other):
    """Whether the intervals of the medians do; False where one has none."""
    ends = [number(one, column) for one in (row, other) for column in ("ci_low", "ci_high")]
    return None not in ends and ends[0] <= ends[3] and ends[2] <= ends[1]


def absence(row, others, which):
    """Of types other than f32 a quick probe measures the best instruction set alone: that is no fault."""
    same = ("kind", "dtype", "op_mix", "core_kind", "threads")
    if row["dtype"] in ("f64", "bf16", "s8") and any(all(row[c] == o[c] for c in same) for o in others):
        return ONE_ISA
    return f"missing in the {which}"


def compare(first, second):
    """[(name, best, other best, verdict)]; a best is None where that probe has no such roof."""
    theirs, by_key = roofs(second), {tuple(row[column] for column in KEY): row for row in second}
    lines = []
    for name, row in roofs(first).items():
        if name not in theirs:
            lines.append((name, number(row, "best"), None, absence(row, theirs.values(), "second")))
            continue
        best, other = number(row, "best"), number(theirs[name], "best")
        is_latency = row["kind"] == "latency"
        close = abs(other / best - 1) <= (CLOSE_LATENCY if is_latency else CLOSE)
        verdict = "" if close else "differs"
        if not close and not is_latency and row["level"] in SHARED:
            same = by_key.get(tuple(row[column] for column in KEY))
            verdict = "intervals overlap" if same and overlap(row, same) else "intervals apart"
        lines.append((name, best, other, verdict))
    ours = roofs(first)
    for name, row in theirs.items():
        if name not in ours:
            lines.append((name, None, number(row, "best"), absence(row, ours.values(), "first")))
    return lines


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("first", metavar="PROBE_DIR")
    parser.add_argument("second", metavar="PROBE_DIR")
    options = parser.parse_args(arguments)
    try:
        lines = compare(*(roofgap_io.read_ceilings(path) for path in (options.first, options.second)))
        if all(None in line for line in lines):
            raise InputError(f"{options.first} and {options.second} have no roof in common")
    except InputError as error:
        print(f"compare_probes.py: {error}", file=sys.stderr)
        return 2
    for name, best, other, verdict in lines:
        change = f"{100 * (other / best - 1):+6.1f} %" if best and other else f"{'-':>8}"
        shown = " ".join(f"{value:9.1f}" if value else f"{'-':>9}" for value in (best, other))
        print(f"{name:32} {shown} {change}  {verdict}")
    return 1 if any(verdict not in ("", "intervals overlap", ONE_ISA) for *_, verdict in lines) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
