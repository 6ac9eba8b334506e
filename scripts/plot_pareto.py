#!/usr/bin/python3
"""Draws the Pareto frontiers of a run, as SVG and PNG, from pareto.csv of the run alone.

A panel is a problem, or whatever `roofgap pareto` took for alternatives; a point is one of them: filled on the
frontier, hollow where another is nowhere worse and somewhere better. x is the first dimension, y the second; with
two dimensions a line joins the frontier, with more the others decide too, and there is none.
"""
import argparse
import os
import re
import sys

try:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.lines import Line2D
    from matplotlib.ticker import EngFormatter, FixedLocator, MaxNLocator, NullFormatter
except ImportError as missing:
    print(f"plot_pareto.py: {missing}; on Debian and Ubuntu: apt-get install python3-matplotlib", file=sys.stderr)
    sys.exit(2)

import gap_rows
import roofgap_io
import roofline_axes
from roofgap_io import InputError, number

# Variants by colour, thread counts by marker.
COLOURS = roofline_axes.APART
MARKERS = "os^DvPX*"
UNITS = {"ns": ("s", 1e-9), "byte": ("B", 1), "J": ("J", 1), "FLOP": ("FLOP", 1), "MAC": ("MAC", 1)}
NAMES = {"workspace_bytes": "workspace", "usd": "usd per 1000 inferences", "memory": "memory of a call",
         "energy": "energy of a call"}
PANEL_WIDTH, PANEL_HEIGHT = 4.3, 3.2  # inches
LEFT, RIGHT, TOP, BOTTOM, BETWEEN, ABOVE = 0.35, 2.1, 0.75, 1.1, 0.95, 0.85  # inches

matplotlib.rcParams["text.parse_math"] = False


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run_dir", metavar="RUN_DIR")
    parser.add_argument("--out", metavar="FILE_STEM", help="writes FILE_STEM.svg and .png (default RUN_DIR/pareto)")
    gap_rows.add_choice(parser, 6, "panels, those with the most rows on their frontier")
    options = parser.parse_args(arguments)
    gap_rows.check_choice(parser, options)
    return options


def select(options):
    """The groups to draw, each a list of rows with both values, the dimensions, and how many groups are left out."""
    rows = [row for row in roofgap_io.read_pareto(options.run_dir) if re.search(options.match, row["problem"])]
    rows = [row for row in rows if row["verdict"] in ("frontier", "dominated")]
    if not rows:
        raise InputError(f"{options.run_dir}/pareto.csv has no row with a verdict" +
                         (f" for '{options.match}'" if options.match else ""))
    dims = rows[0]["dims"].split()
    if len(dims) != len(rows[0]["units"].split()):
        raise InputError(f"{options.run_dir}/pareto.csv: units has not as many words as dims")
    if len(dims) < 2:
        raise InputError(f"{options.run_dir}/pareto.csv has one dimension, {rows[0]['dims']}; run: roofgap pareto "
                         f"{options.run_dir} --dims latency,memory")
    groups = {}
    for row in rows:
        for column in ("value_1", "value_2"):
            if number(row, column) is None:
                raise InputError(f"{row['problem']} {row['variant']} has a verdict, but its {column} is empty")
        groups.setdefault(row["group"], []).append(row)
    by_frontier = sorted(groups.values(), key=lambda group: -sum(row["verdict"] == "frontier" for row in group))
    kept = by_frontier[: options.most]
    return [group for group in groups.values() if group in kept], dims, len(groups) - len(kept)


def looks_of(groups):
    rows = [row for group in groups for row in group]
    variants = sorted({row["variant"] for row in rows})
    counts = sorted({int(row["threads"]) for row in rows})
    return ({variant: COLOURS[i % len(COLOURS)] for i, variant in enumerate(variants)},
            {str(count): MARKERS[i % len(MARKERS)] for i, count in enumerate(counts)})


def draw_group(panel, group, dims, colours, markers):
    frontier = sorted((row for row in group if row["verdict"] == "frontier"),
                      key=lambda row: (number(row, "value_1"), number(row, "value_2")))
    if len(dims) == 2:
        x, y = ([number(row, column) for row in frontier] for column in ("value_1", "value_2"))
        # Where less of both is better, what lies above the stairs is beaten.
        style = "steps-post" if y == sorted(y, reverse=True) else "default"
        panel.plot(x, y, color="#999999", linewidth=1.3, drawstyle=style, zorder=2)
    for row in group:
        on = row["verdict"] == "frontier"
        panel.plot(number(row, "value_1"), number(row, "value_2"), marker=markers[row["threads"]],
                   markersize=8.5 if on else 7, color=colours[row["variant"]], linestyle="none",
                   markerfacecolor=colours[row["variant"]] if on else "none",
                   markeredgecolor="white" if on else colours[row["variant"]], markeredgewidth=0.7 if on else 1.2,
                   alpha=gap_rows.FADED if row["status"] == "unstable" else 1 if on else 0.6, zorder=4 if on else 3)


def limits(values):
    """With room around, and a factor of two at least: what is hardly different should not look so."""
    low, high = min(values), max(values)
    if low <= 0:
        return None
    middle, half = (low * high) ** 0.5, max((high / low) ** 0.5, 2**0.5)
    return middle / half / 1.25, middle * half * 1.25


def frame(panel, group, dims):
    units = group[0]["units"].split()
    for column, of, axis, place in (("value_1", units[0], panel.xaxis, "x"), ("value_2", units[1], panel.yaxis, "y")):
        unit, scale = UNITS.get(of, ("", 1))
        ends = limits([number(row, column) for row in group])
        if ends:
            panel.set(**{f"{place}scale": "log", f"{place}lim": ends})
            axis.set_major_locator(FixedLocator(roofline_axes.log_ticks(*ends)))
            axis.set_minor_formatter(NullFormatter())
        else:
            axis.set_major_locator(MaxNLocator(5, integer=True))
        eng = EngFormatter(unit=unit) if of != "USD" else lambda value, _: f"${value:.3g}"
        axis.set_major_formatter(lambda value, at, eng=eng, scale=scale: eng(value * scale, at))
    panel.set_xlabel(NAMES.get(dims[0], dims[0]), fontsize=10.5)
    panel.set_ylabel(NAMES.get(dims[1], dims[1]), fontsize=10.5, labelpad=6)
    panel.tick_params(labelsize=9.5)
    panel.grid(True, which="major", color="#e6e6e6", linewidth=0.8)
    panel.set_axisbelow(True)
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)


def title_of(group):
    problems = {row["problem"] for row in group}
    if len(problems) > 1:
        return f"{len(problems)} problems together"
    row = group[0]
    return roofline_axes.shorten(row["label"] or row["problem"]) + (", cold" if row["cache"] == "cold" else "")


def draw(machine, run, groups, dims, left_out):
    columns = min(3, len(groups))
    lines = -(-len(groups) // columns)
    width = LEFT + columns * PANEL_WIDTH + RIGHT
    height = TOP + BOTTOM + lines * PANEL_HEIGHT + (lines - 1) * BETWEEN
    figure, axes = pyplot.subplots(lines, columns, figsize=(width, height), squeeze=False)
    figure.subplots_adjust(left=(LEFT + ABOVE - 0.3) / width, right=1 - RIGHT / width, top=1 - (TOP + 0.25) / height,
                           bottom=BOTTOM / height, wspace=0.33, hspace=BETWEEN / PANEL_HEIGHT)
    colours, markers = looks_of(groups)
    for panel, group in zip(axes.flat, groups):
        frame(panel, group, dims)
        draw_group(panel, group, dims, colours, markers)
        panel.set_title(title_of(group), fontsize=11, fontweight="bold", loc="left")
    for panel in axes.flat[len(groups):]:
        panel.set_visible(False)
    handles = [Line2D([], [], color=colour, linewidth=7, label=name) for name, colour in colours.items()]
    handles += [Line2D([], [], color="#444444", marker=marker, linestyle="none", markersize=8,
                       label=gap_rows.threads_text(int(count))) for count, marker in markers.items()]
    handles += [Line2D([], [], color="#444444", marker="o", markerfacecolor="none", linestyle="none", markersize=7,
                       label="dominated")]
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(1 - (RIGHT - 0.1) / width, 1 - TOP / height),
                  frameon=False, fontsize=10.5)
    figure.suptitle(f"Pareto frontiers over {' and '.join(dims) if len(dims) == 2 else ', '.join(dims)}",
                    x=0.3 / width, ha="left", fontsize=15, y=1 - 0.2 / height)
    rows = [row for group in groups for row in group]
    note = "filled: no other is as good everywhere and better somewhere"
    if left_out:
        note += f" · {left_out} more, with fewer on their frontiers, are left out"
    common = {column: rows[0][column] for column in ("dtype", "isa") if len({row[column] for row in rows}) == 1}
    for i, line in enumerate((gap_rows.origin(machine, run, common), note + gap_rows.unstable_note(rows))):
        figure.text(0.3 / width, (0.32 - 0.2 * i) / height, line, fontsize=10, color=gap_rows.TEXT_COLOUR)
    return figure


def main(arguments):
    options = parse(arguments)
    try:
        machine, run = gap_rows.read_run(options.run_dir)
        groups, dims, left_out = select(options)
        figure = draw(machine, run, groups, dims, left_out)
        roofline_axes.save(figure, options.out or os.path.join(options.run_dir, "pareto"))
    except (InputError, OSError) as error:
        print(f"plot_pareto.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
