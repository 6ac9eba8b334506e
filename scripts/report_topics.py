"""What a report says of separable convolutions, Pareto frontiers and budgets: their numbers are of the CSV files."""
from collections import Counter

from report_text import percent, short
from report_topic import Table, Topic, conditions, extreme, groups, least_to_most, plural, read, table, threads
from roofgap_io import number

PAIRS = (
    "comparison dtype isa threads cache status promised latency_ratio latency_low latency_high arrives "
    "part_padding part_algorithm part_memory part_standard part_separable standard_problem "
    "standard_label standard_algorithm standard_median_ns separable_algorithm separable_median_ns")
RIVALS = {"fastest": "the fastest standard convolution, Winograd too",
          "direct": "standard convolution that does every multiplication",
          "onednn": "standard convolution, both oneDNN's"}
ALTERNATIVES = (
    "problem label variant dtype isa threads cache status group verdict dims units value_1 value_2 value_3 value_4 "
    "value_5 value_6")
VERDICTS = (
    "problem label variant dtype isa threads cache status target verdict median_ns latency_share peak_bytes "
    "memory_share power_w power_share")
SETTING = [("threads", "short", "threads"), ("setting", "text", conditions)]
UNIT_FORMS = {"ns": "duration", "byte": "bytes", "J": "joules"}


def separable(run_dir):
    pairs = [row for row in read(run_dir, "separable.csv", PAIRS, "roofgap separable") if row["arrives"]]
    sentences = [arrival(words, [row for row in pairs if row["comparison"] == comparison])
                 for comparison, words in RIVALS.items() if any(row["comparison"] == comparison for row in pairs)]
    return Topic("separable", "Separable convolutions: what arrives of the promise", sentences, [table(
        "Separable against standard convolutions", pairs,
        ("standard", "problem", lambda row: [row["standard_label"], row["standard_problem"]]), *SETTING,
        ("rival", "text", "comparison"), ("its algorithm", "text", "standard_algorithm"),
        ("separable's", "text", "separable_algorithm"), ("standard time", "duration", "standard_median_ns"),
        ("separable time", "duration", "separable_median_ns"), ("promised", "short", "promised"),
        ("real", "short", "latency_ratio"), ("at least", "short", "latency_low"), ("at most", "short", "latency_high"),
        ("arrives", "percent", "arrives"),
        *((part, "short", f"part_{part}") for part in ("padding", "algorithm", "memory", "standard", "separable")),
        ("status", "text", "status"))], important=True)


def arrival(rival, rows):
    """What is promised and what is real against one kind of rival."""
    slower = [row for row in rows if row["latency_high"] and number(row, "latency_high") < 1]
    least, most = extreme(rows, "arrives", min), extreme(rows, "arrives")
    return (f"Against {rival}, separable convolutions promise {least_to_most(rows, 'promised')} times fewer FLOPs, and "
            f"{percent(number(least, 'arrives'))} ({arrived(least)}) to {percent(number(most, 'arrives'))} "
            f"({arrived(most)}) of that arrives; they are slower in {len(slower)} of {plural(len(rows), 'pair')}.")


def arrived(row):
    return (f"{row['standard_problem']}, {threads(row)}, {row['cache']}: "
            f"{short(number(row, 'promised'))} promised, {short(number(row, 'latency_ratio'))} real")


def pareto(run_dir):
    rows = read(run_dir, "pareto.csv", ALTERNATIVES, "roofgap pareto")
    frontier = [row for row in rows if row["verdict"] == "frontier"]
    if not frontier:
        return Topic("pareto", "", [], [])
    dims, units = frontier[0]["dims"].split(), frontier[0]["units"].split()
    variants = Counter(variant for _, variant in groups(frontier, "group", "variant"))
    on = ", ".join(f"{variant} on {count}" for variant, count in variants.most_common())
    dominated = sum(row["verdict"] == "dominated" for row in rows)
    sentences = [f"Over {' and '.join(dims)}, {plural(len(groups(frontier, 'group')), 'frontier')}: {on}. "
                 f"{plural(len(frontier), 'row')} of {len(frontier) + dominated} that are compared no other beats."]
    values = [(dim.replace("_bytes", ""), UNIT_FORMS.get(unit, "short"), f"value_{at}")
              for at, (dim, unit) in enumerate(zip(dims, units), 1)]
    return Topic("pareto", "Pareto frontiers", sentences, [table(
        "Rows that no alternative beats", frontier, ("problem", "problem", problem), ("variant", "text", "variant"),
        *SETTING, *values, ("status", "text", "status"))])


def budgets(run_dir):
    rows = [row for row in read(run_dir, "budgets.csv", VERDICTS, "roofgap budgets") if row["median_ns"]]
    verdicts = list(dict.fromkeys(row["verdict"] for row in rows))
    by_target = groups(rows, "target")
    missed = [row for row in rows if row["verdict"].startswith("misses")]
    counts = Table("Rows by target and verdict", [("target", "text")] + [(verdict, "short") for verdict in verdicts],
                   [[target, *(sum(row["verdict"] == verdict for row in of) for verdict in verdicts)]
                    for (target,), of in by_target.items()])
    return Topic("budgets", "Budgets of deployment targets",
                 [verdict(target, of) for (target,), of in by_target.items()],
                 [counts, table(
                     "What misses a budget", missed, ("problem", "problem", problem), ("variant", "text", "variant"),
                     *SETTING, ("target", "text", "target"), ("verdict", "text", "verdict"),
                     ("median", "duration", "median_ns"), ("of the latency", "percent", "latency_share"),
                     ("peak memory", "bytes", "peak_bytes"), ("of the memory", "percent", "memory_share"),
                     ("of the power", "percent", "power_share"), ("status", "text", "status"))])


def verdict(target, rows):
    counts = Counter(row["verdict"].replace(", ", " and ") for row in rows).most_common()
    (words, count), *others = counts
    first = f"{words} for {'all ' if not others else f'{count} of '}{plural(len(rows), 'row')}"
    said = "; ".join([first, *(f"{words} for {count}" for words, count in others)])
    if not any(row["latency_share"] for row in rows):
        return f"{target}: {said}."
    longest = extreme(rows, "latency_share")
    return (f"{target}: {said}. The slowest, {longest['problem']}, {longest['variant']}, takes "
            f"{percent(number(longest, 'latency_share'))} of the latency.")


def problem(row):
    return [row["label"], row["problem"]]
