"""How the report writes numbers, and the sentences about what C++ found: their numbers are of CSV and JSON files."""
import gap_rows
from roofgap_io import InputError, number

SETTING = ("dtype", "isa", "threads", "cache")
NAMES = {"flops": "FLOPs", "attainable": "the attainable time"}
OF = {"all": "all timed rows", "fastest": "the fastest variant of each problem"}
NEAREST_LIMIT = 1.02  # above it the model is wrong, not the row good
PARTS = ("algorithm", "memory", "implementation")
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
    """The sentences about one run."""
    rows = run["rows"]
    yield counts(rows)
    yield from predictions(run["predictors"], run["dir"])
    yield from misordered(run["misordered"], run["dir"])
    yield from outstanding(rows)
    yield from faults(rows)


def counts(rows):
    statuses = [row["status"] for row in rows]
    parts = [f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses)]
    return f"{len(rows)} rows: {', '.join(parts)}."


def predictions(predictors, run_dir):
    if predictors is None:
        yield f"What predicts the times is not known, for want of predictors.csv. Run: roofgap gap {run_dir}"
        return
    whole = [row for row in predictors if not any(row[column] for column in SETTING)]
    for row in sorted(whole, key=lambda row: row["of"]):
        if not number(row, "ordered_pairs"):
            continue
        yield f"Of {OF.get(row['of'], row['of'])}, " + NAMES.get(row["predictor"], row["predictor"]) + judgement(row)


def judgement(row):
    verb = "put" if row["predictor"] == "flops" else "puts"
    text = f" {verb} {row['wrong_pairs']} of {row['ordered_pairs']} pairs in the wrong order"
    for column, before, form in (
        ("tau", " (Kendall's tau ", short), ("median_error", "); the error is in the median ", percent),
        ("worst_error", ", at worst ", percent), ("scaled_error", ", with the best constant factor ", percent),
    ):
        value = number(row, column)
        text += before + ("not known" if value is None else form(value))
    return text + "."


def gap_json(run_dir):
    return f"roofgap gap {run_dir} --json {run_dir}/gap.json"


def misordered(pairs, run_dir):
    if pairs is None:
        yield f"Which pairs FLOPs order wrongly is not known, for want of gap.json. Run: {gap_json(run_dir)}"
        return
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


def outstanding(rows):
    """The largest gap of the fastest rows, and the row nearest to its roof."""
    stable = [row for row in gap_rows.fastest([row for row in rows if row["median_ns"]], ("problem", *SETTING))
              if row["status"] == "measured"]
    gapped = [row for row in stable if row["flops_gap"] and row["gap_implementation"]]
    if gapped:
        row = max(gapped, key=lambda row: number(row, "flops_gap"))
        parts = [f"{short(number(row, f'gap_{part}'))} {part}" for part in PARTS if row[f"gap_{part}"]]
        advice = f"; {row['advice']}." if row["advice"] else "."
        gap = short(number(row, "flops_gap"))
        yield (f"Largest gap of a fastest variant: {name_of(row)} takes {gap} times what its FLOPs promise = "
               f"{' × '.join(parts)}{advice}")
    near = [row for row in stable if row["roof_fraction"] and number(row, "roof_fraction") <= NEAREST_LIMIT]
    if near:
        row = max(near, key=lambda row: number(row, "roof_fraction"))
        roof = row["roof_level"] if row["bound"] == "memory" else row["bound"]
        yield f"Nearest to its roof: {name_of(row)}, {percent(number(row, 'roof_fraction'))} of the {roof} roof."


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
