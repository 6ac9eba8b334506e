"""What a report says of attention over its length: exponents, crossovers, how far approximations are from exact."""
from collections import Counter

from report_text import short
from report_topic import Topic, conditions, extreme, groups, least_to_most, plural, read, table, threads
from roofgap_io import number

FAMILY = "sweep b h kvh d causal dtype isa threads cache "
METHOD = "op variant k m "
FITTED = FAMILY + METHOD + "quantity range status n_from n_to exponent half_width formula expected agreement"
CROSSED = FAMILY + "faster_op faster_variant faster_k faster_m rival_op rival_variant rival_k rival_m " + (
    "verdict status n n_low n_high lengths decided")
COMPARED = FAMILY + METHOD + (
    "problem label n status median_ns exact_variant exact_median_ns speedup speedup_low speedup_high "
    "distance_from_exact")
SWEEPS = {"self": "n = s = t", "decode": "one query over n keys", "": "other lengths"}
COMMAND = "roofgap gap"


def topic(run_dir):
    fits = longest_range(row for row in read(run_dir, "complexity.csv", FITTED, COMMAND) if row["exponent"])
    crossings = read(run_dir, "crossovers.csv", CROSSED, COMMAND)
    compared = [row for row in read(run_dir, "attention.csv", COMPARED, COMMAND) if row["speedup"]]
    setting = [("shape", "text", shape), ("threads", "short", "threads"), ("setting", "text", conditions)]
    tables = [
        table("Exponents of the length", fits,
              ("method", "text", method), *setting, ("of", "text", "quantity"), ("exponent", "fixed", "exponent"),
              ("95 % interval ±", "fixed", "half_width"), ("expected", "short", "expected"),
              ("textbook", "text", "formula"), ("agreement", "text", lambda row: row["agreement"].replace("_", " ")),
              ("n from", "short", "n_from"), ("n to", "short", "n_to"), ("status", "text", "status")),
        table("Where one method overtakes another", sorted(crossings, key=lambda row: row["verdict"] != "crossing"),
              ("faster below", "text", lambda row: method(row, "faster_")),
              ("faster above", "text", lambda row: method(row, "rival_")), *setting, ("verdict", "text", "verdict"),
              ("at n", "short", "n"), ("at least", "short", "n_low"), ("at most", "short", "n_high"),
              ("lengths", "short", "lengths"), ("decided", "short", "decided"), ("status", "text", "status")),
        table("Approximations against the fastest exact attention", compared,
              ("method", "text", method), *setting, ("n", "short", "n"), ("median", "duration", "median_ns"),
              ("exact", "text", "exact_variant"), ("its median", "duration", "exact_median_ns"),
              ("times as fast", "short", "speedup"), ("at least", "short", "speedup_low"),
              ("at most", "short", "speedup_high"), ("distance from exact", "short", "distance_from_exact"),
              ("status", "text", "status")),
    ]
    sentences = [*growth(fits), *overtaking(crossings), *approximations(compared)]
    return Topic("attention", "Attention over its length", sentences, tables, important=True)


def longest_range(fits):
    """Of each method and quantity the exponent of the longer lengths, where there is one."""
    chosen = {}
    for row in fits:
        key = tuple(row[column] for column in (FAMILY + METHOD + "quantity").split())
        if key not in chosen or row["range"] == "from_1024":
            chosen[key] = row
    return list(chosen.values())


def growth(fits):
    """Time before workspace, exact attention before its approximations."""
    for quantity in ("time", "workspace"):
        of = [row for row in fits if row["quantity"] == quantity]
        for exact in (True, False):
            for (sweep,), rows in groups((row for row in of if (row["op"] == "attention") == exact), "sweep").items():
                methods = groups(rows, "op", "variant").items()
                exponents = ", ".join(f"{least_to_most(some, 'exponent', two_digits)} ({name(*one)})"
                                      for one, some in methods)
                expected = sum(row["agreement"] == "as_expected" for row in rows)
                yield (f"{quantity.capitalize()} grows with the length n ({SWEEPS.get(sweep, sweep)}) by exponents of "
                       f"{exponents}; the textbook's is {least_to_most(rows, 'expected')}, and "
                       f"{expected} of {plural(len(rows), 'fit')} are as expected.")


def overtaking(crossings):
    """How often exact methods beat each other at all lengths, and where approximations overtake them."""
    always = [row for row in crossings if row["verdict"] == "always" and row["faster_op"] == "attention"]
    for words, exact in (("one exact method beats another", True), ("exact attention beats an approximation", False)):
        among = [row for row in always if same_op(row) == exact]
        if among:
            winners = Counter(row["faster_variant"] for row in among).most_common()
            yield (f"At every length that is decided {words} in {plural(len(among), 'comparison')}: "
                   f"{', '.join(f'{variant} in {count}' for variant, count in winners)}.")
    overtaken = [row for row in crossings if row["verdict"] == "crossing" and row["n"]
                 and row["faster_op"] == "attention" and not same_op(row)]
    if overtaken:
        first, last = extreme(overtaken, "n", min), extreme(overtaken, "n")
        yield (f"An approximation overtakes exact attention in {plural(len(overtaken), 'comparison')}: at the earliest "
               f"{crossing(first)}; at the latest {crossing(last)}.")


def approximations(rows):
    """The price of speed: those that are fastest and nearest to exact."""
    if not rows:
        return
    faster = [row for row in rows if row["speedup_low"] and number(row, "speedup_low") > 1]
    text = f"Approximations are faster than the fastest exact attention in {len(faster)} of {plural(len(rows), 'row')}"
    known = [row for row in faster if row["distance_from_exact"]]
    if known:
        text += (f"; most by {approximation(extreme(known, 'speedup'))}; nearest to the exact result among them is "
                 f"{approximation(extreme(known, 'distance_from_exact', min))}")
    yield text + "."


def same_op(row):
    return row["faster_op"] == row["rival_op"]


def crossing(row):
    return (f"{method(row, 'rival_')} {method(row, 'faster_')} at n = {short(number(row, 'n'))} "
            f"({shape(row)}, {threads(row)})")


def approximation(row):
    return (f"{method(row)} at {row['problem']}, {short(number(row, 'speedup'))} times as fast as "
            f"{row['exact_variant']}, {short(number(row, 'distance_from_exact'))} from exact "
            f"({threads(row)})")


def name(op, variant):
    return variant if op == "attention" else f"{op} {variant}"


def method(row, side=""):
    sizes = [size + row[side + size] for size in ("k", "m") if row[side + size]]
    return " ".join([name(row[side + "op"], row[side + "variant"]), *sizes])


def shape(row):
    heads = f"h{row['h']}" + (f" kvh{row['kvh']}" if row["kvh"] != row["h"] else "")
    batch = f"b{row['b']} " if row["b"] != "1" else ""
    causal = " causal" if row["causal"] == "1" else ""
    return f"{batch}{heads} d{row['d']}{causal}, {SWEEPS.get(row['sweep'], row['sweep'])}"


def two_digits(value):
    return f"{value:.2f}".replace("-0.00", "0.00")
