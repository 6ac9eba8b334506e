"""The panels of attention over its length: time or bytes over n with their exponents, and errors over speed-up."""
import math

from matplotlib.ticker import FixedLocator, LogLocator
from matplotlib.transforms import Bbox

import roofline_axes
from roofgap_io import number

TIME = (1000, ("ns", "µs", "ms", "s"))
BYTES = (1024, ("B", "KiB", "MiB", "GiB", "TiB"))
SLOWER, TEXT_COLOUR, GRID = "#f3f3f3", "#444444", "#e6e6e6"
FADED = 0.35
LABEL_SIZE, LABEL_PITCH = 10, 0.175  # points, inches


def method_of(row):
    name = row["variant"] if row["op"] == "attention" else f"{row['op']} {row['variant']}"
    return name + "".join(f" {column}{row[column]}" for column in ("k", "m") if row[column])


def exponent_text(fits, method, threads, quantity):
    """"n^1.98 ±0.03", of the longer lengths where they have an exponent; "" without one."""
    for wanted in ("from_1024", "all"):
        for fit in fits:
            found = (method_of(fit), fit["threads"], fit["quantity"], fit["range"])
            if found == (method, str(threads), quantity, wanted) and fit["exponent"]:
                exponent = round(number(fit, "exponent"), 2) + 0.0  # no minus before a zero
                return f"n^{exponent:.2f} ±{number(fit, 'half_width'):.2f}"
    return ""


def draw_lines(panel, rows, fits, styles, threads, quantity):
    """One line for each method; returns where each ends, and what to write there."""
    column = "median_ns" if quantity == "time" else "workspace_bytes"
    labels, empty = [], []
    for (_, _, method), (colour, marker, line) in styles.items():
        points = [row for row in rows if method_of(row) == method and int(row["threads"]) == threads]
        points = sorted((row for row in points if row[column]), key=lambda row: int(row["n"]))
        drawn = [row for row in points if number(row, column) > 0]
        if points and not drawn:
            empty.append(method)
        if not drawn:
            continue
        panel.plot([int(row["n"]) for row in drawn], [number(row, column) for row in drawn], color=colour,
                   linestyle=line, linewidth=1.6, zorder=4)
        for row in drawn:
            faded = row["status"] == "unstable" and quantity == "time"
            panel.plot(int(row["n"]), number(row, column), marker=marker, markersize=6.5, color=colour,
                       markeredgecolor="white", markeredgewidth=0.7, zorder=5, alpha=FADED if faded else 1)
        text = exponent_text(fits, method, threads, quantity)
        if text:
            labels.append((int(drawn[-1]["n"]), number(drawn[-1], column), text, colour))
    return labels, empty


def frame(panel, lengths, values, unit):
    """Log axes."""
    panel.set(xscale="log", yscale="log", xlim=(lengths[0] / 1.25, lengths[-1] * 1.25),
              ylim=(min(values) / 2.2, max(values) * 2.2))
    panel.xaxis.set_major_locator(FixedLocator(apart(lengths)))
    panel.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    panel.yaxis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5) if max(values) < 100 * min(values) else (1,)))
    if unit is BYTES:
        panel.yaxis.set_major_locator(LogLocator(base=4 if max(values) < 512 * min(values) else 32))
    panel.yaxis.set_major_formatter(lambda value, _: with_unit(value, unit))
    panel.xaxis.set_minor_locator(FixedLocator([]))
    panel.yaxis.set_minor_locator(FixedLocator([]))
    tidy(panel)


def apart(lengths):
    """Those whose numbers have room, powers of two before others."""
    kept = []
    for n in sorted(lengths, key=lambda n: (n & (n - 1) != 0, n)):
        if all(max(n, other) >= 1.4 * min(n, other) for other in kept):
            kept.append(n)
    return sorted(kept)


def tidy(panel):
    panel.grid(True, color=GRID, linewidth=0.8)
    panel.set_axisbelow(True)
    panel.tick_params(labelsize=10)
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)


def with_unit(value, unit):
    step, names = unit
    for name in names[:-1]:
        if value < step:
            return f"{value:.3g} {name}"
        value /= step
    return f"{value:.3g} {names[-1]}"


def write_exponents(panel, labels):
    """Right of the panel, kept apart, each joined with the end of its line."""
    low, high = (math.log(value) for value in panel.get_ylim())
    inches = panel.get_window_extent().height / panel.figure.dpi
    pitch = LABEL_PITCH / inches * (high - low)
    ordered = sorted(labels, key=lambda label: label[1])
    places = roofline_axes.spread([math.log(label[1]) for label in ordered], pitch, low + pitch / 2, high - pitch / 2)
    for (n, value, text, colour), place in zip(ordered, places):
        if place is None:
            continue
        panel.annotate(text, (n, value), xytext=(1.03, math.exp(place)), textcoords=panel.get_yaxis_transform(),
                       va="center", fontsize=LABEL_SIZE, color=colour, annotation_clip=False, zorder=3,
                       arrowprops=dict(arrowstyle="-", color=colour, linewidth=0.7, alpha=0.55, shrinkA=1, shrinkB=3,
                                       relpos=(0, 0.5)))


def draw_growth(panel, rows, fits, styles, threads, quantity):
    labels, empty = draw_lines(panel, rows, fits, styles, threads, quantity)
    if quantity == "workspace" and empty:
        panel.text(0.02, 0.97, "0 bytes: " + ",\n".join(empty), transform=panel.transAxes, fontsize=LABEL_SIZE,
                   va="top", color=TEXT_COLOUR)
    write_exponents(panel, labels)


def draw_errors(panel, rows, styles):
    """A point for each row: joined over n, the ends named; at an n with several k or m joined over these."""
    names = {}
    panel.axvspan(panel.get_xlim()[0], 1, color=SLOWER, zorder=0)
    panel.axvline(1, color="#999999", linewidth=1, zorder=1)
    for kind, points in group(rows, lambda row: (row["op"], row["variant"])).items():
        colour, marker, line = style_of(kind, styles)
        over_n = [one for one in group(points, method_of).values() if len(one) > 1]
        over_size = [one for one in group(points, lambda row: row["n"]).values() if len(one) > 1]
        for joined in over_n:
            ordered = sorted(joined, key=lambda row: int(row["n"]))
            panel.plot(*positions(ordered), color=colour, linestyle=line, linewidth=1.4, zorder=3)
            name_ends(names, ordered, lambda row: f"n {row['n']}", 1, colour)
        for joined in over_size:
            ordered = sorted(joined, key=lambda row: number(row, size_of(row)))
            panel.plot(*positions(ordered), color=colour, linewidth=0.8, zorder=3)
            name_ends(names, ordered, lambda row: size_of(row) + row[size_of(row)], -1, colour)
        for row in points:
            panel.plot(*positions([row]), marker=marker, markersize=6.5, color=colour, markeredgecolor="white",
                       markeredgewidth=0.7, zorder=5, alpha=FADED if row["status"] == "unstable" else 1)
    write_names(panel, rows, names)


def name_ends(names, rows, name, side, colour):
    """Adds the names of the first and the last row to `names`, to stand above (1) or below (-1) them."""
    for row in (rows[0], rows[-1]):
        names.setdefault((position(row), name(row)), (side, colour))


def write_names(panel, rows, names):
    """Each on its side of its point if there is room, else on another, else farther away: on no point or other name."""
    renderer = panel.figure.canvas.get_renderer()
    pixels = panel.figure.dpi / 72
    taken = [Bbox.from_bounds(x - 4 * pixels, y - 4 * pixels, 8 * pixels, 8 * pixels)
             for x, y in panel.transData.transform([position(row) for row in rows])]
    for (place, name), (side, colour) in names.items():
        for x, y in [(x * far, y * far) for far in (7, 18, 29) for x, y in ((0, side), (1, 0), (-1, 0), (0, -side))]:
            drawn = panel.annotate(name, place, xytext=(x, y), textcoords="offset points", fontsize=9, color=colour,
                                   ha="left" if x > 0 else "right" if x < 0 else "center",
                                   va="bottom" if y > 0 else "top" if y < 0 else "center", zorder=6,
                                   bbox=roofline_axes.BEHIND_TEXT)
            box = drawn.get_window_extent(renderer)
            if box.count_overlaps(taken) == 0:
                break
            drawn.remove()
        else:
            continue
        taken.append(box)


def positions(rows):
    return zip(*map(position, rows))


def position(row):
    return number(row, "speedup"), number(row, "distance_from_exact")


def size_of(row):
    """Which column says how large the approximation is: k of linformer, m of performer."""
    return "k" if row["k"] else "m"


def group(rows, key):
    groups = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def style_of(kind, styles):
    """That of its first line, for whatever k or m."""
    return next(style for (op, variant, _), style in styles.items() if (op, variant) == kind)


def approximations(rows):
    """Of each op the variant with the largest speed-up: all variants of an op have the same distance."""
    compared = [row for row in rows if row["speedup"] and row["distance_from_exact"]]
    fastest = {op: max(of, key=lambda row: number(row, "speedup"))["variant"]
               for op, of in group(compared, lambda row: row["op"]).items()}
    return [row for row in compared if row["variant"] == fastest[row["op"]]]


def other_approximations(rows):
    shown = approximations(rows)
    return [row for row in rows if row["speedup"] and row["distance_from_exact"] and row not in shown]


def frame_errors(panel, rows):
    speedups = [number(row, "speedup") for row in rows] + [1]
    distances = [number(row, "distance_from_exact") for row in rows]
    panel.set(xscale="log", xlim=(min(speedups) / 1.6, max(speedups) * 1.6),
              ylim=(-0.1 * max(distances), max(distances) * 1.2))
    panel.xaxis.set_major_locator(LogLocator(base=2, numticks=12))
    panel.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    panel.xaxis.set_minor_locator(FixedLocator([]))
    tidy(panel)
