#!/usr/bin/python3
"""Compares the ceilings that hwprobe finds with those of likwid-bench, on the same cores, alternating.

A round is hwprobe once, then likwid-bench's kernels at several sizes for each ceiling: in the first round all of them,
in the later ones those that were fastest. Best goes against best. A ratio is hwprobe's over likwid's; under 0.98 it is
a finding, exit code 1, and so is a ceiling that either has not. The rounds that FILE holds
already count, and a further call adds to them.
"""
import argparse
import csv
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile

import roofgap_io
from roofgap_io import InputError, number

LEAST_RATIO = 0.98
CEILINGS = ("L1", "L2", "L3", "DRAM", "f32", "f64")
MEMORY = ("load", "copy", "update", "store", "stream", "triad", "daxpy", "sum", "ddot")
NARROWER = ("load", "copy", "update")  # tried with the second vector width too: a wider one is not always faster
PAST_CACHES = ("load_mem", "copy_mem", "store_mem", "stream_mem", "triad_mem")
WIDTHS = {"AVX3": "_avx512", "AVX2": "_avx", "NEON": "_neon", "SVE": "_sve"}
KEPT = 6  # tries of a ceiling that are repeated in later rounds
RUN_S = 0.06
# Rates that are surely exceeded by a core, to choose how often likwid-bench repeats its loop; in 1e9 per second.
SLOW = {"L1": 100, "L2": 60, "L3": 25, "DRAM": 8, "f32": 40, "f64": 20}
TRIES = "round ceiling threads tool kernel working_set_bytes value median unit".split()
SUMMARY = ("ceiling threads unit round hwprobe_best hwprobe_median hwprobe_kernel likwid_best likwid_kernel "
           "likwid_bytes ratio").split()


def parse(arguments):
    def counts(text):
        return [int(word) for word in text.split(",")]

    def ceilings(text):
        words = text.split(",")
        if not set(words) <= set(CEILINGS):
            raise ValueError
        return words

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--threads", type=counts, default=[1, 2], metavar="N,..", help="default 1,2")
    parser.add_argument("--ceilings", type=ceilings, default=CEILINGS, metavar="C,..", help="of " + ",".join(CEILINGS))
    parser.add_argument("--out", metavar="FILE", help="a row per ceiling and round; every try in FILE_tries.csv")
    parser.add_argument("--hwprobe", default="build/release/hwprobe/hwprobe", metavar="PROGRAM")
    return parser.parse_args(arguments)


def run(command, what):
    """What `command` prints; an error in one line where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise InputError(f"cannot run {command[0]}: {error.strerror}; {what}") from error
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise InputError(f"{command[0]} failed with exit code {done.returncode}: {lines[-1]}")
    return done.stdout


def probe(program, threads):
    """machine.json and ceilings.csv of a probe made now."""
    with tempfile.TemporaryDirectory() as folder:
        run([program, "--threads", ",".join(map(str, threads)), "--out", folder], "build it, or name it by --hwprobe")
        return roofgap_io.read_json(os.path.join(folder, "machine.json")), roofgap_io.read_ceilings(folder)


def hwprobe_best(rows, ceiling, threads):
    """(rate, kernel, working set, median) of the fastest row of a ceiling; None where there is none."""
    if ceiling in ("f32", "f64"):
        fits = [row for row in rows if row["kind"] == "compute" and (row["dtype"], row["op_mix"]) == (ceiling, "fma")]
    else:
        fits = [row for row in rows if row["kind"] == "memory" and row["level"] == ceiling]
    fits = [row for row in fits if row["threads"] == str(threads) and number(row, "best")]
    if not fits:
        return None
    row = max(fits, key=lambda row: number(row, "best"))
    kernel = f"{row['pattern'] or row['op_mix']} {row['isa']}"
    return number(row, "best"), kernel, row.get("working_set_bytes", ""), row.get("median", "")


def kernels(ceiling, isas, available):
    """likwid-bench's kernels for a ceiling, of the widest vectors that run here; scalar where there is no other."""
    widths = [suffix for isa, suffix in WIDTHS.items() if isa in isas]
    if ceiling in ("f32", "f64"):
        bases = ["peakflops_sp" if ceiling == "f32" else "peakflops"]
    else:
        bases = MEMORY + (PAST_CACHES if ceiling == "DRAM" else ())
    chosen = []
    for base in bases:
        vectors = [max(base + width, base + width + "_fma", key=lambda name: (name in available, len(name)))
                   for width in widths]
        vectors = [name for name in vectors if name in available]
        chosen += vectors[: 2 if base in NARROWER else 1] or [base] * (base in available)
    return chosen


def cache_bytes(machine, level, threads):
    """Of all caches of a level that `threads` cores use."""
    for cache in machine["caches"]:
        if cache["level"] == level:
            return cache["bytes"] * min(cache["count"], math.ceil(threads / cache["shared_by"]))
    return 0


def sizes(ceiling, machine, threads):
    """Working sets of all threads together, in kB of 1000 bytes, that live in the level."""
    own = cache_bytes(machine, ceiling, threads)
    levels = [cache["level"] for cache in machine["caches"]]
    if ceiling in ("f32", "f64"):
        wanted = [cache_bytes(machine, "L1", threads) / 3]
    elif ceiling == "DRAM":
        wanted = [8 * cache_bytes(machine, levels[-1], threads)]
    elif own == 0:
        wanted = []
    elif levels.index(ceiling) == 0:
        wanted = [0.4 * own, 0.8 * own]
    else:
        nearer = cache_bytes(machine, levels[levels.index(ceiling) - 1], threads)
        wanted = [min(4 * nearer, 0.4 * own), 0.5 * own]
    return [int(size / 1000) for size in wanted]


def likwid(kernel, ceiling, kilobytes, threads, machine):
    """The rate that likwid-bench prints, in 1e9 per second, and the working set in bytes."""
    siblings = max(1, machine["hardware_threads"] // machine["cores"])
    # A third of a thousand bytes or so per kernel step and core is nothing; FLOPs: 30 per 4 or 8 bytes.
    work = kilobytes * 1e3 * {"f32": 30 / 4, "f64": 30 / 8}.get(ceiling, 1)
    repeats = max(10, int(RUN_S * SLOW[ceiling] * 2e9 * threads / work))
    group = f"N:{kilobytes}kB:{threads}" + (f":1:{siblings}" if siblings > 1 else "")
    text = run(["likwid-bench", "-t", kernel, "-i", str(repeats), "-W", group], "")
    unit = "MFlops/s" if ceiling in ("f32", "f64") else "MByte/s"
    rate, size = (re.search(rf"^{name}:\s+([0-9.]+)$", text, re.M) for name in (unit, r"Size \(Byte\)"))
    if not rate or not size:
        raise InputError(f"likwid-bench -t {kernel} -W {group} printed no {unit}")
    return float(rate[1]) / 1e3, int(size[1])


def candidates(before, ceiling, threads, machine, available):
    """(kernel, kB) to try: all in the first round, then those that were fastest `before`."""
    known = {}
    for row in before:
        if row["tool"] == "likwid":
            key = (row["kernel"], round(float(row["working_set_bytes"]) / 1000))
            known[key] = max(known.get(key, 0), float(row["value"]))
    if known:
        return sorted(known, key=known.get, reverse=True)[:KEPT]
    names = kernels(ceiling, machine["isa"], available)
    return [(name, size) for size in sizes(ceiling, machine, threads) for name in names]


def measure_round(options, available, tried, keep):
    """Adds the tries of a round to `tried`, and calls `keep` when those of a ceiling are complete.

    Returns the (ceiling, threads) that hwprobe has not.
    """
    missing = set()
    machine, rows = probe(options.hwprobe, options.threads)
    for threads in options.threads:
        for ceiling in options.ceilings:
            best = hwprobe_best(rows, ceiling, threads)
            if not best:
                missing.add((ceiling, threads))
                continue
            before = [row for row in tried if (row["ceiling"], row["threads"]) == (ceiling, str(threads))]
            round_ = max((int(row["round"]) for row in before), default=0) + 1
            results = [("hwprobe", best[1], best[2], best[0], best[3])]
            for kernel, kilobytes in candidates(before, ceiling, threads, machine, available):
                rate, size = likwid(kernel, ceiling, kilobytes, threads, machine)
                results.append(("likwid", kernel, size, rate, ""))
            unit = "GFLOP/s" if ceiling in ("f32", "f64") else "GB/s"
            for tool, kernel, size, rate, median in results:
                fields = (round_, ceiling, threads, tool, kernel, size, rate, median, unit)
                tried.append(dict(zip(TRIES, map(str, fields))))
            keep()
    return missing


def summarise(tried):
    """A row per ceiling, thread count and round, and one over all rounds; where both tools have a figure."""
    rows = []
    keys = {(CEILINGS.index(row["ceiling"]), int(row["threads"])) for row in tried}
    for place, threads in sorted(keys):
        mine = [row for row in tried if (row["ceiling"], int(row["threads"])) == (CEILINGS[place], threads)]
        for round_ in sorted({int(row["round"]) for row in mine}) + ["all"]:
            of_round = [row for row in mine if round_ == "all" or int(row["round"]) == round_]
            best = {}
            for row in of_round:
                if row["tool"] not in best or float(row["value"]) > float(best[row["tool"]]["value"]):
                    best[row["tool"]] = row
            if len(best) < 2:
                continue
            ours, theirs = best["hwprobe"], best["likwid"]
            ratio = float(ours["value"]) / float(theirs["value"])
            rows.append(dict(zip(SUMMARY, (
                CEILINGS[place], threads, ours["unit"], round_, float(ours["value"]), ours["median"],
                ours["kernel"],
                float(theirs["value"]), theirs["kernel"], theirs["working_set_bytes"], round(ratio, 4)))))
    return rows


def show(rows):
    print(f"{'':8} {'threads':>7} {'round':>5} {'hwprobe':>9} {'median':>9}  {'kernel':18} {'likwid':>9}  "
          f"{'kernel':24} {'set in kB':>9}  ratio")
    for row in rows:
        mark = "  <" if row["round"] == "all" and row["ratio"] < LEAST_RATIO else ""
        print(f"{row['ceiling']:8} {row['threads']:7} {row['round']:>5} {row['hwprobe_best']:9.1f} "
              f"{float(row['hwprobe_median'] or 'nan'):9.1f}  "
              f"{row['hwprobe_kernel']:18} {row['likwid_best']:9.1f}  {row['likwid_kernel']:24} "
              f"{int(row['likwid_bytes']) / 1000:9.0f}  {row['ratio']:.3f}{mark}")


def write(path, columns, rows):
    with open(path + ".tmp", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(path + ".tmp", path)


def main(arguments):
    options = parse(arguments)
    try:
        if not shutil.which("likwid-bench"):
            raise InputError("likwid-bench is not there; on Debian and Ubuntu: apt-get install likwid")
        available = set(re.findall(r"^(\w+) - ", run(["likwid-bench", "-a"], ""), re.M))
        tries = os.path.splitext(options.out)[0] + "_tries.csv" if options.out else None
        tried = roofgap_io.read_table(tries, TRIES, "") if tries and os.path.exists(tries) else []
        missing = set()
        for _ in range(options.rounds):
            missing |= measure_round(options, available, tried, lambda: tries and write(tries, TRIES, tried))
        rows = summarise(tried)
        show(rows)
        if options.out:
            write(options.out, SUMMARY, rows)
    except (InputError, OSError) as error:
        print(f"vs_likwid.py: {error}", file=sys.stderr)
        return 2
    compared = {(row["ceiling"], row["threads"]): row["ratio"] for row in rows if row["round"] == "all"}
    for threads in options.threads:
        for ceiling in options.ceilings:
            if (ceiling, threads) in missing or (ceiling, threads) not in compared:
                tool = "hwprobe" if (ceiling, threads) in missing else "likwid-bench"
                print(f"vs_likwid.py: not compared: {ceiling} on {threads} thread(s), {tool} has no figure for it",
                      file=sys.stderr)
                missing.add((ceiling, threads))
    return 1 if missing or any(ratio < LEAST_RATIO for ratio in compared.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
