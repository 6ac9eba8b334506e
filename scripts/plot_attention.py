#!/usr/bin/python3
"""Draws attention over the sequence length, as SVG and PNG, from attention.csv and complexity.csv of a run alone.

Above the time over n, for one thread and for the most; below the bytes of workspace over n, and, where the run has
linformer or performer, their distance from exact attention over their speed-up. The exponents beside the lines are
those fitted from n = 1024 on where there are enough lengths, else over all. One shape a picture.
"""
import argparse
import itertools
import os
import sys

try:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.lines import Line2D
except ImportError as missing:
    print(f"plot_attention.py: {missing}; on Debian and Ubuntu: apt-get install python3-matplotlib", file=sys.stderr)
    sys.exit(2)

import attention_axes
import roofgap_io
import roofline_axes
from attention_axes import approximations, group, method_of, other_approximations
from roofgap_io import InputError, number

# Okabe and Ito's palette, told apart by colour-blind readers too, with brown and grey for its yellow. A variant looks
# the same in every picture; those of one op have colours of their own.
BLUE, ORANGE, GREEN, PINK, YELLOW, SKY, BLACK, BROWN, GREY = COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7A4A1E", "#8C8C8C")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LOOKS = {
    ("attention", "flash"): (BLUE, "o"), ("attention", "flash_decode"): (SKY, "P"),
    ("attention", "materialised"): (ORANGE, "s"), ("attention", "onednn"): (GREEN, "^"),
    ("attention", "onednn_flash"): (PINK, "D"), ("attention", "onednn_graph"): (BROWN, "v"),
    ("attention", "reference"): (GREY, "X"),
    ("linformer", "fused"): (YELLOW, "v"), ("linformer", "layered"): (BROWN, "X"), ("linformer", "onednn"): (GREY, "o"),
    ("performer", "fused"): (BLACK, "P"), ("performer", "layered"): (SKY, "s"),
}
LINES = {"attention": "-", "linformer": (0, (5, 1.5)), "performer": (0, (1.5, 1.2))}
WIDTH, PANEL_HEIGHT, FOR_TEXTS, LEGEND_LINE = 13.0, 3.6, 1.65, 0.24  # inches; of texts with one line of legend
MARGIN_LEFT, FOR_NUMBERS, FOR_EXPONENTS = 0.35, 0.95, 1.4  # inches: of texts; left and right of each panel
SHAPE = ("b", "h", "kvh", "d", "causal")

matplotlib.rcParams["text.parse_math"] = False


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run_dir", metavar="RUN_DIR")
    parser.add_argument("--out", metavar="FILE_STEM", help="writes FILE_STEM.svg and .png (default RUN_DIR/attention)")
    parser.add_argument("--shape", metavar="S",
                        help="such as h8d64 or h8kvh1d64causal1: what it names must be equal; default: the shape with "
                        "the most rows")
    parser.add_argument("--sweep", choices=("self", "decode"),
                        help="n = s = t, or one query over n keys; default: self where there is any")
    parser.add_argument("--threads", metavar="N", help="for N threads alone")
    parser.add_argument("--isa", metavar="I", help="default: the machine's best that was measured")
    parser.add_argument("--dtype", metavar="T", default="f32")
    parser.add_argument("--cache", metavar="C", choices=("warm", "cold"), help="default: warm where there is any")
    return parser.parse_args(arguments)


def letters(text):
    """{"h": "8", "d": "64"} of "h8d64"."""
    found, rest = {}, text
    while rest:
        name = next((letter for letter in ("causal", "kvh", "b", "h", "d") if rest.startswith(letter)), None)
        digits = len(rest[len(name or ""):]) - len(rest[len(name or ""):].lstrip("0123456789"))
        if name is None or digits == 0:
            raise InputError(f"--shape: got '{text}'; allowed are {', '.join(SHAPE)}, each with a number")
        found[name] = rest[len(name):len(name) + digits]
        rest = rest[len(name) + digits:]
    return found


def shape_of(row):
    return tuple(row[column] for column in SHAPE)


def shape_text(row):
    text = f"{row['h']} head{'s' if row['h'] != '1' else ''} of {row['d']}"
    if row["kvh"] != row["h"]:
        text += f", {row['kvh']} of keys and values"
    if row["b"] != "1":
        text += f", batch {row['b']}"
    return text + (", causal" if row["causal"] == "1" else "")


def select(run_dir, machine, options):
    """Rows with a time of one sweep, shape and setting; their exponents; what they have in common; thread counts."""
    rows, fits = roofgap_io.read_attention(run_dir)
    rows = [row for row in rows if row["status"] in ("measured", "unstable") and row["n"]]
    if not rows:
        raise InputError(f"{run_dir}/attention.csv has no row with a time and a length n")
    common = {}

    def keep(column, wanted, preferred):
        nonlocal rows
        common[column] = roofgap_io.choose(rows, column, wanted, preferred)
        rows = [row for row in rows if row[column] == common[column]]

    keep("dtype", options.dtype, ())
    keep("isa", options.isa, machine.get("isa", []))
    keep("cache", options.cache, ("warm",))
    keep("sweep", options.sweep, ("self",))
    wanted = letters(options.shape or "")
    fitting = [row for row in rows if all(row[column] == value for column, value in wanted.items())]
    if not fitting:
        present = sorted({"".join(f"{column}{row[column]}" for column in SHAPE) for row in rows})
        raise InputError(f"no measured row has the shape {options.shape} (there is: {', '.join(present)})")
    shapes = [shape_of(row) for row in fitting]
    shape = max(sorted(set(shapes), key=lambda one: [int(value) for value in one]), key=shapes.count)
    rows = [row for row in fitting if shape_of(row) == shape]
    counts = sorted({int(row["threads"]) for row in rows})
    if options.threads:
        counts = [int(roofgap_io.choose(rows, "threads", options.threads, ()))]
    elif len(counts) > 2:
        counts = [counts[0], counts[-1]]
    rows = [row for row in rows if int(row["threads"]) in counts]
    for row in rows:
        for column in ("n", "median_ns"):
            if (number(row, column) or 0) <= 0:
                raise InputError(f"{row['problem']} {row['variant']} is {row['status']}, but its {column} is "
                                 f"'{row[column]}'; allowed is a positive number")
    fits = [fit for fit in fits if shape_of(fit) == shape and all(fit[c] == value for c, value in common.items())]
    return rows, fits, common, counts


def legend(figure, styles):
    """At the left, in as few lines as fit, evenly filled. Returns it and its lines."""
    handles = [Line2D([], [], color=colour, marker=marker, linestyle=line, linewidth=1.6, markersize=6.5,
                      markeredgecolor="white", label=name) for (_, _, name), (colour, marker, line) in styles.items()]
    room = (figure.get_figwidth() - 2 * MARGIN_LEFT) * figure.dpi
    for lines in range(1, len(handles) + 1):
        drawn = figure.legend(handles=handles, loc="lower left", ncols=-(-len(handles) // lines), frameon=False,
                              fontsize=10.5, columnspacing=1.4, handletextpad=0.5, handlelength=2.6, borderaxespad=0)
        if lines == len(handles) or drawn.get_window_extent(figure.canvas.get_renderer()).width <= room:
            return drawn, lines
        drawn.remove()


def styles_of(rows):
    """(colour, marker, line) of each (op, variant, method), attention first. Of methods with one length, which are no
    lines, only those whose op and variant has no other."""
    order = list(LINES)
    lengths = {method: {row["n"] for row in of} for method, of in group(rows, method_of).items()}
    kinds = sorted({(row["op"], row["variant"], method_of(row)) for row in rows},
                   key=lambda kind: (order.index(kind[0]) if kind[0] in order else len(order), kind))
    lines = [kind for kind in kinds if len(lengths[kind[2]]) > 1]
    for kind in kinds:
        if kind[:2] not in [line[:2] for line in lines]:
            lines.append(kind)
    free = itertools.cycle((c, m) for m in MARKERS for c in COLOURS if (c, m) not in LOOKS.values())
    looks = {kind: LOOKS.get(kind) or next(free) for kind in dict.fromkeys(line[:2] for line in lines)}
    styles = {}
    for op, variant, method in lines:
        colour, marker = looks[op, variant]
        others = sum(kind[:2] == (op, variant) for kind in styles)  # of other k or m: its markers go on from there
        marker = MARKERS[(MARKERS.index(marker) + others) % len(MARKERS)]
        styles[op, variant, method] = (colour, marker, LINES.get(op, "-"))
    return styles


def draw(machine, run, rows, fits, common, counts):
    styles = styles_of(rows)
    most = [row for row in rows if int(row["threads"]) == counts[-1]]
    compared = approximations(most)
    panels = len(counts) + 1 + (1 if compared else 0)
    height = FOR_TEXTS + PANEL_HEIGHT * -(-panels // 2)
    figure = pyplot.figure(figsize=(WIDTH, height))
    key, lines = legend(figure, styles)
    height += LEGEND_LINE * (lines - 1)
    figure.set_figheight(height)
    below = height - 0.88 - LEGEND_LINE * (lines - 1)
    key.set_bbox_to_anchor((MARGIN_LEFT / WIDTH, below / height))
    gap = FOR_NUMBERS + FOR_EXPONENTS
    grid = figure.add_gridspec(-(-panels // 2), 2, left=FOR_NUMBERS / WIDTH, right=1 - FOR_EXPONENTS / WIDTH,
                               bottom=1.2 / height, top=(below - 0.42) / height, wspace=gap / ((WIDTH - 2 * gap) / 2),
                               hspace=0.36)
    places = iter(grid)
    lengths = sorted({int(row["n"]) for row in rows})
    times = [number(row, "median_ns") for row in rows]

    def add(title, x_name):
        panel = figure.add_subplot(next(places))
        panel.set_title(title, fontsize=13, fontweight="bold", loc="left")
        panel.set_xlabel(x_name, fontsize=11)
        return panel

    for threads in counts:
        panel = add(f"Time, {threads_text(threads)}", axis_name(common))
        attention_axes.frame(panel, lengths, times, attention_axes.TIME)
        attention_axes.draw_growth(panel, rows, fits, styles, threads, "time")
    sizes = [number(row, "workspace_bytes") for row in most if (number(row, "workspace_bytes") or 0) > 0]
    panel = add(f"Bytes of workspace, {threads_text(counts[-1])}", axis_name(common))
    attention_axes.frame(panel, lengths, sizes or [1, 1024], attention_axes.BYTES)
    attention_axes.draw_growth(panel, most, fits, styles, counts[-1], "workspace")
    if compared:
        panel = add(f"Distance from exact attention, {threads_text(counts[-1])}",
                    "times as fast as the fastest exact attention of that length")
        attention_axes.frame_errors(panel, compared)
        attention_axes.draw_errors(panel, compared, styles)
    what = "one query over n keys" if common["sweep"] == "decode" else "self-attention"
    figure.suptitle(f"Attention over its length: {what}, {shape_text(rows[0])}", x=MARGIN_LEFT / WIDTH, ha="left",
                    fontsize=15, y=1 - 0.23 / height)
    for i, line in enumerate(reversed(caption(machine, run, rows, common, most))):
        figure.text(MARGIN_LEFT / WIDTH, (0.13 + 0.21 * i) / height, line, fontsize=10,
                    color=attention_axes.TEXT_COLOUR)
    return figure


def axis_name(common):
    return "n, keys of one query" if common["sweep"] == "decode" else "n, queries and keys"


def threads_text(threads):
    return f"{threads} thread{'s' if threads > 1 else ''}"


def caption(machine, run, rows, common, most):
    what = [
        machine.get("cpu_model") or "unknown CPU",
        f"{common['dtype']}, {common['isa']}, {common['cache']} cache",
        f"machine {machine.get('machine_id', 'unknown')}",
        run.get("utc", "")[:10],
        *run.get("libraries", []),
    ]
    shaky = sum(row["status"] == "unstable" for row in rows)
    notes = ["exponents with 95 % intervals, from n = 1024 on where there are three lengths, else of all"]
    if approximations(rows):
        notes.append("shaded: slower than exact attention")
    if shaky:
        notes.append(f"faded: an unstable row ({shaky} of {len(rows)})")
    drawn, hidden = approximations(most), other_approximations(most)
    lines = [" · ".join(text for text in what if text), " · ".join(notes)]
    if hidden:
        lines.append(f"distance: of each op the fastest variant alone ({', '.join(kinds(drawn))}); "
                     f"{', '.join(kinds(hidden))}: the same distances")
    return lines


def kinds(rows):
    return dict.fromkeys(f"{row['op']} {row['variant']}" for row in rows)


def main(arguments):
    options = parse(arguments)
    try:
        machine = roofgap_io.read_json(os.path.join(options.run_dir, "machine.json"))
        run_file = os.path.join(options.run_dir, "run.json")
        run = roofgap_io.read_json(run_file) if os.path.exists(run_file) else {}
        rows, fits, common, counts = select(options.run_dir, machine, options)
        figure = draw(machine, run, rows, fits, common, counts)
        roofline_axes.save(figure, options.out or os.path.join(options.run_dir, "attention"))
    except (InputError, OSError) as error:
        print(f"plot_attention.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
