#!/usr/bin/python3
"""Draws standard against separable convolutions, as SVG and PNG, from separable.csv and ceilings.csv of a run alone.

A point is a pair of one shape: x its output channels, y the standard convolution's latency over the separable one's,
beside the ratio of their FLOPs that papers promise; above against the fastest standard convolution that does every
multiplication, below against the fastest of all. By default for one thread and for the most. On the right both under
the roofs, for the worked example (256 to 256 channels on 14x14) where the run has it.
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
    print(f"plot_separable.py: {missing}; on Debian and Ubuntu: apt-get install python3-matplotlib", file=sys.stderr)
    sys.exit(2)

import roofgap_io
import roofline_axes
from roofgap_io import InputError, number

# Okabe and Ito's palette, told apart by colour-blind readers too. One marker more than colours: no two of the first 42
# maps look alike.
COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STANDARD, SEPARABLE = "#0072B2", "#009E73"  # the colours of conv2d and dwsep in every picture
COMPARISONS = {
    "direct": "against the fastest that does\nevery multiplication",
    "fastest": "against the fastest of all,\nWinograd too",
}
SLOWER, TEXT_COLOUR = "#f3f3f3", "#444444"
FADED = 0.35
HEIGHT, PANEL_WIDTH, ROOF_WIDTH, LEGEND_LINE = 8.2, 3.9, 5.0, 0.24  # inches; the height with one line of legend
MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TEXT = 1.0, 0.25, 0.45  # inches
UNUSUAL = (("mb", "1"), ("bia", "0"), ("act", "0"))  # columns, and what goes without saying

matplotlib.rcParams["text.parse_math"] = False


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run_dir", metavar="RUN_DIR")
    parser.add_argument("--out", metavar="FILE_STEM", help="writes FILE_STEM.svg and .png (default RUN_DIR/separable)")
    parser.add_argument("--threads", metavar="N", help="for N threads alone")
    parser.add_argument("--isa", metavar="I", help="default: the machine's best that was measured")
    parser.add_argument("--dtype", metavar="T", default="f32")
    parser.add_argument("--cache", metavar="C", choices=("warm", "cold"), help="default: warm where there is any")
    return parser.parse_args(arguments)


def select(run_dir, machine, options):
    """The rows that have a ratio, what they have in common, the thread counts to draw."""
    rows = [row for row in roofgap_io.read_separable(run_dir) if row["status"] in ("measured", "unstable")]
    if not rows:
        raise InputError(f"{run_dir}/separable.csv has no pair with a ratio")
    common = {}
    for column, wanted, preferred in (
        ("dtype", options.dtype, ()),
        ("isa", options.isa, machine.get("isa", [])),
        ("cache", options.cache, ("warm",)),
    ):
        common[column] = roofgap_io.choose(rows, column, wanted, preferred)
        rows = [row for row in rows if row[column] == common[column]]
    counts = sorted({int(row["threads"]) for row in rows})
    if options.threads:
        counts = [int(roofgap_io.choose(rows, "threads", options.threads, ()))]
    elif len(counts) > 2:
        counts = [counts[0], counts[-1]]
    for row in rows:
        for column in ("latency_ratio", "promised", "standard_gflops", "separable_gflops", "threads"):
            if (number(row, column) or 0) <= 0:
                raise InputError(f"{row['comparison']} of {row['oc']} channels is {row['status']}, but its {column} is "
                                 f"'{row[column]}'; allowed is a positive number")
    return [row for row in rows if int(row["threads"]) in counts], common, counts


def kernel_of(row):
    """What besides the channels the promise depends on, as text."""
    return f"{row['kh']}x{row['kw']}"


def unusual(row):
    return [f"{column}{row[column]}" for column, usual in UNUSUAL if row[column] != usual]


def shared_of(rows):
    """What is not as usual and is the same in all rows: said once, not of each line."""
    return [text for text in unusual(rows[0]) if all(text in unusual(row) for row in rows)]


def map_of(row, shared):
    """The map, and what else tells lines apart: only what is not as usual and not shared."""
    text = f"{row['ih']}x{row['iw']}"
    if (row["kh"], row["kw"]) != ("3", "3"):
        text += f", {kernel_of(row)}"
    if (row["sh"], row["sw"]) != ("1", "1"):
        text += f", stride {row['sh']}"
    return ", ".join([text, *(word for word in unusual(row) if word not in shared)])


def map_order(row):
    return tuple(int(row[column]) for column in ("ih", "iw", "kh", "kw", "sh", "sw", "mb", "bia", "act"))


def by_channels(rows):
    return sorted(rows, key=lambda row: (int(row["oc"]), int(row["ic"])))


def draw_ratios(panel, rows, styles, shared):
    """One line per map size; the promise; what lies below 1 is shaded."""
    panel.axhspan(0, 1, color=SLOWER, zorder=0)
    panel.axhline(1, color="#999999", linewidth=1, zorder=1)
    for kernel in sorted({kernel_of(row) for row in rows}):
        promise = {int(row["oc"]): number(row, "promised") for row in rows if kernel_of(row) == kernel}
        channels = sorted(promise)
        panel.plot(channels, [promise[oc] for oc in channels], color="black", linewidth=2.2, zorder=3,
                   marker="_" if len(channels) == 1 else "", markersize=22, markeredgewidth=2.2)
    for name, (colour, marker) in styles.items():
        line = by_channels([row for row in rows if map_of(row, shared) == name])
        panel.plot([int(row["oc"]) for row in line], [number(row, "latency_ratio") for row in line], color=colour,
                   linewidth=1.4, zorder=4)
        for row in line:
            panel.plot(int(row["oc"]), number(row, "latency_ratio"), marker=marker, markersize=7.5, color=colour,
                       markeredgecolor="white", markeredgewidth=0.7, zorder=5,
                       alpha=FADED if row["status"] == "unstable" else 1)


def frame_ratios(panels, rows):
    channels = sorted({int(row["oc"]) for row in rows})
    top = max(number(row, column) for row in rows for column in ("promised", "latency_ratio"))
    for panel in panels.flat:
        panel.set_xscale("log", base=2)
        panel.set(xlim=(channels[0] / 1.4, channels[-1] * 1.4), ylim=(0, top * 1.08))
        panel.set_xticks(channels, [str(oc) for oc in channels], rotation=90 if len(channels) > 9 else 0)
        panel.minorticks_off()
        panel.grid(True, color="#e6e6e6", linewidth=0.8)
        panel.set_axisbelow(True)
        panel.tick_params(labelsize=10.5, labelbottom=panel in panels[-1])
        for side in ("top", "right"):
            panel.spines[side].set_visible(False)


def example_of(rows):
    """The rows of the worked example, or of the shape with the largest ratio: all that are alike but for threads."""

    def shape(row):
        return (row["ic"], row["oc"], map_order(row))

    def preference(row):
        usual = (row["ic"], row["oc"], row["kh"], row["sh"]) == ("256", "256", "3", "1")
        return usual and row["ih"] == "14", usual, number(row, "latency_ratio")

    chosen = shape(max(rows, key=preference))
    return [row for row in rows if shape(row) == chosen]


def of_levels(roofs, rows):
    """Of the slopes those of the levels that hold the rows' data, and the last; a small panel has no room for more."""
    levels = {row[f"{side}_level"] for row in rows for side in ("standard", "separable")}

    def kept(bandwidths):
        return {level: value for level, value in bandwidths.items() if level in levels | {list(bandwidths)[-1]}}

    return {threads: (peak, kept(bandwidths)) for threads, (peak, bandwidths) in roofs.items()}


def frame_roofs(panels, rows, roofs):
    sides = ("standard", "separable")
    intensities = [number(row, f"{side}_intensity") for row in rows for side in sides]
    speeds = [number(row, f"{side}_gflops") for row in rows for side in sides]
    ridge = min(peak / max(bandwidths.values()) for peak, bandwidths in roofs.values())
    high_y = max(speeds + [peak for peak, _ in roofs.values()]) * 2.2
    low_y = min(speeds + [peak for peak, _ in roofs.values()]) / 12
    for panel in panels:
        # To the right of the points there is room for their names.
        panel.set(xscale="log", yscale="log", xlim=(min(min(intensities), ridge) / 6, max(intensities) * 20),
                  ylim=(low_y, high_y))
        panel.grid(True, which="major", color="#e6e6e6", linewidth=0.8)
        panel.set_axisbelow(True)
        panel.tick_params(labelsize=10.5)
        panel.yaxis.tick_right()
        panel.yaxis.set_label_position("right")
        panel.set_ylabel("GFLOP/s", fontsize=11)
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:g}")
            axis.set_minor_formatter(lambda value, _: "")
        for side in ("top", "left"):
            panel.spines[side].set_visible(False)


def draw_example(panel, rows, peak):
    """Both as points, an arrow from each standard one to its separable one."""
    drawn = set()
    for row in rows:
        if row["comparison"] not in COMPARISONS or row["standard_algorithm"] in drawn:
            continue
        drawn.add(row["standard_algorithm"])
        start, end = ((number(row, f"{side}_intensity"), number(row, f"{side}_gflops"))
                      for side in ("standard", "separable"))
        panel.annotate("", end, start, zorder=4, arrowprops=dict(arrowstyle="-|>", color=TEXT_COLOUR, linewidth=1.2,
                                                                  shrinkA=5, shrinkB=5))
        panel.plot(*start, marker="s", markersize=8, color=STANDARD, markeredgecolor="white", zorder=5)
        panel.plot(*end, marker="o", markersize=8.5, color=SEPARABLE, markeredgecolor="white", zorder=6)
        # No name crosses the line of the peak, near which the first lies.
        above = number(row, "standard_gflops") > peak
        place = (dict(xytext=(9, 0), va="bottom" if above else "center") if above or len(drawn) > 1 else
                 dict(xytext=(-3, -8), va="top"))
        panel.annotate(f"{row['standard_algorithm']}:\n{number(row, 'latency_ratio'):.2f} x the time", start, **place,
                       textcoords="offset points", fontsize=9.5, color=STANDARD, bbox=roofline_axes.BEHIND_TEXT)
        panel.annotate(row["separable_algorithm"], end, xytext=(-5, -8), textcoords="offset points", fontsize=9.5,
                       ha="right", va="top", color=SEPARABLE, bbox=roofline_axes.BEHIND_TEXT)


def legend(figure, styles):
    """At the left, in as few lines as fit, evenly filled; its height is the caller's. Returns it and its lines."""
    handles = [Line2D([], [], color="black", linewidth=2.2, label="FLOPs, as papers count")]
    handles += [Line2D([], [], color=colour, marker=marker, markersize=7.5, markeredgecolor="white", label=name)
                for name, (colour, marker) in styles.items()]
    room = (figure.get_figwidth() - MARGIN_TEXT - MARGIN_RIGHT) * figure.dpi
    for lines in range(1, len(handles) + 1):
        drawn = figure.legend(handles=handles, loc="lower left", ncols=-(-len(handles) // lines), frameon=False,
                              fontsize=10.5, columnspacing=1.4, handletextpad=0.5, borderaxespad=0)
        if lines == len(handles) or drawn.get_window_extent(figure.canvas.get_renderer()).width <= room:
            return drawn, lines
        drawn.remove()


def draw(machine, run, rows, common, roofs):
    counts = list(roofs)
    shared = shared_of(rows)
    names = {map_of(row, shared): row for row in sorted(rows, key=map_order)}
    styles = {name: (COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]) for i, name in enumerate(names)}
    width = MARGIN_LEFT + PANEL_WIDTH * len(counts) + ROOF_WIDTH + MARGIN_RIGHT
    figure = pyplot.figure(figsize=(width, HEIGHT))
    key, lines = legend(figure, styles)
    more = LEGEND_LINE * (lines - 1)
    height = HEIGHT + more
    figure.set_figheight(height)
    key.set_bbox_to_anchor((MARGIN_TEXT / width, 1 - (0.88 + more) / height))
    right = (MARGIN_LEFT + PANEL_WIDTH * len(counts)) / width
    top, bottom = 1 - (1.27 + more) / height, 1.02 / height
    grid = figure.add_gridspec(2, len(counts), left=MARGIN_LEFT / width, right=right, top=top, bottom=bottom,
                               wspace=0.06, hspace=0.1)
    panels = grid.subplots(sharex=True, sharey=True, squeeze=False)
    frame_ratios(panels, rows)
    for line, (comparison, title) in zip(panels, COMPARISONS.items()):
        line[0].set_ylabel(f"standard / separable latency\n{title}", fontsize=11)
        for panel, threads in zip(line, counts):
            shown = [row for row in rows if row["comparison"] == comparison and int(row["threads"]) == threads]
            draw_ratios(panel, shown, styles, shared)
    for panel, threads in zip(panels[0], counts):
        panel.set_title(threads_text(threads), fontsize=13, fontweight="bold")
    for panel in panels[-1]:
        panel.set_xlabel("output channels", fontsize=11)

    example = example_of(rows)
    grid = figure.add_gridspec(len(counts), 1, left=right + 0.25 / width, right=1 - 0.85 / width, top=top,
                               bottom=bottom, hspace=0.22)
    panels = grid.subplots(sharex=True, squeeze=False)[:, 0]
    roofs = of_levels(roofs, example)
    frame_roofs(panels, example, roofs)
    for panel, (threads, (peak, bandwidths)) in zip(panels, roofs.items()):
        roofline_axes.draw_roofs(panel, peak, bandwidths, roofline_axes.denominator(common["dtype"]).upper(),
                                 peak_name_at=panel.get_xlim()[0] * 1.2)
        draw_example(panel, [row for row in example if int(row["threads"]) == threads], peak)
        panel.set_title(f"{example[0]['ic']} to {example[0]['oc']} channels, {map_of(example[0], shared)}, "
                        f"{threads_text(threads)}", fontsize=11, fontweight="bold")
    panels[-1].set_xlabel("FLOP per compulsory byte", fontsize=11)

    figure.suptitle("Standard over separable convolution: the promise of few FLOPs, and latency",
                    x=MARGIN_TEXT / width, ha="left", fontsize=15, y=1 - 0.23 / height)
    for i, line in enumerate(caption(machine, run, rows, common, shared)):
        figure.text(MARGIN_TEXT / width, (0.32 - 0.21 * i) / height, line, fontsize=10, color=TEXT_COLOUR)
    return figure


def threads_text(threads):
    return f"{threads} thread{'s' if threads > 1 else ''}"


def caption(machine, run, rows, common, shared):
    what = [
        machine.get("cpu_model") or "unknown CPU",
        f"{common['dtype']}, {common['isa']}, {common['cache']} cache",
        *(["all with " + " ".join(shared)] if shared else []),
        f"machine {machine.get('machine_id', 'unknown')}",
        run.get("utc", "")[:10],
        *run.get("libraries", []),
    ]
    shaky = sum(row["status"] == "unstable" for row in rows)
    note = "shaded: the separable one is slower · Winograd may stand above the peak: its FLOPs are direct's"
    if shaky:
        note += f" · faded: an unstable row ({shaky} of {len(rows)})"
    return " · ".join(text for text in what if text), note


def main(arguments):
    options = parse(arguments)
    try:
        machine = roofgap_io.read_json(os.path.join(options.run_dir, "machine.json"))
        run_file = os.path.join(options.run_dir, "run.json")
        run = roofgap_io.read_json(run_file) if os.path.exists(run_file) else {}
        rows, common, counts = select(options.run_dir, machine, options)
        ceilings = roofgap_io.read_ceilings(options.run_dir)
        isas = machine.get("isa", [])
        roofs = {threads: roofline_axes.roofs(ceilings, isas, options.run_dir, common, threads) for threads in counts}
        figure = draw(machine, run, rows, common, roofs)
        roofline_axes.save(figure, options.out or os.path.join(options.run_dir, "separable"))
    except (InputError, OSError) as error:
        print(f"plot_separable.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
