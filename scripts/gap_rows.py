"""What pictures of gap.csv share: which rows are drawn, how they are named, what the caption says."""
import os
import re

import roofgap_io
from roofgap_io import InputError, number

TEXT_COLOUR = "#444444"
FADED = 0.35  # an unstable row


def add_options(parser, picture):
    parser.add_argument("run_dir", metavar="RUN_DIR")
    parser.add_argument("--out", metavar="FILE_STEM", help=f"writes FILE_STEM.svg and .png (default RUN_DIR/{picture})")
    parser.add_argument("--threads", metavar="N", help="for N threads alone")
    parser.add_argument("--isa", metavar="I", help="default: the machine's best that was measured")
    parser.add_argument("--dtype", metavar="T", default="f32")
    parser.add_argument("--cache", metavar="C", choices=("warm", "cold"), help="default: warm where there is any")


def add_choice(parser, most, what):
    """Options of pictures that show some of many things: which problems, and how many."""
    parser.add_argument("--match", metavar="REGEX", default="", help="only problems in which it is found")
    parser.add_argument("--most", metavar="N", type=int, default=most, help=f"{what}; default: {most}")


def check_choice(parser, options):
    if options.most < 1:
        parser.error("--most: allowed is 1 or more")
    try:
        re.compile(options.match)
    except re.error as error:
        parser.error(f"--match: '{options.match}' is no regular expression: {error}")


def select(machine, options, columns):
    """The rows that have a time and a roof, what they have in common, and the thread counts to draw.

    `columns`: which hold a positive number in each of the rows.
    """
    rows = roofgap_io.read_gaps(options.run_dir)
    rows = [row for row in rows if row["status"] in ("measured", "unstable") and row["t_attainable_ns"]]
    if not rows:
        raise InputError(f"{options.run_dir}/gap.csv has no timed row under a roof")
    common = {}
    for column, wanted, preferred in (
        ("dtype", options.dtype, ()),
        ("isa", options.isa, machine.get("isa", [])),
        ("cache", options.cache, ("warm",)),
    ):
        common[column] = roofgap_io.choose(rows, column, wanted, preferred)
        rows = [row for row in rows if row[column] == common[column]]
    # Work without FLOPs promises no time.
    rows = [row for row in rows if number(row, "flops")]
    if not rows:
        raise InputError(f"{options.run_dir}/gap.csv has no such row with FLOPs")
    for row in rows:
        if not row["threads"].isdecimal():
            raise InputError(f"column threads holds '{row['threads']}', not a whole number")
        for column in columns:
            if (number(row, column) or 0) <= 0:
                raise InputError(
                    f"{row['problem']} {row['variant']} is {row['status']}, but its {column} is '{row[column]}'; "
                    "allowed is a positive number"
                )
    counts = sorted({int(row["threads"]) for row in rows})
    if options.threads:
        counts = [int(roofgap_io.choose(rows, "threads", options.threads, ()))]
    elif len(counts) > 2:
        counts = [counts[0], counts[-1]]
    return [row for row in rows if int(row["threads"]) in counts], common, counts


def fastest(rows, same=("problem", "threads")):
    """Of the rows that are alike in the columns `same` the one with the least median."""
    best = {}
    for row in rows:
        key = tuple(row[column] for column in same)
        if key not in best or number(row, "median_ns") < number(best[key], "median_ns"):
            best[key] = row
    return list(best.values())


def threads_text(threads):
    return f"{threads} thread{'s' if threads > 1 else ''}"


def read_run(run_dir):
    """machine.json, and run.json where it is there."""
    machine = roofgap_io.read_json(os.path.join(run_dir, "machine.json"))
    run_file = os.path.join(run_dir, "run.json")
    return machine, roofgap_io.read_json(run_file) if os.path.exists(run_file) else {}


def origin(machine, run, common):
    """Of whom the picture is, in one line."""
    what = [
        machine.get("cpu_model") or "unknown CPU",
        ", ".join(common[column] for column in ("dtype", "isa") if common.get(column)),
        f"{common['cache']} cache" if common.get("cache") else "",
        f"machine {machine.get('machine_id', 'unknown')}",
        run.get("utc", "")[:10],
        *run.get("libraries", []),
    ]
    return " · ".join(text for text in what if text)


def unstable_note(rows):
    shaky = sum(row["status"] == "unstable" for row in rows)
    return f" · faded: an unstable row ({shaky} of {len(rows)})" if shaky else ""
