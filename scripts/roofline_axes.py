"""The axes of a roofline: limits, roofs with their values written on them, colours of ops, names of problems."""
import math

from roofgap_io import InputError, number

# Okabe and Ito's palette, told apart by colour-blind readers too. An op keeps its colour in every picture.
COLOURS = {"conv2d": "#0072B2", "dwconv2d": "#56B4E9", "dwsep": "#009E73", "invres": "#B8A500",
           "fc": "#E69F00", "attention": "#D55E00", "linformer": "#CC79A7", "performer": "#7F5FA8"}
# Of things that are no ops, told apart within one picture.
APART = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F5FA8", "#999999",
         "#661100", "#B8A500", "#88CCEE", "#000000")
MORE_COLOURS = ("#000000", "#7F7F7F")
ROOF_STYLES = {"L1": (0, ()), "L2": (0, (6, 1.5)), "L3": (0, (3, 1.5)), "DRAM": (0, (1, 1.2))}
OTHER_ROOF_STYLE = (0, (4, 1.5, 1, 1.5))
ROOF_COLOUR = "#555555"
LABEL_SIZE = 9.5
NAME_LENGTH = 30
NAME_GAP = 6  # points, above and below the names together
BEHIND_TEXT = dict(boxstyle="square,pad=0.05", facecolor="white", edgecolor="none", alpha=0.75)


def frame(axes, rows, panels, names):
    """Log axes, alike in all panels: every point and every roof in sight, room for the names at the bottom.

    Returns where the names end, as y; None where there are too many of them.
    """
    intensities = [number(row, "intensity") for row in rows]
    speeds = [number(row, "gflops") for row in rows]
    ridge = min(peak / max(bandwidths.values()) for _, peak, bandwidths in panels)
    # At least a decade each, so that a tick has its number.
    high_x = max(intensities) * 2.2
    low_x = min(min(intensities) / 3, ridge / 6, high_x / 20)
    high_y = max(speeds + [peak for _, peak, _ in panels]) * 2
    names_top = low_y = min(min(speeds) / 1.6, high_y / 20)
    axes[0].set(xscale="log", xlim=(low_x, high_x))
    if (len(names) + 1) * name_pitch(axes[0]) < math.log(high_x / low_x):
        share = share_of_height(axes[0], names)
        low_y = math.exp((math.log(names_top) - share * math.log(high_y)) / (1 - share))
    else:
        names_top = None
    for panel in axes:
        panel.set(xscale="log", yscale="log", xlim=(low_x, high_x), ylim=(low_y, high_y))
        panel.set_xlabel("operational intensity (FLOP per compulsory byte)", fontsize=12)
        panel.grid(True, which="major", color="#e6e6e6", linewidth=0.8)
        panel.set_axisbelow(True)
        panel.tick_params(labelsize=10.5)
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_ticks(decades(*axis.get_view_interval()))
            axis.set_major_formatter(lambda value, _: f"{value:g}")
            axis.set_minor_formatter(lambda value, _: "")
        for side in ("top", "right"):
            panel.spines[side].set_visible(False)
    return names_top


def decades(low, high):
    """The powers of ten in between, or more round numbers where these are fewer than three."""
    powers = [10.0**power for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]
    return powers if len(powers) > 2 else log_ticks(low, high)


def name_pitch(panel):
    """How far upright names must be apart, in natural logarithms of x."""
    low_x, high_x = panel.get_xlim()
    inches = panel.get_window_extent().width / panel.figure.dpi
    return LABEL_SIZE * 1.35 / 72 / inches * math.log(high_x / low_x)


def share_of_height(panel, names):
    """The part of the panel's height that the longest of the upright names takes."""
    lengths = []
    for text in names:
        drawn = panel.text(0, 0, text, fontsize=LABEL_SIZE)
        lengths.append(drawn.get_window_extent().width)
        drawn.remove()
    return (max(lengths) + NAME_GAP / 72 * panel.figure.dpi) / panel.get_window_extent().height


def op_order(op):
    return (list(COLOURS).index(op) if op in COLOURS else len(COLOURS), op)


def denominator(dtype):
    """The mix whose ceiling is the roof of a data type."""
    return "dot" if dtype in ("bf16", "s8") else "fma"


def roofs(ceilings, isas, run_dir, common, threads):
    """(peak GFLOP/s, {level: GB/s}): for each the best that was found. `isas`: the machine's, best first.

    Without `update`, like `roofgap gap` for what is attainable: it writes where it has read, so that a line that moves
    once counts twice, and no op does.
    """
    ceilings = [row for row in ceilings if row["pattern"] != "update"]
    wider = isas[: isas.index(common["isa"])] if common["isa"] in isas else []

    def best(**wanted):
        fits = [row for row in ceilings if all(row[column] in (value, "") for column, value in wanted.items())]
        # Up to L2 the vector width limits: like `roofgap gap`, no wider one than the rows', where theirs was measured.
        if wanted.get("level") in ("L1", "L2") and any(row["isa"] == common["isa"] for row in fits):
            fits = [row for row in fits if row["isa"] not in wider]
        return max((number(row, "best") or 0 for row in fits), default=0)

    wanted = {"threads": str(threads)}
    peak = best(kind="compute", op_mix=denominator(common["dtype"]), isa=common["isa"], dtype=common["dtype"], **wanted)
    levels = {row["level"] for row in ceilings if row["kind"] == "memory"}
    nearest_first = sorted(levels, key=lambda level: (level == "DRAM", level))
    bandwidths = {level: best(kind="memory", level=level, **wanted) for level in nearest_first}
    bandwidths = {level: value for level, value in bandwidths.items() if value}
    if not peak or not bandwidths:
        raise InputError(
            f"{run_dir}/ceilings.csv has no {'memory' if peak else 'compute'} roof for {common['isa']}, "
            f"{common['dtype']}, {threads} threads; run: hwprobe --threads {threads}, then roofgap run again"
        )
    return peak, bandwidths


def draw_roofs(panel, peak, bandwidths, peak_name="FMA", peak_name_at=None):
    """`peak_name_at`: where the name of the peak begins, as x; None: where the peak does."""
    low_x, high_x = panel.get_xlim()
    low_y, high_y = panel.get_ylim()
    nearest = max(bandwidths.values())
    panel.plot([peak / nearest, high_x], [peak, peak], color="black", linewidth=1.8, zorder=2)
    panel.annotate(
        f"{peak_name} peak {value(peak)} GFLOP/s",
        (peak_name_at or peak / nearest, peak),
        xytext=(0, 5),
        textcoords="offset points",
        fontsize=10,
        fontweight="bold",
    )
    # A line of slope one on log axes rises at the angle of a decade's height over a decade's width.
    box = panel.get_window_extent()
    inches = box.width / panel.figure.dpi
    angle = math.degrees(math.atan2(box.height / math.log(high_y / low_y), box.width / math.log(high_x / low_x)))
    above = math.inf
    for level, bandwidth in sorted(bandwidths.items(), key=lambda item: -item[1]):
        # A line's name stands above it; below, where the next line is so near that the name would cross it.
        below = above / bandwidth < 1.8
        above = bandwidth
        offset = -13 if below else 3
        start = max(low_x, low_y / bandwidth)
        style = dict(color=ROOF_COLOUR, linewidth=1.4, linestyle=ROOF_STYLES.get(level, OTHER_ROOF_STYLE), zorder=2)
        panel.plot([start, peak / bandwidth], [start * bandwidth, peak], **style)
        # A steep line's name, which leans to the left of where it begins, stays inside.
        at = start * max(1.2, (high_x / low_x) ** (12 * math.sin(math.radians(angle)) / 72 / inches))
        panel.annotate(
            f"{level} {value(bandwidth)} GB/s",
            (at, at * bandwidth),
            xytext=(-offset * math.sin(math.radians(angle)), offset * math.cos(math.radians(angle))),
            textcoords="offset points",
            rotation=angle,
            rotation_mode="anchor",
            fontsize=10,
            color="#333333",
            bbox=BEHIND_TEXT,
        )


def save(figure, stem):
    """Writes STEM.svg and STEM.png and prints their names. The same picture has the same bytes each time."""
    import matplotlib  # only who draws needs it

    matplotlib.rcParams["svg.hashsalt"] = "roofgap"
    for suffix in (".svg", ".png"):
        figure.savefig(stem + suffix, dpi=130, metadata={"Date": None} if suffix == ".svg" else None)
        print(stem + suffix)


def value(number_):
    """Three significant digits, without an exponent."""
    return f"{number_:.0f}" if number_ >= 100 else f"{number_:.3g}"


def log_ticks(low, high):
    """Round numbers in between: three to five where there are so many."""
    ticks = []
    for base, factors in ((1000, (1,)), (10, (1,)), (10, (1, 3)), (10, (1, 2, 5)), (10, (1, 1.5, 2, 3, 5, 7)),
                          (10, (1, 1.2, 1.4, 1.7, 2, 2.5, 3, 4, 5, 6, 7, 8))):
        powers = range(math.floor(math.log(low, base)), math.ceil(math.log(high, base)) + 1)
        ticks = [factor * float(base) ** power for power in powers for factor in factors]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) >= 3:
            break
    return ticks[:: -(-len(ticks) // 5) or 1]


def draw_problems(panel, rows, colours, names, names_top):
    """A stroke through the variants of each problem, and below all points its name, the names kept apart; no names
    where `names_top` is None."""
    problems = {}
    for row in rows:
        problems.setdefault(row["problem"], []).append(row)
    ordered = sorted(problems.values(), key=lambda group: number(group[0], "intensity"))
    low_x, high_x = panel.get_xlim()
    pitch = name_pitch(panel)
    wanted = [math.log(number(group[0], "intensity")) for group in ordered]
    placed = [None] * len(wanted)
    if names_top is not None:
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
            names[group[0]["problem"]],
            (name_x, names_top),
            xytext=(0, -NAME_GAP / 2),
            textcoords="offset points",
            rotation=90,
            ha="center",
            va="top",
            fontsize=LABEL_SIZE,
            color="#222222",
            bbox=BEHIND_TEXT,
        )


def names_of(rows, length=NAME_LENGTH):
    """A name for each problem: the label where no other has it, the problem itself otherwise; long ones shortened."""
    labels = {row["problem"]: row["label"] for row in rows}
    used = list(labels.values())
    alone = {problem: label and used.count(label) == 1 for problem, label in labels.items()}
    return {problem: shorten(label if alone[problem] else problem, length) for problem, label in labels.items()}


def shorten(text, length=NAME_LENGTH):
    """Leaves the middle out of a long text: what tells names apart stands at their ends."""
    half = (length - 1) // 2
    return text if len(text) <= length else text[: length - 1 - half] + "…" + text[-half:]


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
