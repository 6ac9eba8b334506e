"""How the report writes numbers, and the sentences about a run's gaps: their numbers are of CSV and JSON files."""
import math

import gap_rows
from roofgap_io import InputError, number

SETTING = ("dtype", "isa", "threads", "cache")
NAMES = {"flops": "FLOPs", "attainable": "the attainable time"}
OF = {"all": "all timed rows", "fastest": "the fastest variants"}
ROOF_KEY = "kind isa dtype op_mix level pattern pages core_kind threads".split()
DRIFTS_NAMED = 3
NO_BREAK = "\u00a0"
PAIRS_SHOWN = 3
ROWS_NAMED = 5


def short(value):
    """Three significant digits, without an exponent where one can read it."""
    if value == 0:
        return "0"
    if 999.5 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:.3g}" if 1e-4 <= abs(value) < 1e9 else f"{value:.2e}"


def scaled(value, steps, unit):
    """Three digits and a unit: the largest of the steps that is not more than the value."""
    for step, prefix in steps:
        if abs(value) >= step * 0.9995:
            return f"{short(value / step)}{NO_BREAK}{prefix}{unit}"
    return f"{short(value)}{NO_BREAK}{unit}"


def duration(nanoseconds):
    return scaled(nanoseconds * 1e-9, ((1, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n")), "s")


def flops(value):
    return scaled(value, ((1e9, "G"), (1e6, "M"), (1e3, "k")), "FLOP")


def joules(value):
    return scaled(value, ((1, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n")), "J")


def size(count):
    return scaled(count, ((1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")), "B")


def percent(fraction):
    return f"{short(fraction * 100)}{NO_BREAK}%"


def name_of(row):
    label = f"{row['label']} ({row['problem']})" if row.get("label") else row["problem"]
    return f"{label}, {row['variant']} ({setting_of(row)})"


def setting_of(row):
    return f"{row['isa']}, {gap_rows.threads_text(int(row['threads']))}, {row['cache']}"


def findings(run):
    """The sentences about one run, the most important first: what is broken, what its topics say, its gaps."""
    rows = run["rows"]
    yield from faults(rows)
    yield from (topic.sentences[0] for topic in run["topics"] if topic.important)
    yield from predictions(run["predictors"], "fastest", run["dir"])
    yield from told(run, "largest_gap", "nearest_roof")
    yield from predictions(run["predictors"], "all", run["dir"])
    yield from told(run, "misordered") if run["told"] else misordered(run["misordered"], run["dir"])
    yield from money(rows)
    yield from energy(rows)


def told(run, *kinds):
    """As `roofgap gap` says it, where gap.json holds that."""
    return [text for kind in kinds for text in run["told"].get(kind, [])]


def counts(rows):
    statuses = [row["status"] for row in rows]
    parts = [f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses)]
    return f"{len(rows)} rows: {', '.join(parts)}."


def predictions(predictors, of, run_dir):
    """Of the whole run: FLOPs, then the attainable time."""
    if predictors is None and of == "fastest":
        yield f"What predicts the times is not known, for want of predictors.csv. Run: roofgap gap {run_dir}"
    whole = [row for row in predictors or [] if not any(row[column] for column in SETTING) and row["of"] == of]
    rows = sorted((row for row in whole if number(row, "ordered_pairs")), key=lambda row: row["predictor"] != "flops")
    if rows:
        yield f"Of {OF[of]}, {'; '.join(map(judgement, rows))}."


def judgement(row):
    """By factors, for an error is 1 at most where too little was promised; earlier runs have errors alone."""
    verb = "put" if row["predictor"] == "flops" else "puts"
    if row.get("median_factor"):
        off = f"off by a factor of {field(row, 'median_factor')} in the median, {field(row, 'worst_factor')} at worst"
    else:
        off = f"median error {field(row, 'median_error', percent)}, worst {field(row, 'worst_error', percent)}"
    return (f"{NAMES.get(row['predictor'], row['predictor'])} {verb} {row['wrong_pairs']} of {row['ordered_pairs']} "
            f"pairs in the wrong order (Kendall's tau {field(row, 'tau')}, {off})")


def field(row, column, form=short):
    value = number(row, column)
    return "not known" if value is None else form(value)


def gap_json(run_dir):
    return f"roofgap gap {run_dir} --json {run_dir}/gap.json"


def misordered(pairs, run_dir):
    """For want of sentences: as gap.json has the pairs, and what it lacks."""
    lacks = "Which gap is the largest and which row is nearest to its roof"
    if pairs is None:
        yield (f"{lacks}, and which pairs FLOPs order wrongly, is not known, for want of gap.json. "
               f"Run: {gap_json(run_dir)}")
        return
    yield f"{lacks} is not known, for want of `findings` in gap.json. Run: {gap_json(run_dir)}"
    for pair in pairs[:PAIRS_SHOWN]:
        try:
            sides = [
                (pair[f"{side}_problem"], pair[f"{side}_variant"], flops(pair[f"{side}_flops"]),
                 duration(pair[f"{side}_median_ns"]))
                for side in ("fewer", "more")
            ]
            where = setting_of(pair)
        except (TypeError, ValueError) as error:
            raise InputError(f"{run_dir}/gap.json: a pair in `misordered` has no numbers") from error
        (problem, variant, work, time), (other, other_variant, other_work, other_time) = sides
        yield (f"Fewer FLOPs, more time: {problem}, {variant}, takes {time} for {work}; {other}, {other_variant}, "
               f"{other_time} for {other_work} ({where}).")


def money(rows):
    priced = sorted((row for row in rows if row["usd_per_1k"]), key=lambda row: number(row, "usd_per_1k"))
    if priced:
        low, high = priced[0], priced[-1]
        yield (f"1000 inferences cost {short(number(low, 'usd_per_1k'))} $ ({name_of(low)}) to "
               f"{short(number(high, 'usd_per_1k'))} $ ({name_of(high)}), at {low['usd_per_hour']} $ per hour, "
               f"utilisation {low['utilisation']}.")


def energy(rows):
    """What an inference takes, or why that is not known."""
    known = sorted((row for row in rows if row["energy_j"]), key=lambda row: number(row, "energy_j"))
    if known:
        low, high = known[0], known[-1]
        yield (f"A call takes {joules(number(low, 'energy_j'))} ({name_of(low)}) to "
               f"{joules(number(high, 'energy_j'))} ({name_of(high)}).")
    else:
        why = dict.fromkeys(row["energy_status"] for row in rows if row["median_ns"] and row["energy_status"])
        if why:
            yield f"Energy is not known: {', '.join(why)}."


def drift(ceilings, again):
    """What roofs measured again after the run say; `again`: by key_of_roof."""
    twice = [(row, again[key_of_roof(row)]) for row in ceilings if key_of_roof(row) in again]
    pairs = [(before, after) for before, after in twice if number(before, "median") and number(after, "median")]
    if not pairs:
        return
    pairs.sort(key=lambda pair: -abs(math.log(number(pair[1], "median") / number(pair[0], "median"))))
    moved = "; ".join(
        f"{name_of_roof(before)}, {gap_rows.threads_text(int(before['threads']))}: "
        f"{short(number(before, 'median'))} before, {short(number(after, 'median'))} {before['unit']} after"
        for before, after in pairs[:DRIFTS_NAMED])
    yield f"{len(pairs)} roofs were measured again after the run. The medians that moved most: {moved}."


def key_of_roof(row):
    return tuple(row[column] for column in ROOF_KEY)


def name_of_roof(row):
    words = [row[column] for column in ("kind", "level", "pattern", "op_mix", "dtype", "isa") if row[column]]
    words += [f"{row['pages']} pages"] if row["pages"] else []
    return " ".join(words + ([row["core_kind"]] if row["core_kind"] not in ("", "uniform") else []))


def faults(rows):
    wrong = [row for row in rows if row["status"] == "wrong"]
    if wrong:
        yield f"{len(wrong)} with a wrong result: {listed(wrong, 'reason')}."
    above = [row for row in rows if row["lever"] == "model"]
    if above:
        yield f"{len(above)} above the hard roof, where a ceiling or a count is wrong: {listed(above, 'warnings')}."
    timed = [row for row in rows if row["median_ns"]]
    without = [row for row in timed if not row["roof_fraction"]]
    if without:
        yield f"{len(without)} of {len(timed)} timed rows stand under no roof: {listed(without, 'warnings')}."


def listed(rows, why):
    texts = [name_of(row) + (f": {row[why]}" if row[why] else "") for row in rows[:ROWS_NAMED]]
    return "; ".join(texts) + (f"; and {len(rows) - ROWS_NAMED} more" if len(rows) > ROWS_NAMED else "")
