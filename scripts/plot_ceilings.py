#!/usr/bin/python3
"""Draws the ceilings of a machine, as SVG and PNG, from the files of a probe or of a run alone.

ceilings_memory: bandwidth over the working set (curve.csv), and over each level its roof, the best of ceilings.csv,
with the sizes that the system reports and those where the curve falls. ceilings_compute: the compute roofs.
By default a panel for one thread and one for the most.
"""
import argparse
import os
import sys

try:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.ticker import LogLocator
except ImportError as missing:
    print(f"plot_ceilings.py: {missing}; on Debian and Ubuntu: apt-get install python3-matplotlib", file=sys.stderr)
    sys.exit(2)

import roofgap_io
from roofgap_io import InputError, number
from roofline_axes import BEHIND_TEXT, save, value

# Okabe and Ito's palette, told apart by colour-blind readers too.
PATTERN_COLOURS = {"load": "#0072B2", "copy": "#D55E00"}
MIX_COLOURS = {"fma": "#0072B2", "fma_add": "#56B4E9", "mul_add": "#009E73", "dot": "#E69F00"}
ROOF_OF = {"fma": "\n(roof of f32, f64)", "dot": "\n(roof of bf16, s8)"}
OTHER_COLOUR = "#CC79A7"
PAGES = {"huge": ("-", "o", "huge pages"), "small": ((0, (2, 1.4)), "none", "4 KiB pages")}
BAND_COLOUR, TEXT_COLOUR = "#f3f3f3", "#444444"
PANEL_WIDTH, SIDE_WIDTH, MEMORY_HEIGHT = 6.2, 2.9, 6.6  # inches
BAR_HEIGHT, GROUP_GAP = 0.23, 1.5  # inches; bars

matplotlib.rcParams["text.parse_math"] = False


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory", metavar="PROBE_DIR|RUN_DIR")
    written = "writes STEM_memory and STEM_compute, .svg and .png (default: ceilings, in the directory)"
    parser.add_argument("--out", metavar="STEM", help=written)
    parser.add_argument("--threads", metavar="N", help="one panel, for N threads")
    return parser.parse_args(arguments)


def read(directory):
    """machine.json, ceilings.csv, curve.csv: rows that have a figure."""
    machine = roofgap_io.read_json(os.path.join(directory, "machine.json"))
    ceilings = roofgap_io.read_ceilings(directory)
    curve = roofgap_io.read_curve(directory)
    tables = []
    for name, rows in (("ceilings.csv", ceilings), ("curve.csv", curve)):
        tables.append([row for row in rows if number(row, "best")])
        if not tables[-1]:
            raise InputError(f"{directory}/{name} has no row with a figure; run: hwprobe --out {directory}")
    for kind in ("compute", "memory"):
        if not any(row["kind"] == kind for row in tables[0]):
            raise InputError(f"{directory}/ceilings.csv has no {kind} roof; run: hwprobe --out {directory}")
    return machine, *tables


def panels_of(rows, wanted):
    """The (threads, core kind) to draw: of the fewest threads and of the most, or of those that are wanted."""
    present = sorted({(int(row["threads"]), row["core_kind"]) for row in rows})
    counts = sorted({threads for threads, _ in present})
    chosen = [count for count in counts if str(count) == wanted] if wanted else [counts[0], counts[-1]]
    if not chosen:
        raise InputError(f"there is no roof for {wanted} threads (there are: {', '.join(map(str, counts))})")
    return [panel for panel in present if panel[0] in chosen]


def of_panel(rows, panel):
    return [row for row in rows if (int(row["threads"]), row["core_kind"]) == panel]


def title(panel):
    threads, kind = panel
    return f"{threads} thread{'s' if threads > 1 else ''}" + (f", {kind} cores" if kind not in ("", "uniform") else "")


def bytes_text(size):
    """A size with three digits at most and the unit that suits it."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1000 or unit == "GiB":
            return f"{size:.0f} {unit}" if size >= 100 or size == round(size) else f"{size:.3g} {unit}"
        size /= 1024


def plain(axes, grid_axis):
    axes.grid(True, which="major", axis=grid_axis, color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=10.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def legend(figure, right, top, title_, handles):
    """Returns where it ends."""
    drawn = figure.legend(
        handles=handles, title=title_, loc="upper left", bbox_to_anchor=(right + 0.01, top), frameon=False, fontsize=11
    )
    drawn.get_title().set(fontsize=11, fontweight="bold")
    drawn._legend_box.align = "left"
    return top - drawn.get_window_extent(figure.canvas.get_renderer()).height / figure.bbox.height - 0.02


def finish(figure, machine, width, height, notes):
    model = machine.get("cpu_model") or "unknown CPU"
    figure.suptitle(model, x=0.8 / width, ha="left", fontsize=15, y=1 - 0.3 / height)
    lines = [" · ".join([f"machine {machine.get('machine_id', 'unknown')}", machine.get("utc", "")[:10]]), *notes]
    for i, line in enumerate(lines):
        figure.text(0.8 / width, (0.12 + 0.21 * (len(lines) - 1 - i)) / height, line, fontsize=10.5, color=TEXT_COLOUR)
    return figure


def levels_of(ceilings):
    """[(level, its fastest row)], the nearest level first: those on huge pages."""
    fastest = {}
    for row in ceilings:
        if row["kind"] != "memory" or row["pages"] != "huge":
            continue
        if row["level"] not in fastest or number(row, "best") > number(fastest[row["level"]], "best"):
            fastest[row["level"]] = row
    return sorted(fastest.items(), key=lambda item: (item[0] == "DRAM", item[0]))


def draw_curve(axes, curve):
    lines = {}
    for row in curve:
        point = number(row, "working_set_bytes"), number(row, "best")
        lines.setdefault((row["pattern"], row["pages"]), []).append(point)
    for (pattern, pages), points in lines.items():
        style, marker, _ = PAGES.get(pages, PAGES["huge"])
        axes.plot(
            *zip(*sorted(points)),
            color=PATTERN_COLOURS.get(pattern, OTHER_COLOUR),
            linestyle=style,
            linewidth=1.7,
            marker=marker,
            markersize=4,
            zorder=4,
        )


def draw_levels(axes, levels):
    """A band and a stroke for each level, and where it ends: for the system, and for the curve."""
    low, high = axes.get_xlim()
    begin = low
    for place, (level, row) in enumerate(levels):
        last = place + 1 == len(levels)
        end = min(high, high if last else number(row, "capacity_bytes") or high)
        if place % 2 == 0:
            axes.axvspan(begin, end, color=BAND_COLOUR, linewidth=0, zorder=0)
        best = number(row, "best")
        axes.plot([begin, end], [best, best], color="black", linewidth=1.8, solid_capstyle="butt", zorder=3)
        at, align = ((high, best), "right") if last else (((begin * end) ** 0.5, best), "center")
        above = dict(xy=at, ha=align, textcoords="offset points")
        axes.annotate(f"{level} {value(best)} GB/s", xytext=(0, 15), fontsize=10, fontweight="bold", **above)
        axes.annotate(f"{row['pattern']}, {row['isa']}", xytext=(0, 4), fontsize=9, color=TEXT_COLOUR, **above)
        draw_ends(axes, row)
        begin = end


def draw_ends(axes, row):
    ends = []
    for column, word, style in (("reported_bytes", "system", (0, (1, 1.2))), ("knee_bytes", "curve", "-")):
        size = number(row, column) if row.get(column) else None
        if size and size < axes.get_xlim()[1]:
            ends.append((size, word, style))
    for place, (size, word, style) in enumerate(sorted(ends)):
        axes.axvline(size, color="#777777", linewidth=1.1, linestyle=style, zorder=1)
        # The smaller size has its name to the left of its line, the larger to the right.
        left = place == 0 and len(ends) == 2
        axes.annotate(
            f"{word} {bytes_text(size)}",
            (size, axes.get_ylim()[0]),
            xytext=(-2 if left else 2, 5),
            textcoords="offset points",
            rotation=90,
            ha="right" if left else "left",
            va="bottom",
            fontsize=9.5,
            color=TEXT_COLOUR,
            bbox=BEHIND_TEXT,
        )


def memory_picture(machine, ceilings, curve, panels):
    panels = [panel for panel in panels if of_panel(curve, panel)]
    if not panels:
        raise InputError("curve.csv has no row for these threads; run hwprobe again")
    width = PANEL_WIDTH * len(panels) + SIDE_WIDTH
    figure, axes = pyplot.subplots(1, len(panels), figsize=(width, MEMORY_HEIGHT), sharey=True, squeeze=False)
    right = 1 - (SIDE_WIDTH - 0.8) / width
    top, bottom = 1 - 0.9 / MEMORY_HEIGHT, 1.2 / MEMORY_HEIGHT
    figure.subplots_adjust(left=0.8 / width, right=right, top=top, bottom=bottom, wspace=0.04)
    shown = [row for panel in panels for row in of_panel(curve, panel)]
    roofs = [row for panel in panels for _, row in levels_of(of_panel(ceilings, panel))]
    rates = [number(row, "best") for row in shown + roofs]
    for panel, place in zip(panels, axes[0]):
        sizes = [number(row, "working_set_bytes") for row in of_panel(curve, panel)]
        place.set_xscale("log", base=2)
        place.set(yscale="log", xlim=(min(sizes) / 1.2, max(sizes) * 4), ylim=(min(rates) / 3.2, max(rates) * 1.6))
        place.set_title(title(panel), fontsize=13, fontweight="bold")
        place.set_xlabel("working set of all threads together", fontsize=12)
        plain(place, "y")
        place.set_xticks([4.0**i for i in range(40) if place.get_xlim()[0] <= 4.0**i <= place.get_xlim()[1]])
        place.xaxis.set_major_formatter(lambda size, _: bytes_text(size))
        place.tick_params(axis="x", labelsize=9.5)
        place.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        place.yaxis.set_major_formatter(lambda rate, _: f"{rate:g}")
        place.yaxis.set_minor_formatter(lambda rate, _: "")
        draw_levels(place, levels_of(of_panel(ceilings, panel)))
        draw_curve(place, of_panel(curve, panel))
    axes[0][0].set_ylabel("bandwidth (GB/s)", fontsize=12)
    patterns = sorted({row["pattern"] for row in shown}, key=lambda name: (name != "load", name))
    pages = sorted({row["pages"] for row in shown})
    top = legend(figure, right, 0.87, "curve", [
        Line2D([], [], color=PATTERN_COLOURS.get(name, OTHER_COLOUR), linewidth=5, label=name) for name in patterns
    ])
    top = legend(figure, right, top, "pages", [
        Line2D([], [], color=TEXT_COLOUR, linestyle=style, marker=marker, markersize=4, label=label)
        for style, marker, label in (PAGES[name] for name in pages if name in PAGES)
    ])
    legend(figure, right, top, "levels", [
        Line2D([], [], color="black", linewidth=1.8, label="roof"),
        Line2D([], [], color="#777777", linewidth=1.1, label="knee of the curve"),
        Line2D([], [], color="#777777", linewidth=1.1, linestyle=(0, (1, 1.2)), label="size that the\nsystem reports"),
    ])
    note = "Best of all repetitions. A roof is its level's fastest pattern; bytes are the program's loads and stores."
    return finish(figure, machine, width, MEMORY_HEIGHT, [note])


def bars_of(ceilings):
    """{(data type, instruction set): {mix: row}} in file order, which is best first."""
    groups = {}
    for row in ceilings:
        if row["kind"] == "compute":
            mixes = groups.setdefault((row["dtype"], row["isa"]), {})
            if row["op_mix"] not in mixes or number(row, "best") > number(mixes[row["op_mix"]], "best"):
                mixes[row["op_mix"]] = row
    return groups


def compute_picture(machine, ceilings, panels):
    drawn = {panel: bars_of(of_panel(ceilings, panel)) for panel in panels}
    panels = [panel for panel in panels if drawn[panel]]
    if not panels:
        raise InputError("ceilings.csv has no compute roof for these threads; run hwprobe again")
    # One place per bar, the same in every panel.
    places, names, at = {}, [], 0.0
    for dtype in dict.fromkeys(key[0] for panel in panels for key in drawn[panel]):
        for key in dict.fromkeys(key for panel in panels for key in drawn[panel] if key[0] == dtype):
            names.append((at, f"{key[0]} {key[1]}"))
            at += 0.9
            for mix in dict.fromkeys(mix for panel in panels for mix in drawn[panel].get(key, {})):
                places[(*key, mix)] = at
                at += 1
            at += GROUP_GAP - 0.9
    height = BAR_HEIGHT * at + 2.0
    width = PANEL_WIDTH * len(panels) + SIDE_WIDTH
    figure, axes = pyplot.subplots(1, len(panels), figsize=(width, height), sharey=True, squeeze=False)
    left, right = 1.3 / width, 1 - (SIDE_WIDTH - 0.8) / width
    figure.subplots_adjust(left=left, right=right, top=1 - 0.9 / height, bottom=1.2 / height, wspace=0.05)
    for panel, place in zip(panels, axes[0]):
        most = max(number(row, "best") for mixes in drawn[panel].values() for row in mixes.values())
        place.set(xlim=(0, most * 1.32), ylim=(at - GROUP_GAP + 0.6, -0.7))
        place.set_title(title(panel), fontsize=13, fontweight="bold")
        place.set_xlabel("GFLOP/s", fontsize=12)
        plain(place, "x")
        for key, mixes in drawn[panel].items():
            for mix, row in mixes.items():
                draw_bar(place, places[(*key, mix)], mix, row, most)
        for y, name in names:
            place.text(most * 0.004, y + 0.05, name, fontsize=10, fontweight="bold", va="center")
    axes[0][0].set_yticks(list(places.values()), [key[2] for key in places], fontsize=9.5)
    for place in axes[0]:
        place.tick_params(axis="y", length=0, labelsize=9.5)
    mixes = [mix for mix in MIX_COLOURS if any(key[2] == mix for key in places)]
    legend(figure, right, 1 - 0.85 / height, "operations", [
        Patch(color=MIX_COLOURS[mix], label=mix + ROOF_OF.get(mix, "")) for mix in mixes
    ])
    note = "Bars: best of all repetitions; strokes: median. In parentheses FLOP per cycle and core, of the median."
    return finish(figure, machine, width, height, [note])


def draw_bar(axes, y, mix, row, most):
    best, median = number(row, "best"), number(row, "median")
    axes.barh(y, best, height=0.82, color=MIX_COLOURS.get(mix, OTHER_COLOUR), zorder=2)
    if median:
        axes.plot([median, median], [y - 0.41, y + 0.41], color="black", linewidth=1.2, zorder=3)
    per_cycle = number(row, "flop_per_cycle") if row.get("flop_per_cycle") else None
    text = value(best) + (f" ({per_cycle:.1f})" if per_cycle else "")
    axes.text(best + most * 0.012, y + 0.03, text, fontsize=9.5, va="center")


def main(arguments):
    options = parse(arguments)
    try:
        machine, ceilings, curve = read(options.directory)
        panels = panels_of(ceilings, options.threads)
        stem = options.out or os.path.join(options.directory, "ceilings")
        pictures = {"memory": memory_picture(machine, ceilings, curve, panels)}
        pictures["compute"] = compute_picture(machine, ceilings, panels)
        for name, figure in pictures.items():
            save(figure, f"{stem}_{name}")
    except (InputError, OSError) as error:
        print(f"plot_ceilings.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
