"""The axes of a roofline: limits, roofs with their values written on them, and the names of the problems."""
import math

from roofgap_io import number

ROOF_STYLES = {"L1": (0, ()), "L2": (0, (6, 1.5)), "L3": (0, (3, 1.5)), "DRAM": (0, (1, 1.2))}
ROOF_COLOUR = "#555555"
LABEL_SIZE = 9.5
NAME_LENGTH = 30
BEHIND_TEXT = dict(boxstyle="square,pad=0.05", facecolor="white", edgecolor="none", alpha=0.75)


def frame(axes, rows, panels):
    """Log axes, alike in all panels: every point and every roof in sight, room for the names at the bottom."""
    intensities = [number(row, "intensity") for row in rows]
    speeds = [number(row, "gflops") for row in rows]
    ridge = min(peak / max(bandwidths.values()) for _, peak, bandwidths in panels)
    low_x, high_x = min(min(intensities) / 3, ridge / 6), max(intensities) * 2.2
    high_y = max(speeds + [peak for _, peak, _ in panels]) * 2
    low_y = min(speeds) / 1.6
    # The names take the lowest third of the height.
    low_y = math.exp(math.log(low_y) - (math.log(high_y) - math.log(low_y)) * 0.5)
    for panel in axes:
        panel.set(xscale="log", yscale="log", xlim=(low_x, high_x), ylim=(low_y, high_y))
        panel.set_xlabel("operational intensity (FLOP per compulsory byte)", fontsize=12)
        panel.grid(True, which="major", color="#e6e6e6", linewidth=0.8)
        panel.set_axisbelow(True)
        panel.tick_params(labelsize=10.5)
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:g}")
        for side in ("top", "right"):
            panel.spines[side].set_visible(False)


def draw_roofs(panel, peak, bandwidths):
    low_x, high_x = panel.get_xlim()
    low_y, high_y = panel.get_ylim()
    nearest = max(bandwidths.values())
    panel.plot([peak / nearest, high_x], [peak, peak], color="black", linewidth=1.8, zorder=2)
    panel.annotate(
        f"FMA peak {value(peak)} GFLOP/s",
        (peak / nearest, peak),
        xytext=(0, 5),
        textcoords="offset points",
        fontsize=10,
        fontweight="bold",
    )
    # A line of slope one on log axes rises at the angle of a decade's height over a decade's width.
    box = panel.get_window_extent()
    angle = math.degrees(math.atan2(box.height / math.log(high_y / low_y), box.width / math.log(high_x / low_x)))
    for level, bandwidth in bandwidths.items():
        start = max(low_x, low_y / bandwidth)
        style = dict(color=ROOF_COLOUR, linewidth=1.4, zorder=2)
        panel.plot([start, peak / bandwidth], [start * bandwidth, peak], linestyle=ROOF_STYLES[level], **style)
        at = start * 1.2
        panel.annotate(
            f"{level} {value(bandwidth)} GB/s",
            (at, at * bandwidth),
            xytext=(-3 * math.sin(math.radians(angle)), 3 * math.cos(math.radians(angle))),
            textcoords="offset points",
            rotation=angle,
            rotation_mode="anchor",
            fontsize=10,
            color="#333333",
            bbox=BEHIND_TEXT,
        )


def value(number_):
    """Three significant digits, without an exponent."""
    return f"{number_:.0f}" if number_ >= 100 else f"{number_:.3g}"


def draw_problems(panel, rows, colours):
    """A stroke through the variants of each problem, and below all points its name, the names kept apart."""
    problems = {}
    for row in rows:
        problems.setdefault(row["problem"], []).append(row)
    labels = [group[0]["label"] for group in problems.values()]
    ordered = sorted(problems.values(), key=lambda group: number(group[0], "intensity"))
    if not ordered:
        return
    low_x, high_x = panel.get_xlim()
    low_y, high_y = panel.get_ylim()
    names_top = math.exp(math.log(low_y) + math.log(high_y / low_y) * 0.315)
    inches = panel.get_window_extent().width / panel.figure.dpi
    pitch = LABEL_SIZE * 1.35 / 72 / inches * math.log(high_x / low_x)
    wanted = [math.log(number(group[0], "intensity")) for group in ordered]
    placed = spread(wanted, pitch, math.log(low_x) + pitch / 2, math.log(high_x) - pitch / 2)
    for group, at in zip(ordered, placed):
        x = number(group[0], "intensity")
        speeds = [number(row, "gflops") for row in group]
        colour = colours[group[0]["op"]]
        panel.plot([x, x], [min(speeds), max(speeds)], color=colour, linewidth=1.2, alpha=0.55, zorder=3)
        if at is None:
            continue
        name_x = math.exp(at)
        panel.plot([x, name_x], [min(speeds), names_top], color=colour, linewidth=0.7, alpha=0.55, zorder=1)
        panel.annotate(
            name(group[0], labels),
            (name_x, names_top),
            xytext=(0, -3),
            textcoords="offset points",
            rotation=90,
            ha="center",
            va="top",
            fontsize=LABEL_SIZE,
            color="#222222",
            bbox=BEHIND_TEXT,
        )


def name(row, labels):
    """The row's label where it is its problem's alone, the problem otherwise; cut where it is long."""
    text = row["label"] if labels.count(row["label"]) == 1 and row["label"] else row["problem"]
    return text if len(text) <= NAME_LENGTH else text[: NAME_LENGTH - 1] + "…"


def spread(wanted, pitch, low, high):
    """Places as near to the ascending `wanted` as keeps them `pitch` apart and between low and high; None: no room."""
    fit = int((high - low) / pitch) + 1
    if len(wanted) > fit:
        return [None] * len(wanted)
    # Groups that would overlap are merged and centred on their mean, until none overlap.
    groups = []
    for place in wanted:
        groups.append([place, 1])
        while len(groups) > 1 and start(groups[-1], pitch, low, high) < end(groups[-2], pitch, low, high) + pitch:
            mean, count = groups.pop()
            before, before_count = groups.pop()
            total = count + before_count
            groups.append([(mean * count + before * before_count) / total, total])
    return [start(group, pitch, low, high) + i * pitch for group in groups for i in range(group[1])]


def start(group, pitch, low, high):
    length = (group[1] - 1) * pitch
    return min(max(group[0] - length / 2, low), high - length)


def end(group, pitch, low, high):
    return start(group, pitch, low, high) + (group[1] - 1) * pitch
