#!/usr/bin/python3
"""Draws how well FLOPs, and the attainable time, predict latency, as SVG and PNG, from gap.csv and predictors.csv.

A point is a timed row: above, its latency over its FLOPs, with the line that FLOPs promise (the peak); below, over its
attainable time, with the line where both are equal. The dashed lines are the predictions times their best factor.
"""
import argparse
import os
import sys

try:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.lines import Line2D
    from matplotlib.ticker import EngFormatter, FixedLocator, NullFormatter
except ImportError as missing:
    print(f"plot_predictors.py: {missing}; on Debian and Ubuntu: apt-get install python3-matplotlib", file=sys.stderr)
    sys.exit(2)

import gap_rows
import roofgap_io
import roofline_axes
from plot_roofline import COLOURS, MORE_COLOURS, op_order
from roofgap_io import InputError, number

PREDICTORS = (  # name in predictors.csv, x, the prediction, the axis
    ("flops", "flops", "t_flops_ns", "FLOPs of the problem"),
    ("attainable", "t_attainable_ns", "t_attainable_ns", "attainable time: the larger of arithmetic and data"),
)
MARKERS = "os^DvPX*"  # by op, beside its colour
PANEL, LEFT, RIGHT, TOP, BOTTOM = 5.2, 0.95, 1.75, 0.95, 1.25  # inches
PANEL_HEIGHT = 3.7

matplotlib.rcParams["text.parse_math"] = False


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    gap_rows.add_options(parser, "predictors")
    parser.add_argument("--of", choices=("all", "fastest"), default="all",
                        help="all timed rows, or the fastest variant of each problem; default: all")
    return parser.parse_args(arguments)


def judgements(options, common, counts):
    """{(threads, predictor): its row of predictors.csv}."""
    found = {}
    for row in roofgap_io.read_predictors(options.run_dir):
        setting = {column: row[column] for column in common}
        if setting == common and row["of"] == options.of and row["threads"] in map(str, counts):
            found[int(row["threads"]), row["predictor"]] = row
    for threads in counts:
        for name, _, _, _ in PREDICTORS:
            if (threads, name) not in found:
                raise InputError(f"{options.run_dir}/predictors.csv has no row of {name} for {threads} threads; run: "
                                 f"roofgap gap {options.run_dir}")
    return found


def styles(rows):
    more = iter(MORE_COLOURS * len(rows))
    ops = sorted({row["op"] for row in rows}, key=op_order)
    return {op: (COLOURS.get(op) or next(more), MARKERS[i % len(MARKERS)]) for i, op in enumerate(ops)}


def draw_panel(panel, rows, judged, x, predicted, looks):
    ends = sorted(rows, key=lambda row: number(row, x))
    line = [(number(row, x), number(row, predicted) * 1e-9) for row in (ends[0], ends[-1])]
    low, high = panel.get_xlim()
    # The line goes on to the edges at its slope of one.
    (x0, y0), scale = line[0], number(judged, "scale")
    for factor, style in ((1, "-"), (scale, (0, (4, 2)))):
        panel.plot([low, high], [y0 * factor * low / x0, y0 * factor * high / x0], color="black", linewidth=1.5,
                   linestyle=style, zorder=2, scalex=False, scaley=False)
    for row in rows:
        colour, marker = looks[row["op"]]
        panel.plot(number(row, x), number(row, "median_ns") * 1e-9, marker=marker, color=colour, markersize=6.5,
                   markeredgecolor="white", markeredgewidth=0.5, linestyle="none",
                   alpha=gap_rows.FADED if row["status"] == "unstable" else 0.9,
                   zorder=3 if row["status"] == "unstable" else 4)
    panel.text(0.03, 0.97, verdict(judged), transform=panel.transAxes, va="top", fontsize=10,
               bbox=roofline_axes.BEHIND_TEXT, zorder=6)


def verdict(judged):
    """What predictors.csv says, in words."""
    errors = [f"{100 * number(judged, column):.3g} %" for column in ("median_error", "worst_error", "scaled_error")]
    return (
        f"Kendall's tau {number(judged, 'tau') or 0:.2f}\n"
        f"{judged['wrong_pairs']} of {judged['ordered_pairs']} pairs ordered wrongly\n"
        f"error: median {errors[0]}, worst {errors[1]}\n"
        f"dashed: x {number(judged, 'scale'):.3g}, median error {errors[2]}"
    )


def frame(axes, rows):
    latencies = [number(row, "median_ns") * 1e-9 for row in rows]
    for line, (_, x, _, label) in zip(axes, PREDICTORS):
        values = [number(row, x) for row in rows]
        unit = "FLOP" if x == "flops" else "s"
        scale = 1 if x == "flops" else 1e-9
        for panel in line:
            panel.set(xscale="log", yscale="log", xlim=(min(values) / 2, max(values) * 2),
                      ylim=(min(latencies) / 3, max(latencies) * 8))
            panel.grid(True, which="major", color="#e6e6e6", linewidth=0.8)
            panel.set_axisbelow(True)
            panel.tick_params(labelsize=10)
            for axis in (panel.xaxis, panel.yaxis):
                # None at the very edge, where its number would leave the panel.
                low, high = axis.get_view_interval()
                axis.set_major_locator(FixedLocator(roofline_axes.decades(low * 1.2, high / 1.2)))
                axis.set_minor_formatter(NullFormatter())
            eng = EngFormatter(unit=unit)
            panel.xaxis.set_major_formatter(lambda value, _, eng=eng, scale=scale: eng(value * scale))
            panel.yaxis.set_major_formatter(EngFormatter(unit="s"))
            panel.set_xlabel(label, fontsize=11)
            for side in ("top", "right"):
                panel.spines[side].set_visible(False)
        line[0].set_ylabel("measured latency", fontsize=11)


def draw(machine, run, rows, judged, common, counts, options):
    width = LEFT + PANEL * len(counts) + RIGHT
    height = TOP + BOTTOM + 2 * PANEL_HEIGHT + 0.65
    figure, axes = pyplot.subplots(2, len(counts), figsize=(width, height), sharey=True, squeeze=False)
    figure.subplots_adjust(left=LEFT / width, right=1 - RIGHT / width, top=1 - TOP / height, bottom=BOTTOM / height,
                           wspace=0.05, hspace=0.65 / PANEL_HEIGHT)
    looks = styles(rows)
    frame(axes, rows)
    for column, threads in enumerate(counts):
        shown = [row for row in rows if int(row["threads"]) == threads]
        axes[0][column].set_title(gap_rows.threads_text(threads), fontsize=13, fontweight="bold")
        for line, (name, x, predicted, _) in zip(axes, PREDICTORS):
            draw_panel(line[column], shown, judged[threads, name], x, predicted, looks)
    handles = [Line2D([], [], color=colour, marker=marker, linestyle="none", markersize=8, markeredgecolor="white",
                      label=op) for op, (colour, marker) in looks.items()]
    handles += [Line2D([], [], color="black", linewidth=1.5, label="prediction"),
                Line2D([], [], color="black", linewidth=1.5, linestyle=(0, (4, 2)), label="times its\nbest factor")]
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(1 - (RIGHT - 0.05) / width, 1 - TOP / height),
                  frameon=False, fontsize=11)
    which = "all timed rows" if options.of == "all" else "the fastest variant of each problem"
    figure.suptitle(f"Does the number predict the latency? FLOPs above, the roof below: {which}", x=0.3 / width,
                    ha="left", fontsize=15, y=1 - 0.2 / height)
    note = "solid: what the number promises; points above it take longer"
    for i, line in enumerate((gap_rows.origin(machine, run, common), note + gap_rows.unstable_note(rows))):
        figure.text(0.3 / width, (0.36 - 0.21 * i) / height, line, fontsize=10, color=gap_rows.TEXT_COLOUR)
    return figure


def main(arguments):
    options = parse(arguments)
    try:
        machine, run = gap_rows.read_run(options.run_dir)
        columns = ("flops", "t_flops_ns", "t_attainable_ns", "median_ns")
        rows, common, counts = gap_rows.select(machine, options, columns)
        judged = judgements(options, common, counts)
        rows = gap_rows.fastest(rows) if options.of == "fastest" else rows
        figure = draw(machine, run, rows, judged, common, counts, options)
        roofline_axes.save(figure, options.out or os.path.join(options.run_dir, "predictors"))
    except (InputError, OSError) as error:
        print(f"plot_predictors.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
