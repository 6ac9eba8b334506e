#!/usr/bin/python3
"""Draws what `roofgap compare A B --csv FILE` wrote, as SVG and PNG, from that file alone.

A line is a pair of rows: a dot at its ratio (right of 1, B is faster), across it the 95 % interval, behind it a bar
from 1 to what the machine did. On a log axis what lies between the bar's end and the dot is the kernel's
part. Above the pairs of an op a diamond is their geometric mean, and a stroke each of them, drawn below or not. Dots,
not bars, stand for ratios: a bar's length from 1 says nothing of how sure it is, and covers where the interval ends.
"""
import argparse
import collections
import math
import os
import re
import sys
import textwrap

try:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
except ImportError as missing:
    print(f"plot_compare.py: {missing}; on Debian and Ubuntu: apt-get install python3-matplotlib", file=sys.stderr)
    sys.exit(2)

import gap_rows
import roofgap_io
import roofline_axes
from roofgap_io import InputError, number

# Okabe and Ito's palette, told apart by colour-blind readers too; a verdict has its shape besides.
LOOKS = {"slower": ("<", "#D55E00"), "same": ("o", "#7F7F7F"), "faster": (">", "#0072B2")}
MACHINE = "#F3D9A0"
MORE_COLUMNS = ("op machine_a machine_b machine_from status_a status_b same_within op_mean_ratio "
                "op_mean_kernel_ratio").split()
CASE = "problem variant dtype isa_a threads cache".split()
WIDTH, RIGHT, TOP, BOTTOM = 12.6, 0.25, 1.3, 0.75  # inches
LINE = 0.235  # inches
NAME_SIZE, NUMBER_SIZE, NAME_LENGTH = 9.5, 9, 42
NUMBERS_WIDTH = 0.62  # inches, a column of numbers beside a panel
MOST_RUNS, MOST_LINES = 4, 2000
CAPTION_LENGTH = 150

matplotlib.rcParams["text.parse_math"] = False


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("csv", metavar="FILE.csv")
    parser.add_argument("--out", metavar="FILE_STEM", help="writes FILE_STEM.svg and .png (default FILE)")
    parser.add_argument("--against", metavar="RUN_ID", help="of several runs compared with the first only this one")
    parser.add_argument("--threads", metavar="N", help="only pairs of N threads")
    gap_rows.add_choice(parser, 40, "pairs, those that differ most")
    parser.add_argument("--all", action="store_true", help="all pairs")
    options = parser.parse_args(arguments)
    gap_rows.check_choice(parser, options)
    return options


def select(options):
    """The rows of the file that were asked for; of each pair all its numbers are there."""
    path = options.csv
    rows = roofgap_io.read_comparison(path, *MORE_COLUMNS)
    if options.against:
        roofgap_io.choose(rows, "run_b", options.against, ())
        rows = [row for row in rows if row["run_b"] == options.against]
    rows = [row for row in rows if re.search(options.match, row["problem"])]
    if options.threads:
        rows = [row for row in rows if row["threads"] == options.threads]
    pairs = [row for row in rows if row["verdict"] in LOOKS]
    if not pairs:
        raise InputError(f"{path} has no pair that could be compared"
                         + (f" for '{options.match}'" if options.match else "")
                         + (f" with {options.threads} threads" if options.threads else ""))
    for row in pairs:
        number(row, "same_within")
        for column in ("ratio", "ratio_low", "ratio_high", "machine_ratio", "op_mean_ratio", "op_mean_kernel_ratio"):
            value = number(row, column)
            optional = column in ("machine_ratio", "op_mean_ratio", "op_mean_kernel_ratio")
            if value is None and not optional or value is not None and value <= 0:
                raise InputError(f"{row['problem']} {row['variant']} is {row['verdict']}, but its {column} is "
                                 f"'{row[column]}'; allowed is a positive number")
    runs = list(dict.fromkeys(row["run_b"] for row in pairs))
    if len(runs) > MOST_RUNS:
        raise InputError(f"{path} compares {len(runs)} runs with the first, and {MOST_RUNS} have room; "
                         f"choose one: --against {runs[0]}")
    return rows, pairs, runs


def key_of(row):
    return tuple(row[column] for column in CASE)


def chosen(pairs, options):
    """Which pairs have a line, op by op, the slowest first; how many there are."""
    differs = {}
    for row in pairs:
        change = (row["verdict"] != "same", abs(math.log(number(row, "ratio"))))
        differs[key_of(row)] = max(differs.get(key_of(row), change), change)
    kept = sorted(differs, key=lambda key: differs[key], reverse=True)[: None if options.all else options.most]
    if len(kept) > MOST_LINES:
        raise InputError(f"{len(kept)} pairs are too many for one picture; choose with --match or --threads, or leave "
                         "out --all")
    least = {}
    for row in pairs:
        if key_of(row) in kept:
            least.setdefault(row["op"], {}).setdefault(key_of(row), (number(row, "ratio"), row))
    lines = {}
    for op in sorted({row["op"] for row in pairs}, key=roofline_axes.op_order):
        lines[op] = [row for _, row in sorted(least.get(op, {}).values(), key=lambda found: found[0])]
    return lines, len(differs)


def common_of(pairs):
    """The value of each column that all pairs have in common."""
    values = {column: {row[column] for row in pairs} for column in ("dtype", "isa_a", "isa_b", "threads", "cache")}
    return {column: found.pop() for column, found in values.items() if len(found) == 1}


def name_of(row, names, common):
    """Of a pair, without what all have in common."""
    words = [names[row["problem"]], row["variant"]]
    if "threads" not in common and row["threads"].isdecimal():
        words.append(gap_rows.threads_text(int(row["threads"])))
    words += [row[column] for column in ("dtype", "isa_a", "cache") if column not in common and row[column] != "warm"]
    return " · ".join(word for word in words if word)


def ratio_text(value):
    return "" if value is None else f"{value:.2f}" if value < 9.995 else f"{value:.3g}"


def write_numbers(panel, at, row, ratio, kernel, bold=False):
    """Right of the panel, the ratio and what is left of it to the kernel."""
    inches = panel.get_window_extent().width / panel.figure.dpi
    for column, field in enumerate((ratio, kernel)):
        panel.text(1 + (column + 1) * NUMBERS_WIDTH / inches, at, ratio_text(number(row, field)),
                   transform=panel.get_yaxis_transform(), ha="right", va="center", fontsize=NUMBER_SIZE,
                   color="#222222", fontweight="bold" if bold else "normal")


def draw_pair(panel, at, row):
    marker, colour = LOOKS[row["verdict"]]
    unstable = "unstable" in (row["status_a"], row["status_b"])
    machine = number(row, "machine_ratio")
    if machine:
        panel.barh(at, machine - 1, left=1, height=0.62, color=MACHINE, zorder=2)
        panel.plot([machine, machine], [at - 0.31, at + 0.31], color="#8A6500", linewidth=1.2, zorder=3)
    panel.axhline(at, color="#EEEEEE", linewidth=0.8, zorder=0)
    panel.plot([number(row, "ratio_low"), number(row, "ratio_high")], [at, at], color=colour, linewidth=1.8,
               alpha=0.6 if unstable else 1, zorder=4)
    panel.plot(number(row, "ratio"), at, marker=marker, markersize=7.5 if marker != "o" else 6, linestyle="none",
               markerfacecolor="white" if unstable else colour, markeredgecolor=colour if unstable else "white",
               markeredgewidth=1.3 if unstable else 0.6, zorder=5)
    write_numbers(panel, at, row, "ratio", "kernel_ratio")


def draw_op(panel, at, pairs):
    """All pairs of an op as strokes, and their mean."""
    panel.axhspan(at - 0.5, at + 0.5, color="#F1F1F1", zorder=0)
    for row in pairs:
        ratio = number(row, "ratio")
        panel.plot([ratio, ratio], [at - 0.3, at + 0.3], color=LOOKS[row["verdict"]][1], linewidth=1, alpha=0.45,
                   zorder=3)
    if pairs and number(pairs[0], "op_mean_ratio") is not None:  # empty where all pairs are unstable
        panel.plot(number(pairs[0], "op_mean_ratio"), at, marker="D", markersize=7, color="black", linestyle="none",
                   markeredgecolor="white", markeredgewidth=0.8, zorder=5)
        write_numbers(panel, at, pairs[0], "op_mean_ratio", "op_mean_kernel_ratio", bold=True)


def frame(panel, pairs, lines, within):
    """`pairs`: all that any panel has, for the panels are alike."""
    values = [1 / (1 + 2 * within), 1 + 2 * within]
    values += [number(row, column) for row in pairs for column in ("ratio", "ratio_low", "ratio_high", "machine_ratio")
               if row[column]]
    low, high = min(values), max(values)
    room = (high / low) ** 0.04
    low, high = low / room, high * room
    panel.set_xscale("log")
    panel.set(xlim=(low, high), ylim=(lines - 0.5, -0.5))
    panel.axvspan(1 / (1 + within), 1 + within, color="#DDDDDD", zorder=1, linewidth=0)
    panel.axvline(1, color="black", linewidth=1.2, zorder=3)
    for axis_name in ("major", "minor"):
        getattr(panel.xaxis, f"set_{axis_name}_formatter")(lambda value, _: "")
    ticks = roofline_axes.log_ticks(low, high)
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.minorticks_off()
    panel.tick_params(axis="y", length=0)
    panel.grid(True, axis="x", which="major", color="#e6e6e6", linewidth=0.8)
    panel.set_axisbelow(True)
    for side in ("top", "right", "left"):
        panel.spines[side].set_visible(False)


def text_width(figure, texts, **style):
    """Of the longest, in inches."""
    widest = 0
    for text in texts:
        drawn = figure.text(0, 0, text, **style)
        widest = max(widest, drawn.get_window_extent().width / figure.dpi)
        drawn.remove()
    return widest


def draw(rows, pairs, runs, lines, total):
    common = common_of(pairs)
    names = roofline_axes.names_of(pairs, NAME_LENGTH)
    places = []  # (op, row or None for the op itself)
    for op, of_op in lines.items():
        places += [(op, None), *((op, row) for row in of_op)]
    texts = [name_of(row, names, common) if row else op or "all" for op, row in places]
    notes = caption(rows, pairs, runs, lines, total, common)
    bottom = BOTTOM + 0.2 * len(notes)
    height = TOP + bottom + LINE * max(len(places), 4)
    figure = pyplot.figure(figsize=(WIDTH, height))
    left = 0.35 + text_width(figure, texts, fontsize=NAME_SIZE)
    numbers = 2 * NUMBERS_WIDTH + 0.15
    panel_width = (WIDTH - left - RIGHT) / len(runs) - numbers
    within = number(pairs[0], "same_within") or 0
    for column, run in enumerate(runs):
        at = left + column * (panel_width + numbers)
        panel = figure.add_axes((at / WIDTH, bottom / height, panel_width / WIDTH, 1 - (TOP + bottom) / height))
        of_run = [row for row in pairs if row["run_b"] == run]
        frame(panel, pairs, len(places), within)
        panel.set_yticks(range(len(places)), texts if column == 0 else [""] * len(places), fontsize=NAME_SIZE)
        for label, (_, row) in zip(panel.get_yticklabels(), places):
            label.set_fontweight("normal" if row else "bold")
        found = {key_of(row): row for row in of_run}
        for line, (op, row) in enumerate(places):
            if row is None:
                draw_op(panel, line, [pair for pair in of_run if pair["op"] == op])
            elif key_of(row) in found:
                draw_pair(panel, line, found[key_of(row)])
        head(panel, panel_width, of_run, len(runs) > 1)
    title = f"{pairs[0]['run_a']} (A) and " + (f"{runs[0]} (B)" if len(runs) == 1 else "what came after it (B)")
    figure.text(0.25 / WIDTH, 1 - 0.2 / height, title, fontsize=15, va="top")
    figure.legend(handles=legend(pairs), loc="upper left", bbox_to_anchor=(0.2 / WIDTH, 1 - 0.5 / height), ncols=8,
                  frameon=False, fontsize=10, columnspacing=1.3, handletextpad=0.5)
    for i, line in enumerate(notes):
        figure.text(0.25 / WIDTH, (0.2 * (len(notes) - i) - 0.03) / height, line, fontsize=10, va="center",
                    color=gap_rows.TEXT_COLOUR)
    return figure


def head(panel, inches, pairs, several):
    """What the axis and the columns of numbers are."""
    panel.set_xlabel("A's time over B's" if several else "← B slower    time of A over time of B    B faster →",
                     fontsize=10.5)
    known = any(row["kernel_ratio"] for row in pairs)
    for column, text in enumerate(("ratio", "kernel" if known else "")):
        panel.text(1 + (column + 1) * NUMBERS_WIDTH / inches, -0.75, text, transform=panel.get_yaxis_transform(),
                   ha="right", va="bottom", fontsize=NUMBER_SIZE, color=gap_rows.TEXT_COLOUR)
    if several:
        panel.set_title(pairs[0]["run_b"], fontsize=11, fontweight="bold", loc="left", pad=16)


def legend(pairs):
    within = number(pairs[0], "same_within") or 0
    handles = [
        Line2D([], [], marker=marker, color=colour, linewidth=1.8, markersize=8, markeredgecolor="white", label=verdict)
        for verdict, (marker, colour) in LOOKS.items() if any(row["verdict"] == verdict for row in pairs)
    ]
    if any("unstable" in (row["status_a"], row["status_b"]) for row in pairs):
        handles.append(Line2D([], [], marker="o", color="#444444", linestyle="none", markersize=7,
                              markerfacecolor="none", markeredgewidth=1.3, label="hollow: unstable"))
    handles.append(Line2D([], [], marker="D", color="black", linestyle="none", markersize=7,
                          label="geometric mean of an op"))
    if any(row["machine_ratio"] for row in pairs):
        handles.append(Patch(color=MACHINE, label="the machine's part"))
    if within:
        handles.append(Patch(color="#DDDDDD", label=f"within {100 * within:.3g} %"))
    return handles


def caption(rows, pairs, runs, lines, total, common):
    """What the picture shows, and all that has no line in it."""
    machines = [f"machine {rows[0]['machine_a']}" if {row["machine_b"] for row in pairs} == {rows[0]["machine_a"]} else
                f"machines {rows[0]['machine_a']} (A), {', '.join(sorted({row['machine_b'] for row in pairs}))} (B)"]
    isas = [sorted({row[column] for row in pairs}) for column in ("isa_a", "isa_b")]
    isa = ", ".join(isas[0]) if isas[0] == isas[1] else f"{', '.join(isas[0])} (A), {', '.join(isas[1])} (B)"
    what = [common.get("dtype", ""), isa,
            f"{common['cache']} cache" if common.get("cache") else "",
            gap_rows.threads_text(int(common["threads"])) if common.get("threads", "").isdecimal() else "", *machines]
    drawn = sum(map(len, lines.values()))
    kind = "pairs" if len(runs) == 1 else "cases"
    verdicts = collections.Counter(row["verdict"] for row in pairs)
    counts = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in LOOKS if verdicts[verdict])
    which = f"all {total} {kind}" if drawn == total else \
        f"the {drawn} of {total} {kind} that differ most; strokes beside an op are all of its pairs"
    unstable = sum("unstable" in (row["status_a"], row["status_b"]) for row in pairs)
    second = [which, counts + (f" ({unstable} with an unstable row)" if unstable else "")]
    text = [" · ".join(part for part in what if part), " · ".join(second), *without_pair(rows)]
    sources = {row["machine_from"] for row in pairs if row["machine_ratio"]}
    if sources:
        how = {"canary": "by the fixed work beside the samples", "roofs": "by the roofs of both"}
        text.append("bar: what the machine did, " + " or ".join(how.get(source, source) for source in sorted(sources))
                    + "; from there to the dot: the kernel's part")
    return [line for part in text for line in textwrap.wrap(part, CAPTION_LENGTH)]


def without_pair(rows):
    """The rows that are no pairs, by reason; one line, or none."""
    reasons = collections.Counter(row["reason"] for row in rows if row["verdict"] not in LOOKS)
    if not reasons:
        return []
    named = reasons.most_common(3)
    rest = reasons.total() - sum(count for _, count in named)
    texts = [f"{count} {textwrap.shorten(reason, 60, placeholder=' …')}" for reason, count in named]
    return [f"{reasons.total()} not comparable: " + ", ".join(texts + ([f"{rest} for other reasons"] if rest else []))]


def main(arguments):
    options = parse(arguments)
    try:
        rows, pairs, runs = select(options)
        lines, total = chosen(pairs, options)
        figure = draw(rows, pairs, runs, lines, total)
        roofline_axes.save(figure, options.out or os.path.splitext(options.csv)[0])
    except (InputError, OSError) as error:
        print(f"plot_compare.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
