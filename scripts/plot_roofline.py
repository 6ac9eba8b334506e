#!/usr/bin/python3
"""Draws the roofline of a run, or of the runs of several machines, as SVG and PNG, from their files alone.

A point is a timed row, faded where it is unstable: x its intensity, y its GFLOP/s. Colours tell ops, or variants of one
op. The roofs are the best of
ceilings.csv and ceilings_end.csv for the instruction set, the data type and the thread count of the panel. By default
a panel for one thread and one for the most. Of several machines colours, lines and markers tell the machine; runs of
one machine are taken together.
"""
import argparse
import os
import sys

try:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.lines import Line2D
except ImportError as missing:
    print(f"plot_roofline.py: {missing}; on Debian and Ubuntu: apt-get install python3-matplotlib", file=sys.stderr)
    sys.exit(2)

import gap_rows
import roofgap_io
import roofline_axes
import roofline_machines
from roofgap_io import InputError, number
from roofline_axes import APART, COLOURS, MORE_COLOURS, op_order

FILLED = "osD^vPX*<>ph8d"  # hand-written variants
HOLLOW = "osD^v<>"  # oneDNN's, which are named onednn...
FADED = 0.35
STROKE = "#999999"
HEIGHT = 8.2  # inches

# Labels and models are plain text: a dollar sign in one begins no formula.
matplotlib.rcParams["text.parse_math"] = False


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run_dirs", metavar="RUN_DIR", nargs="+")
    parser.add_argument("--out", metavar="FILE_STEM",
                        help="writes FILE_STEM.svg and .png (default RUN_DIR/roofline; needed for several)")
    parser.add_argument("--of", choices=("all", "fastest"),
                        help="all variants, or the fastest of each problem; default: all of one run, else the fastest")
    parser.add_argument("--threads", metavar="N", help="one panel, for N threads")
    parser.add_argument("--isa", metavar="I", help="default: the machine's best that was measured")
    parser.add_argument("--dtype", metavar="T", default="f32")
    parser.add_argument("--cache", metavar="C", choices=("warm", "cold"), help="default: warm where there is any")
    options = parser.parse_args(arguments)
    if len(options.run_dirs) > 1 and not options.out:
        parser.error("--out FILE_STEM: several runs need it")
    return options


def read_rows(run_dir):
    """The timed rows of a run and the others."""
    all_rows = roofgap_io.read_measurements(run_dir)
    rows = [row for row in all_rows if row["status"] in ("measured", "unstable")]
    if not rows:
        raise InputError(f"{run_dir}/measurements.csv has no measured row")
    for row in rows:
        roofgap_io.check_timed(row)
    return rows, [row for row in all_rows if row["status"] not in ("measured", "unstable")]


def select(run_dirs, options):
    """Of runs of one machine: the machine, the rows to draw, what they have in common, the thread counts to draw; the
    rows without a speed."""
    machine, _ = gap_rows.read_run(run_dirs[0])
    rows, untimed, common = [], [], {"libraries": []}
    for run_dir in run_dirs:
        for whole, part in zip((rows, untimed), read_rows(run_dir)):
            whole += [{**row, "run_dir": run_dir} for row in part]
        libraries = gap_rows.read_run(run_dir)[1].get("libraries", [])
        common["libraries"] += [library for library in libraries if library not in common["libraries"]]
    for column, wanted, preferred in (
        ("dtype", options.dtype, ()),
        ("isa", options.isa, machine.get("isa", [])),
        ("cache", options.cache, ("warm",)),
    ):
        common[column] = roofgap_io.choose(rows, column, wanted, preferred)
        rows, untimed = ([row for row in part if row[column] == common[column]] for part in (rows, untimed))
    counts = sorted({int(row["threads"]) for row in rows})
    if options.threads:
        counts = [int(roofgap_io.choose(rows, "threads", options.threads, ()))]
    elif len(counts) > 2:
        counts = [counts[0], counts[-1]]
    rows, untimed = ([row for row in part if row["threads"] in map(str, counts)] for part in (rows, untimed))
    for run_dir in run_dirs:
        if run_dir not in {row["run_dir"] for row in rows}:
            raise InputError(f"{run_dir} has no measured row with {common['dtype']}, {common['isa']}, "
                             f"{common['cache']} cache and {' or '.join(map(str, counts))} threads; leave it out, or "
                             "choose with --dtype, --isa, --cache or --threads")
    return machine, rows, common, counts, untimed


def styles(rows):
    """Colours by op; markers by variant, hollow for oneDNN's; where there is one op only, its variants' colours."""
    more = iter(MORE_COLOURS * len(rows))
    colours = {op: COLOURS.get(op) or next(more) for op in sorted({row["op"] for row in rows}, key=op_order)}
    variants = sorted({row["variant"] for row in rows})
    ours = [variant for variant in variants if not variant.startswith("onednn")]
    theirs = [variant for variant in variants if variant.startswith("onednn")]
    markers = {variant: (FILLED[i % len(FILLED)], True) for i, variant in enumerate(ours)}
    markers |= {variant: (HOLLOW[i % len(HOLLOW)], False) for i, variant in enumerate(theirs)}
    of_variant = {}
    if len(colours) == 1:
        of_variant = {variant: APART[i % len(APART)] for i, variant in enumerate(ours + theirs)}
        colours = dict.fromkeys(colours, STROKE)
    return colours, markers, of_variant


def marker_style(marker, filled, colour):
    size = {"*": 12, "X": 9, "P": 9}.get(marker, 8 if filled else 9)
    return dict(
        marker=marker,
        markersize=size,
        markerfacecolor=colour if filled else "none",
        markeredgecolor="white" if filled else colour,
        markeredgewidth=0.7 if filled else 1.8,
        linestyle="none",
    )


def legends(figure, colours, markers, of_variant, right):
    by_op = [Line2D([], [], color=colour, linewidth=7, label=op) for op, colour in colours.items()]
    by_variant = {
        whose: [
            Line2D([], [], label=name, **marker_style(marker, filled, of_variant.get(name, "#444444")))
            for name, (marker, filled) in markers.items() if filled == whose
        ] for whose in (True, False)
    }
    top = 0.86
    for title, handles in (
        ("operation", by_op if not of_variant else []),
        ("hand-written", by_variant[True]),
        ("oneDNN", by_variant[False]),
    ):
        if not handles:
            continue
        legend = figure.legend(
            handles=handles, title=title, loc="upper left", bbox_to_anchor=(right, top), frameon=False, fontsize=11
        )
        legend.get_title().set(fontsize=11, fontweight="bold")
        legend._legend_box.align = "left"
        top -= legend.get_window_extent(figure.canvas.get_renderer()).height / figure.bbox.height + 0.02


def draw(machine, rows, common, panels, untimed):
    """`panels`: (threads, peak, bandwidths), left to right. Rows that are not simply measured are counted below."""
    names = roofline_axes.names_of(rows)
    colours, markers, of_variant = styles(rows)
    width = 6.4 * len(panels) + 2.9
    figure, axes = pyplot.subplots(1, len(panels), figsize=(width, HEIGHT), sharey=True, squeeze=False)
    right = 1 - 2.1 / width
    figure.subplots_adjust(left=0.8 / width, right=right, top=0.87, bottom=1.3 / HEIGHT, wspace=0.04)
    names_top = roofline_axes.frame(axes[0], rows, panels, names.values())
    for panel, (threads, peak, bandwidths) in zip(axes[0], panels):
        panel.set_title(f"{threads} thread{'s' if threads > 1 else ''}", fontsize=13, fontweight="bold")
        roofline_axes.draw_roofs(panel, peak, bandwidths, roofline_axes.denominator(common["dtype"]).upper())
        shown = [row for row in rows if int(row["threads"]) == threads]
        roofline_axes.draw_problems(panel, shown, colours, names, names_top)
        for row in shown:
            style = marker_style(*markers[row["variant"]], of_variant.get(row["variant"], colours[row["op"]]))
            style |= dict(alpha=FADED, zorder=4) if row["status"] == "unstable" else dict(zorder=5)
            panel.plot(number(row, "intensity"), number(row, "gflops"), **style)
    axes[0][0].set_ylabel("performance (GFLOP/s)", fontsize=12)
    legends(figure, colours, markers, of_variant, right + 0.1 / width)

    figure.suptitle(machine.get("cpu_model") or "unknown CPU", x=0.8 / width, ha="left", fontsize=15, y=0.965)
    lines = caption(machine, rows, common, panels, untimed, names_top is not None)
    for i, line in enumerate(lines):
        figure.text(0.8 / width, (0.54 - 0.21 * i) / HEIGHT, line, fontsize=10.5, color="#444444")
    return figure


def caption(machine, rows, common, panels, untimed, named):
    """What the picture shows, which rows are no plain points, how to read points above the roof where there are any."""
    dates = sorted({row["utc"][:10] for row in rows if row.get("utc")})
    ops = {row["op"] for row in rows}
    what = [
        *(ops if len(ops) == 1 else ()),
        f"{common['dtype']}, {common['isa']}, {common['cache']} cache",
        f"machine {machine.get('machine_id', 'unknown')}",
        *dates[-1:],
        *common["libraries"],
    ]
    statuses = [row["status"] for row in rows + untimed]
    rest = [
        f"{statuses.count(status)} {status}{how}"
        for status, how in (("unstable", " (faded)"), ("skipped", ""), ("wrong", ""))
        if status in statuses
    ]
    rest = [f"{len(statuses)} rows, of which " + ", ".join(rest)] if rest else []
    if not named:
        rest.append("too many problems to write their names")
    peaks = {threads: peak for threads, peak, _ in panels}
    above = any(
        number(row, "gflops") > peaks[int(row["threads"])]
        and (number(row, "executed_flops") or 0) < (number(row, "flops") or 0)
        for row in rows
    )
    note = "Points above the compute roof: the algorithm multiplies less often than the problem counts."
    lines = [" · ".join(what), " · ".join(rest), note if above else ""]
    return [line for line in lines if line]


def by_machine(run_dirs):
    """The directories of each machine."""
    groups = {}
    for run_dir in dict.fromkeys(os.path.normpath(run_dir) for run_dir in run_dirs):
        machine, _ = gap_rows.read_run(run_dir)
        groups.setdefault(machine.get("machine_id") or run_dir, []).append(run_dir)
    return list(groups.values())


def read_machine(run_dirs, options):
    """What runs of one machine hold: rows, and the best of their roofs."""
    machine, rows, common, counts, untimed = select(run_dirs, options)
    ceilings = [row for run_dir in run_dirs for row in roofgap_io.read_ceilings(run_dir)]
    isas = machine.get("isa", [])
    roofs = {threads: roofline_axes.roofs(ceilings, isas, run_dirs[0], common, threads) for threads in counts}
    return dict(machine=machine, runs=len(run_dirs), rows=rows, common=common, counts=counts, untimed=untimed,
                roofs=roofs)


def draw_one(machine, options):
    rows = roofline_machines.fastest(machine["rows"]) if options.of == "fastest" else machine["rows"]
    panels = [(threads, *roofs) for threads, roofs in machine["roofs"].items()]
    return draw(machine["machine"], rows, machine["common"], panels, machine["untimed"])


def draw_several(machines, options):
    caches = {machine["common"]["cache"] for machine in machines}
    if len(caches) > 1:
        raise InputError(f"of one machine there is no {' and of one no '.join(sorted(caches))} cache; choose --cache")
    return roofline_machines.draw(machines, options.dtype, caches.pop(), options.of or "fastest")


def main(arguments):
    options = parse(arguments)
    try:
        machines = [read_machine(run_dirs, options) for run_dirs in by_machine(options.run_dirs)]
        if len(options.run_dirs) == 1:
            figure = draw_one(machines[0], options)
        else:
            figure = draw_several(machines, options)
        roofline_axes.save(figure, options.out or os.path.join(options.run_dirs[0], "roofline"))
    except (InputError, OSError) as error:
        print(f"plot_roofline.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
