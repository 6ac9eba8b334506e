"""The roofline of several machines: their roofs over each other, each machine with its colour, line and marker.

Numbers are as measured, of each machine with its own roofs; those of the roofs stand in a table below the panels, for
beside so many lines they would cover each other.
"""
import math
import re
import textwrap

from matplotlib import pyplot
from matplotlib.lines import Line2D

import gap_rows
import roofline_axes
from roofgap_io import InputError, number

# Okabe and Ito's palette, told apart by colour-blind readers too; lines and markers tell the machines apart as well.
LOOKS = (
    ("#0072B2", (0, ()), "o"),
    ("#D55E00", (0, (5, 1.8)), "s"),
    ("#000000", (0, (7, 1.8, 1.5, 1.8)), "^"),
    ("#CC79A7", (0, (1.2, 1.3)), "D"),
    ("#009E73", (0, (7, 1.6, 1.2, 1.6, 1.2, 1.6)), "v"),
    ("#E69F00", (0, (2.5, 1.2)), "P"),
)
STROKE = "#999999"
PANEL_WIDTH, LEFT, RIGHT = 6.1, 0.8, 2.5  # inches
PANEL_HEIGHT, TOP = 5.9, 1.05  # inches
ROW, TABLE_AT, CAPTION_ROW = 0.22, 0.75, 0.21  # inches
NAME_SHARE = 0.36  # of the table's width
TAG_SIZE, TAG_WIDTH, TABLE_SIZE = 9, 1, 9.5  # points, inches, points
CAPTION_LENGTH = 150


def short_model(text):
    """The words of a CPU's name that tell it apart."""
    text = re.sub(r"\((R|TM|C)\)|\bCPU\b|\bProcessor\b|@.*|\b\d+-Core\b", "", text, flags=re.IGNORECASE)
    return " ".join(text.split()) or "unknown CPU"


def fastest(rows):
    """Of each problem the variant with the most FLOP/s, for each thread count."""
    best = {}
    for row in rows:
        key = (row["problem"], row["threads"])
        if key not in best or number(row, "gflops") > number(best[key], "gflops"):
            best[key] = row
    return list(best.values())


def draw(machines, dtype, cache, of):
    """`machines`: dicts of machine, runs (how many), rows, common, counts, untimed and roofs {threads: (peak,
    bandwidths)}."""
    if len(machines) > len(LOOKS):
        raise InputError(f"{len(machines)} machines: {len(LOOKS)} are told apart; leave some out")
    for machine in machines:
        machine["shown"] = fastest(machine["rows"]) if of == "fastest" else machine["rows"]
    rows = [row for machine in machines for row in machine["shown"]]
    panels = panels_of(machines)
    names = roofline_axes.names_of(rows)
    notes = caption(machines, dtype, cache, of)
    width = LEFT + PANEL_WIDTH * len(panels) + RIGHT
    below = TABLE_AT + ROW * (len(machines) + 2) + CAPTION_ROW * (len(notes) + 1) + 0.15
    height = TOP + PANEL_HEIGHT + below
    figure, axes = pyplot.subplots(1, len(panels), figsize=(width, height), sharey=True, squeeze=False)
    figure.subplots_adjust(left=LEFT / width, right=1 - RIGHT / width, top=1 - TOP / height, bottom=below / height,
                           wspace=0.05)
    roofs = [(threads, *machines[i]["roofs"][threads]) for _, counts in panels for i, threads in counts]
    names_top = roofline_axes.frame(axes[0], rows, roofs, names.values())
    strokes = dict.fromkeys({row["op"] for row in rows}, STROKE)
    for panel, (title, counts) in zip(axes[0], panels):
        panel.set_title(title, fontsize=13, fontweight="bold")
        shown = []
        for i, threads in counts:
            # What is drawn later is smaller: of points that lie on each other the edges show.
            shown += draw_points(panel, machines[i]["shown"], threads, LOOKS[i], 8.6 - 0.8 * i)
        roofline_axes.draw_problems(panel, shown, strokes, names, names_top)
        draw_roofs(panel, [(machines[i]["roofs"][threads], LOOKS[i]) for i, threads in counts])
        table(panel, machines, counts, roofline_axes.denominator(dtype).upper())
    axes[0][0].set_ylabel("performance (GFLOP/s)", fontsize=12)
    legend(figure, machines, 1 - (RIGHT - 0.1) / width, 1 - TOP / height)
    figure.suptitle(f"Rooflines of {len(machines)} machines" if len(machines) > 1 else "Roofline of one machine's runs",
                    x=LEFT / width, ha="left", fontsize=15, y=1 - 0.3 / height)
    if names_top is None:
        notes[1] += " · too many problems to write their names"
    for i, line in enumerate(notes):
        figure.text(LEFT / width, CAPTION_ROW * (len(notes) - i) / height, line, fontsize=10.5, color="#444444")
    return figure


def panels_of(machines):
    """A panel for the fewest threads of each machine and one for the most: (title, [(machine, threads)])."""
    panels = []
    for which, place in (("fewest", 0), ("most", -1)):
        counts = [(i, machine["counts"][place]) for i, machine in enumerate(machines)]
        alike = len({threads for _, threads in counts}) == 1
        title = gap_rows.threads_text(counts[0][1]) if alike else f"the {which} threads of each machine"
        if not panels or panels[0][1] != counts:
            panels.append((title, counts))
    return panels


def draw_points(panel, rows, threads, look, size):
    colour, _, marker = look
    shown = [row for row in rows if int(row["threads"]) == threads]
    for row in shown:
        ours = not row["variant"].startswith("onednn")
        panel.plot(number(row, "intensity"), number(row, "gflops"), marker=marker, markersize=size, linestyle="none",
                   markerfacecolor=colour if ours else "none", markeredgecolor="white" if ours else colour,
                   markeredgewidth=0.7 if ours else 1.6, alpha=gap_rows.FADED if row["status"] == "unstable" else 1,
                   zorder=4 if row["status"] == "unstable" else 5)
    return shown


def draw_roofs(panel, roofs):
    """`roofs`: ((peak, bandwidths), look). Levels and peaks are written on their lines where no other text is."""
    low_x, high_x = panel.get_xlim()
    low_y, _ = panel.get_ylim()
    inches = panel.get_window_extent().width / panel.figure.dpi
    wide = (high_x / low_x) ** (TAG_WIDTH / inches)
    placed = []
    for (peak, bandwidths), (colour, line, _) in roofs:
        style = dict(color=colour, linestyle=line, zorder=2)
        panel.plot([peak / max(bandwidths.values()), high_x], [peak, peak], linewidth=2.2, **style)
        for bandwidth in bandwidths.values():
            start = max(low_x, low_y / bandwidth)
            panel.plot([start, peak / bandwidth], [start * bandwidth, peak], linewidth=1.2, **style)
    for (peak, bandwidths), (colour, _, _) in roofs:
        ridge = peak / max(bandwidths.values())
        places = [(x, peak) for x in steps(ridge * 1.05, high_x / wide)]
        write(panel, f"{roofline_axes.value(peak)} GFLOP/s", places, placed, 4, color=colour, fontweight="bold",
              bbox=roofline_axes.BEHIND_TEXT)
        for level, bandwidth in sorted(bandwidths.items(), key=lambda item: -item[1]):
            start = max(low_x, low_y / bandwidth) * 1.1
            places = [(x, x * bandwidth) for x in steps(start, 0.9 * peak / bandwidth)]
            write(panel, level, places, placed, -3, color=colour, bbox=roofline_axes.BEHIND_TEXT)


def steps(low, high):
    """Places on a log axis."""
    return [low * 1.12**step for step in range(max(1, int(math.log(high / low) / math.log(1.12))))]


def write(panel, text, places, placed, above, **style):
    """Writes at the first of the places where it covers nothing that is `placed`; so many points above it."""
    for place in places:
        drawn = panel.annotate(text, place, xytext=(0, above), textcoords="offset points", fontsize=TAG_SIZE, zorder=3,
                               **style)
        box = drawn.get_window_extent().padded(1.5)
        if not any(box.overlaps(other) for other in placed):
            placed.append(box)
            return
        drawn.remove()


def table(panel, machines, counts, mix):
    """The roofs' values, a line for each machine, below the panel."""
    figure = panel.figure
    box, (width, height) = panel.get_position(), figure.get_size_inches()
    levels = list(dict.fromkeys(level for i, threads in counts for level in machines[i]["roofs"][threads][1]))
    levels.sort(key=lambda level: (level == "DRAM", level))
    columns = [("threads", ""), (mix, "GFLOP/s"), *((level, "GB/s") for level in levels)]
    pitch = (1 - NAME_SHARE) / len(columns)
    ends = [box.x0 + box.width * (NAME_SHARE + pitch * (i + 1)) for i in range(len(columns))]

    def write_line(line, cells, **style):
        y = box.y0 - (TABLE_AT + ROW * (line + 0.5)) / height
        for x, cell in zip(ends, cells):
            figure.text(x, y, cell, fontsize=TABLE_SIZE, ha="right", va="center", **style)
        return y

    write_line(0, [name for name, _ in columns], fontweight="bold")
    write_line(0.85, [unit for _, unit in columns], color="#666666")
    for line, (i, threads) in enumerate(counts):
        peak, bandwidths = machines[i]["roofs"][threads]
        values = [bandwidths.get(level) for level in levels]
        cells = [str(threads), *(roofline_axes.value(cell) if cell else "" for cell in (peak, *values))]
        y = write_line(line + 2, cells, color="#222222")
        colour, style, _ = LOOKS[i]
        figure.add_artist(Line2D([box.x0, box.x0 + 0.3 / width], [y, y], color=colour, linestyle=style, linewidth=2.2))
        name = textwrap.shorten(short_model(machines[i]["machine"].get("cpu_model", "")), 24, placeholder="…")
        figure.text(box.x0 + 0.4 / width, y, name, fontsize=TABLE_SIZE, va="center", color="#222222")


def legend(figure, machines, right, top):
    handles = []
    for machine, (colour, line, marker) in zip(machines, LOOKS):
        rows, common = machine["rows"], machine["common"]
        dates = sorted({row["utc"][:10] for row in rows if row.get("utc")})
        facts = [short_model(machine["machine"].get("cpu_model", "")), machine["machine"].get("machine_id", "unknown"),
                 " · ".join([common["isa"], *dates[-1:]]), *common["libraries"],
                 *([f"{machine['runs']} runs"] if machine["runs"] > 1 else [])]
        label = "\n".join(part for fact in facts for part in textwrap.wrap(fact, 24))
        handles.append(Line2D([], [], color=colour, linestyle=line, linewidth=2.2, marker=marker, markersize=8,
                              markeredgecolor="white", markeredgewidth=0.7, label=label))
    grey = dict(color="#444444", linestyle="none", marker="o", markersize=8)
    variants = {row["variant"].startswith("onednn") for machine in machines for row in machine["shown"]}
    if False in variants:
        handles.append(Line2D([], [], label="filled: hand-written", markeredgecolor="white", **grey))
    if True in variants:
        handles.append(Line2D([], [], label="hollow: oneDNN", markerfacecolor="none", markeredgewidth=1.6, **grey))
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(right, top), frameon=False, fontsize=10.5,
                  labelspacing=1, handlelength=2.4)


def caption(machines, dtype, cache, of):
    """What the picture shows, and which rows are no plain points."""
    timed = [row for machine in machines for row in machine["rows"]]
    shown = [row for machine in machines for row in machine["shown"]]
    untimed = [row for machine in machines for row in machine["untimed"]]
    what = [f"{dtype}, {cache} cache", "the fastest variant of each problem" if of == "fastest" else "all variants"]
    if any(machine["runs"] > 1 for machine in machines):
        what.append("roofs: the best that any run of the machine holds")
    unstable = sum(row["status"] == "unstable" for row in shown)
    counts = [f"{len(shown)} points" + (f", {unstable} unstable (faded)" if unstable else "")]
    rest = [f"{len(timed) - len(shown)} slower variants"] if len(timed) > len(shown) else []
    statuses = [row["status"] for row in untimed]
    rest += [f"{statuses.count(status)} {status}" for status in ("skipped", "wrong") if status in statuses]
    counts += ["not drawn: " + ", ".join(rest)] if rest else []
    lines = [" · ".join(what), " · ".join(counts)]
    if any(above_roof(row, machine["roofs"]) for machine in machines for row in machine["shown"]):
        lines.append("Points above their compute roof: the algorithm multiplies less often than the problem counts.")
    return [line for text in lines for line in textwrap.wrap(text, CAPTION_LENGTH)]


def above_roof(row, roofs):
    """Whether it is, for its algorithm multiplies less often than its problem counts."""
    peak, _ = roofs[int(row["threads"])]
    return number(row, "gflops") > peak and (number(row, "executed_flops") or 0) < (number(row, "flops") or 0)
