"""The report's HTML: what does not change is written here, what is filtered and sorted is drawn by report_page.js."""
import os
from html import escape

import report_text
from report_text import duration, percent, short, size
from roofgap_io import number

UNKNOWN = '<span class="unknown">not known</span>'
ROOF_KEY = "kind isa dtype op_mix level pattern pages core_kind threads".split()
HERE = os.path.dirname(os.path.abspath(__file__))


def render(runs, pairs, words, without, embedded, plotly):
    """The page. `embedded`: the data of its script as JSON; `plotly`: the library, compressed, in base64."""
    compared = comparison(runs, pairs, words, without)
    parts = {
        "TITLE": escape("roofgap: " + ", ".join(run["name"] for run in runs)),
        "RUNS": ", ".join(f"<strong>{escape(run['name'])}</strong>" for run in runs),
        "STYLE": source("report_page.css"),
        "MACHINE": "".join(machine(run) for run in runs),
        "CEILINGS": "".join(ceilings(run, runs[:at]) for at, run in enumerate(runs)),
        "FINDINGS": "".join(findings(run, len(runs) > 1) for run in runs),
        "COMPARISON": compared,
        "COMPARISON_LINK": '<a href="#comparison">Comparison</a>' if compared else "",
        "SCRIPT": source("report_page.js"),
        "DATA": embedded,
        "PLOTLY": plotly,
    }
    # The template alone is searched for marks, not what was put in.
    return "".join(parts.get(piece, piece) for piece in source("report_page.html").split("@@"))


def source(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def text(value):
    """A value of a JSON file, as HTML."""
    if value is None or value == "" or value == []:
        return UNKNOWN
    if isinstance(value, list):
        return ", ".join(escape(str(item)) for item in value)
    return escape(str(value))


def described(pairs):
    return "<dl>" + "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in pairs) + "</dl>"


def machine(run):
    of, info = run["machine"], run["info"]
    memory = of.get("memory_bytes")
    quota = of.get("cgroup_quota_cpus")
    facts = [
        ("Processor", text(of.get("cpu_model"))),
        ("Machine", text(of.get("machine_id"))),
        ("Cores", f"{text(of.get('cores'))} physical, {text(of.get('hardware_threads'))} hardware threads"),
        ("Caches", caches(of.get("caches"))),
        ("Memory", size(memory) if isinstance(memory, (int, float)) else UNKNOWN),
        ("Instruction sets", text(of.get("isa"))),
        ("CPU quota", "none" if quota is None and "cgroup_quota_cpus" in of else text(quota)),
        ("Frequency governor", text(of.get("governor"))),
        ("Virtualisation", text(of.get("virtualisation"))),
        ("System", f"{text(of.get('os'))}, kernel {text(of.get('kernel'))}"),
    ]
    made = [
        ("Measured", text(info.get("utc"))),
        ("Command", f"<code>{text(info.get('command'))}</code>" if info.get("command") else UNKNOWN),
        ("roofgap", ", ".join(text(info.get(key)) for key in ("roofgap_version", "compiler", "build_type"))),
        ("Libraries", text(info.get("libraries"))),
        ("Run", text(info.get("status"))),
    ]
    notes = dict.fromkeys(str(note) for note in listed(of.get("notes")) + listed(info.get("notes")))
    noted = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return (f'<article class="card"><h3>{escape(run["name"])}</h3>{described(facts)}{described(made)}'
            + (f'<h4>Notes</h4><ul>{noted}</ul>' if noted else "") + "</article>")


def listed(value):
    return value if isinstance(value, list) else []


def caches(levels):
    known = [of for of in listed(levels) if isinstance(of, dict) and isinstance(of.get("bytes"), (int, float))]
    words = (f"{text(of.get('level'))} {size(of['bytes'])} × {text(of.get('count'))}" for of in known)
    return ", ".join(words) or UNKNOWN


def table(head, rows, caption):
    """`head`: (name, whether its column holds numbers). Cells are HTML."""
    kinds = [' class="number"' if numeric else "" for _, numeric in head]

    def line(row):
        return "<tr>" + "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(row, kinds)) + "</tr>"

    top = "".join(f'<th scope="col"{kind}>{name}</th>' for (name, _), kind in zip(head, kinds))
    body = "".join(map(line, rows))
    return (f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}"><table><caption>{caption}</caption>'
            f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>")


def ceilings(run, earlier):
    """The roofs that rows stand under in sight, all of them one click away; an earlier run's are not repeated."""
    name = escape(run["name"])
    for other in earlier:
        if other["ceilings"] == run["ceilings"]:
            return f"<h3>{name}</h3><p>The same as of {escape(other['name'])}.</p>"
    seen, rows = set(), []
    for row in run["ceilings"]:
        key = tuple(row[column] for column in ROOF_KEY)
        rows.append((row, "after the run" if key in seen else "before"))
        seen.add(key)
    main = [(row, when) for row, when in rows
            if row["pages"] != "small" and row["isa"] in ("", *run["machine"].get("isa", [])[:1])
            and (row["op_mix"] in ("fma", "dot") if row["kind"] == "compute" else row["pattern"] in ("load", ""))]
    head = [("ceiling", False), ("threads", True), ("best", True), ("median", True), ("95 % interval", True),
            ("unit", False), ("samples", True), ("measured", False)]
    return (f"<h3>{name}</h3>" + table(head, [ceiling(*row) for row in main], f"Ceilings that bind, {name}")
            + f"<details><summary>All {len(rows)} ceilings</summary>"
            + table(head, [ceiling(*row) for row in rows], f"All ceilings, {name}") + "</details>")


def ceiling(row, when):
    words = [row[column] for column in ("kind", "level", "pattern", "op_mix", "dtype", "isa") if row[column]]
    words += [f"{row['pages']} pages"] if row["pages"] else []
    words += [row["core_kind"]] if row["core_kind"] not in ("", "uniform") else []

    def field(column):
        value = number(row, column) if row.get(column) else None
        return "" if value is None else short(value)

    low, high = field("ci_low"), field("ci_high")
    interval = f"{low} to {high}" if low and high else ""
    return [escape(" ".join(words)), escape(row["threads"]), field("best"), field("median"), interval,
            escape(row["unit"]), field("n"), when]


def findings(run, several):
    sentences = "".join(f"<li>{escape(sentence)}</li>" for sentence in report_text.findings(run))
    name = escape(run["name"])
    return (f"<h3>{name}</h3>" if several else "") + f'<ul class="findings">{sentences}</ul>' + predictors(run, name)


def predictors(run, name):
    head = [("predictor", False), ("of", False), ("setting", False), ("rows", True), ("Kendall's tau", True),
            ("pairs in wrong order", True), ("median error", True), ("worst error", True),
            ("with the best factor", True)]
    rows = []
    for row in run["predictors"] or []:
        def field(column, form):
            value = number(row, column)
            return "" if value is None else form(value)

        setting = [row["dtype"], row["isa"], f"threads {row['threads']}" if row["threads"] else "", row["cache"]]
        rows.append([
            escape(report_text.NAMES.get(row["predictor"], row["predictor"])),
            escape(report_text.OF.get(row["of"], row["of"])),
            escape(", ".join(word for word in setting if word)) or "the whole run",
            escape(row.get("rows", "")),
            field("tau", short),
            f"{escape(row['wrong_pairs'])} of {escape(row['ordered_pairs'])}",
            *(field(f"{kind}_error", percent) for kind in ("median", "worst", "scaled")),
        ])
    if not rows:
        return ""
    shown = table(head, rows, f"What predicts the times, {name}")
    return f"<details><summary>Predictors of the times, by setting</summary>{shown}</details>"


def comparison(runs, pairs, words, without):
    """Nothing for one run alone."""
    if pairs is None and not without:
        return ""
    if pairs is None:
        return f"""<section id="comparison"><h2>Comparison</h2>
<p class="unknown">The runs are not compared: {escape(without)}</p></section>"""
    verdicts = [pair["verdict"].replace("_", " ") for pair in pairs]
    said = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts))
    baseline = escape(pairs[0]["run_a"]) if pairs else escape(runs[0]["name"])
    more = f"""<details><summary>All that <code>roofgap compare</code> says</summary>
<pre tabindex="0">{escape(words)}</pre></details>""" if words else ""
    return f"""<section id="comparison"><h2>Comparison</h2>
<p>Against <strong>{baseline}</strong>: {len(pairs)} pairs, {escape(said)}. A ratio above 1 says that the other run is
faster; <em>machine</em> is how much faster its machine was, <em>kernel</em> what is left to the code.</p>
<div id="ratios" class="plot" role="figure" aria-label="Ratios of the pairs and their intervals, as in the table"></div>
<div class="scroll tall" tabindex="0" role="region" aria-label="Pairs of rows"><table id="pairs"></table></div>
<p><button type="button" id="more-pairs" hidden></button></p>{more}</section>"""
