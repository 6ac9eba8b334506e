#!/usr/bin/python3
"""Writes one HTML page about one run or several: machine, ceilings, roofline, gaps, comparison, findings.

The page holds all it needs, plotly.js too, and asks the network for nothing. Its numbers are those of the files in the
run directories (`roofgap gap` must have run); what is not there is said to be missing. `roofgap compare` compares
several runs with the first.
"""
import argparse
import base64
import gzip
import itertools
import os
import shutil
import string
import subprocess
import sys
import tempfile

import report_attention
import report_page
import report_text
import report_topics
import roofgap_io
import roofline_axes
from report_text import key_of_roof
from roofgap_io import InputError, number

EXAMPLES = """\
examples:
  scripts/report.py my-run                          writes my-run/report.html
  scripts/report.py old-run new-run -o report.html  with what became faster or slower
  roofgap gap my-run --json my-run/gap.json && scripts/report.py my-run
                                                    with what gap finds: largest gap, pairs out of order
  roofgap compare a b --csv ab.csv && scripts/report.py a b --comparison ab.csv -o ab.html
                                                    where roofgap itself is not installed
exit codes: 0 done, 2 a fault of the input, in one line
"""
NUMBERS = (
    "intensity gflops median_ns roof_fraction attainable_fraction flops_gap gap_algorithm gap_memory "
    "gap_implementation energy_j usd_per_1k"
).split()
TEXTS = (
    "op problem label variant impl dtype isa cache status reason bound roof_level lever advice warnings"
).split()
FINDINGS = ("energy_status", "usd_per_hour", "utilisation")
TOPICS = (report_attention.topic, report_topics.separable, report_topics.pareto, report_topics.budgets)
TIMED = ("measured", "unstable")
MEANS = ("op", "op_mean_ratio", "op_mean_kernel_ratio")
PAIR_NUMBERS = "ratio ratio_low ratio_high median_a_ns median_b_ns p_adjusted machine_ratio kernel_ratio".split()
PAIR_TEXTS = "run_b problem label variant cache dtype isa_a isa_b verdict cause reason".split()
MACHINE_COLOURS = roofline_axes.APART[:8]  # of the others some are not seen on a dark page
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
BUILT = [os.path.join(ROOT, path) for path in ("bin/roofgap", "build/release/harness/roofgap")]


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run_dirs", metavar="RUN_DIR", nargs="+", help="of several, the first is the baseline")
    parser.add_argument("-o", "--out", metavar="FILE", help="default: report.html in the RUN_DIR; needed for several")
    parser.add_argument("--comparison", metavar="CSV", help="what `roofgap compare` wrote of these runs with --csv")
    parser.add_argument("--roofgap", metavar="PROGRAM",
                        help="compares the runs where no CSV is given; default: the one built here, or on the PATH")
    options = parser.parse_args(arguments)
    if len(options.run_dirs) > 1 and not options.out:
        parser.error("-o FILE: several runs need it")
    return options


def read_plotly():
    """The library's source, from the Python package."""
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as missing:
        raise InputError(f"{missing}; on Debian and Ubuntu: apt-get install python3-plotly") from missing
    return get_plotlyjs().encode()


def read_run(run_dir):
    """All files of a run that the page shows; None for those that need not be there."""
    machine = roofgap_io.read_json(os.path.join(run_dir, "machine.json"))
    rows = roofgap_io.read_gaps(run_dir, *NUMBERS, *TEXTS, *FINDINGS)
    if not rows:
        raise InputError(f"{run_dir}/gap.csv has no row; run: roofgap run, then roofgap gap {run_dir}")
    for row in rows:
        if not row["threads"].isdecimal():
            raise InputError(f"{run_dir}/gap.csv: column threads holds '{row['threads']}', not a whole number")
        for column in NUMBERS:
            number(row, column)
        if row["status"] in TIMED and (number(row, "median_ns") or 0) <= 0:
            raise InputError(f"{row['problem']} {row['variant']} is {row['status']}, but its median_ns is "
                             f"'{row['median_ns']}'; allowed is a positive number")
    ceilings, again = {}, {}
    for row in roofgap_io.read_ceilings(run_dir):
        (again if key_of_roof(row) in ceilings else ceilings)[key_of_roof(row)] = row
    topics = [topic(run_dir) for topic in TOPICS]

    def maybe(name, read, *arguments):
        return read(*arguments) if os.path.exists(os.path.join(run_dir, name)) else None

    told = maybe("gap.json", roofgap_io.read_json, os.path.join(run_dir, "gap.json"))
    run = {
        "dir": run_dir,
        "machine": machine,
        "info": maybe("run.json", roofgap_io.read_json, os.path.join(run_dir, "run.json")) or {},
        "rows": rows,
        "ceilings": list(ceilings.values()),
        "again": again,
        "topics": [topic for topic in topics if topic.sentences],
        "predictors": maybe("predictors.csv", roofgap_io.read_predictors, run_dir),
        "misordered": misordered(told, run_dir),
        "told": findings(told, run_dir),
        "roofs": list(roofs(run_dir, machine, rows, [*ceilings.values(), *again.values()])),
    }
    run["name"] = str(run["info"].get("run_id") or rows[0].get("run_id") or os.path.basename(os.path.abspath(run_dir)))
    return run


def findings(told, run_dir):
    """The sentences of gap.json by their kind; none of one that an earlier roofgap wrote."""
    found = (told or {}).get("findings", [])
    if not isinstance(found, list) or not all(
            isinstance(one, dict) and isinstance(one.get("kind"), str) and isinstance(one.get("text"), str)
            for one in found):
        raise InputError(f"{run_dir}/gap.json has no sentences in `findings`; run: {report_text.gap_json(run_dir)}")
    texts = {}
    for one in found:
        texts.setdefault(one["kind"], []).append(one["text"])
    return texts


def misordered(findings, run_dir):
    """The pairs of gap.json that FLOPs order wrongly."""
    if findings is None:
        return None
    pairs = findings.get("misordered")
    keys = [f"{side}_{what}" for side in ("fewer", "more") for what in ("problem", "variant", "flops", "median_ns")]
    keys += ["isa", "threads", "cache"]
    if not isinstance(pairs, list) or not all(isinstance(pair, dict) and set(keys) <= set(pair) for pair in pairs):
        raise InputError(f"{run_dir}/gap.json has no pairs in `misordered`; run: {report_text.gap_json(run_dir)}")
    return pairs


def roofs(run_dir, machine, rows, ceilings):
    """The roofs that the points of each setting stand under; `missing` says which there are none for."""
    isas = machine.get("isa", [])
    settings = {(row["isa"], row["dtype"], int(row["threads"])) for row in rows if row["status"] in TIMED}
    for isa, dtype, threads in sorted(settings):
        setting = {"isa": isa, "dtype": dtype, "threads": threads}
        try:
            peak, bandwidths = roofline_axes.roofs(ceilings, isas, run_dir, {"isa": isa, "dtype": dtype}, threads)
            mix = roofline_axes.denominator(dtype).upper()
            yield {**setting, "peak": peak, "mix": mix, "bandwidths": bandwidths}
        except InputError as error:
            yield {**setting, "missing": str(error)}


def compare(options):
    """The pairs of the runs, the words of `roofgap compare` about them, and why there are none."""
    if len(options.run_dirs) == 1 and not options.comparison:
        return None, "", ""
    if options.comparison:
        return roofgap_io.read_comparison(options.comparison, *MEANS), "", ""
    built = [path for path in BUILT if os.access(path, os.X_OK)]
    program = options.roofgap or (built[0] if built else shutil.which("roofgap"))
    command = "roofgap compare " + " ".join(options.run_dirs)
    if not program:
        return None, "", f"no roofgap was found. Run: {command} --csv pairs.csv, and give --comparison pairs.csv"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "comparison.csv")
        try:
            done = subprocess.run([program, "compare", *options.run_dirs, "--csv", path], capture_output=True,
                                  encoding="utf-8", errors="replace")
        except OSError as error:
            raise InputError(f"cannot run {program}: {error.strerror}") from error
        if done.returncode not in (0, 1) or not os.path.exists(path):
            said = done.stderr.strip().split("\n")[-1] or f"exit code {done.returncode}"
            return None, "", f"{command} failed: {said}"
        return roofgap_io.read_comparison(path, *MEANS), done.stdout, ""


class Texts:
    """Texts that many rows have, each once; rows hold their places."""

    def __init__(self):
        self.places = {}

    def place(self, text):
        return self.places.setdefault(text, len(self.places))

    def packed(self, rows, numbers, texts):
        """As report_tables.js unpacks it."""
        return {"columns": [*numbers, *texts], "texts": texts,
                "rows": [[*(row[column] for column in numbers), *(self.place(row[column]) for column in texts)]
                         for row in rows]}


def data(runs, pairs):
    """What the page's script shows."""
    ops = sorted({row["op"] for run in runs for row in run["rows"]}, key=roofline_axes.op_order)
    more = iter(roofline_axes.MORE_COLOURS * len(ops))
    names = list(dict.fromkeys(machine_name(run["machine"]) for run in runs))
    texts = Texts()
    rows = ({**row, **{column: number(row, column) for column in NUMBERS}, "threads": int(row["threads"]),
             "run": run["name"], "machine": machine_name(run["machine"])} for run in runs for row in run["rows"])
    compared = ({**pair, **{column: number(pair, column) for column in PAIR_NUMBERS},
                 "threads": int(pair["threads"]) if pair["threads"].isdecimal() else None} for pair in pairs or [])
    return {
        "rows": texts.packed(rows, ["threads", *NUMBERS], ["machine", "run", *TEXTS]),
        "pairs": texts.packed(compared, ["threads", *PAIR_NUMBERS], PAIR_TEXTS),
        "texts": list(texts.places),
        "roofs": [{"machine": machine_name(run["machine"]), "run": run["name"], **roof}
                  for run in runs for roof in run["roofs"]],
        "colours": {op: roofline_axes.COLOURS.get(op) or next(more) for op in ops},
        "machines": {name: {"letter": letter, "colour": colour}
                     for name, letter, colour in zip(names, letters(), itertools.cycle(MACHINE_COLOURS))},
    }


def letters():
    """A to Z, then AA and so on."""
    for length in itertools.count(1):
        yield from map("".join, itertools.product(string.ascii_uppercase, repeat=length))


def machine_name(machine):
    return f"{machine.get('cpu_model') or 'CPU'}, {machine.get('cores') or '?'} cores ({machine.get('machine_id')})"


def write(path, text):
    """Replaces the file in one step."""
    if os.path.isdir(path):
        raise InputError(f"cannot write {path}: it is a directory")
    partial = path + ".part"
    try:
        with open(partial, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        os.replace(partial, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error
    print(path)


def main(arguments):
    options = parse(arguments)
    try:
        plotly = base64.b64encode(gzip.compress(read_plotly(), 6, mtime=0)).decode()
        runs = [read_run(run_dir) for run_dir in options.run_dirs]
        names = [run["name"] for run in runs]
        for run in runs:
            if names.count(run["name"]) > 1:
                run["name"] += f" ({run['dir']})"
        pairs, words, without = compare(options)
        page = report_page.render(runs, pairs, words, without, data(runs, pairs), plotly)
        write(options.out or os.path.join(options.run_dirs[0], "report.html"), page)
    except (InputError, OSError) as error:
        print(f"report.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
