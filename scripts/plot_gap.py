#!/usr/bin/python3
"""Draws what a run takes over what its FLOPs promise, step by step, as SVG and PNG, from gap.csv of the run alone.

A row of the picture is a problem at its fastest variant. From 1, the time that FLOPs promise, three steps lead to the
median: the algorithm (what it adds, or saves to the left), memory (data that has to be brought), the implementation
(what is left to the code). On a log axis their lengths add up as their factors multiply.
"""
import argparse
import os
import sys

try:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.patches import Patch
except ImportError as missing:
    print(f"plot_gap.py: {missing}; on Debian and Ubuntu: apt-get install python3-matplotlib", file=sys.stderr)
    sys.exit(2)

import gap_rows
import roofline_axes
from roofgap_io import InputError, number

# Okabe and Ito's palette, told apart by colour-blind readers too; the lanes of a row tell the steps apart as well.
STEPS = (
    ("gap_algorithm", "algorithm", "#CC79A7"),
    ("gap_memory", "memory", "#56B4E9"),
    ("gap_implementation", "implementation", "#E69F00"),
)
COLUMNS = [column for column, _, _ in STEPS] + ["flops_gap", "median_ns"]
PANEL_WIDTH, NAMES_WIDTH, ROW_HEIGHT = 4.6, 3.2, 0.3  # inches
TOP, BOTTOM = 1.25, 1.0  # inches
NAME_LENGTH = 38
LANE = 0.27  # of a row
LABEL_SHARE = 0.38  # of a panel's width

matplotlib.rcParams["text.parse_math"] = False


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    gap_rows.add_options(parser, "gap")
    parser.add_argument("--variant", metavar="V", help="this variant of each problem; default: the fastest")
    parser.add_argument("--most", metavar="N", type=int, default=30,
                        help="problems, those with the largest gaps; default: 30")
    options = parser.parse_args(arguments)
    if options.most < 1:
        parser.error("--most: allowed is 1 or more")
    return options


def chosen(rows, options):
    """One row for each problem and thread count, and the problems, largest gap first."""
    if options.variant:
        present = sorted({row["variant"] for row in rows})
        rows = [row for row in rows if row["variant"] == options.variant]
        if not rows:
            raise InputError(f"no measured row has variant {options.variant} (there is: {', '.join(present)})")
    rows = gap_rows.fastest(rows)
    largest = {}
    for row in rows:
        largest[row["problem"]] = max(largest.get(row["problem"], 0), number(row, "flops_gap"))
    problems = sorted(largest, key=lambda problem: -largest[problem])
    kept = problems[: options.most]
    return [row for row in rows if row["problem"] in kept], kept, len(problems) - len(kept)


def reach(row):
    """Where each step begins and ends."""
    places = [1.0]
    for column, _, _ in STEPS:
        places.append(places[-1] * number(row, column))
    return list(zip(places, places[1:]))


def draw_row(panel, row, at):
    alpha = gap_rows.FADED if row["status"] == "unstable" else 1
    steps = reach(row)
    for lane, ((start, end), (_, _, colour)) in enumerate(zip(steps, STEPS)):
        y = at + (lane - 1) * LANE
        panel.barh(y, end - start, left=start, height=LANE, color=colour, alpha=alpha, zorder=3)
        panel.plot([start, start], [y - LANE / 2 - (LANE if lane else 0), y + LANE / 2], color="#333333",
                   linewidth=0.8, zorder=4)
    end = steps[-1][1]
    panel.plot([end, end], [at + LANE / 2, at + 1.5 * LANE], color="#333333", linewidth=1.6, zorder=4)
    farthest = max(max(step) for step in steps)
    gap = number(row, "flops_gap")
    text = f"{gap:.2f}" if gap < 9.995 else f"{gap:.3g}"
    panel.annotate(f"{text} × · {row['variant']}", (farthest, at), xytext=(5, 0), textcoords="offset points",
                   va="center", fontsize=9, color="#222222")


def frame(panels, rows, problems, names):
    places = [place for row in rows for step in reach(row) for place in step]
    low, high = min(places + [1]) / 1.15, max(places + [1])
    # To the right of the longest row there is room for its number and variant.
    high = low * (high / low) ** (1 / (1 - LABEL_SHARE))
    for panel in panels:
        panel.set_xscale("log")
        panel.set(xlim=(low, high), ylim=(len(problems) - 0.4, -0.6))
        panel.axvline(1, color="black", linewidth=1.4, zorder=2)
        panel.grid(True, axis="x", which="major", color="#e6e6e6", linewidth=0.8)
        panel.set_axisbelow(True)
        for axis_name in ("major", "minor"):
            getattr(panel.xaxis, f"set_{axis_name}_formatter")(lambda value, _: "")
        ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if low <= tick <= high]
        panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        panel.minorticks_off()
        panel.set_yticks(range(len(problems)), [names[problem] for problem in problems], fontsize=9.5)
        panel.tick_params(axis="y", length=0)
        panel.set_xlabel("times what FLOPs promise", fontsize=11)
        for side in ("top", "right", "left"):
            panel.spines[side].set_visible(False)
        for line in range(len(problems) - 1):
            panel.axhline(line + 0.5, color="#f0f0f0", linewidth=0.8, zorder=0)


def draw(machine, run, rows, problems, left_out, common, counts):
    width = NAMES_WIDTH + PANEL_WIDTH * len(counts) + 0.3
    height = TOP + BOTTOM + ROW_HEIGHT * max(len(problems), 4)
    figure, axes = pyplot.subplots(1, len(counts), figsize=(width, height), sharey=True, squeeze=False)
    figure.subplots_adjust(left=NAMES_WIDTH / width, right=1 - 0.2 / width, top=1 - TOP / height,
                           bottom=BOTTOM / height, wspace=0.04)
    names = roofline_axes.names_of(rows, NAME_LENGTH)
    frame(axes[0], rows, problems, names)
    for panel, threads in zip(axes[0], counts):
        panel.set_title(gap_rows.threads_text(threads), fontsize=13, fontweight="bold", loc="left")
        for row in rows:
            if int(row["threads"]) == threads:
                draw_row(panel, row, problems.index(row["problem"]))
    figure.suptitle("From the FLOPs' promise to the measured time", x=0.25 / width, ha="left", fontsize=15,
                    y=1 - 0.2 / height)
    handles = [Patch(color=colour, label=name) for _, name, colour in STEPS]
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.2 / width, 1 - 0.45 / height), ncols=3,
                  frameon=False, fontsize=11, columnspacing=1.6)
    note = "to the left: saved, by an algorithm with fewer multiplications, or by data in a nearer cache"
    if left_out:
        note += f" · {left_out} problems with smaller gaps are left out"
    for i, line in enumerate((gap_rows.origin(machine, run, common), note + gap_rows.unstable_note(rows))):
        figure.text(0.25 / width, (0.32 - 0.2 * i) / height, line, fontsize=10, color=gap_rows.TEXT_COLOUR)
    return figure


def main(arguments):
    options = parse(arguments)
    try:
        machine, run = gap_rows.read_run(options.run_dir)
        rows, common, counts = gap_rows.select(machine, options, COLUMNS)
        rows, problems, left_out = chosen(rows, options)
        figure = draw(machine, run, rows, problems, left_out, common, counts)
        roofline_axes.save(figure, options.out or os.path.join(options.run_dir, "gap"))
    except (InputError, OSError) as error:
        print(f"plot_gap.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
