"""The report's HTML: texts are written here; pictures and tables are drawn by report_plots.js and report_tables.js."""
import json
import os
from collections import Counter
from html import escape

import report_text
from report_text import key_of_roof, name_of_roof, short, size
from report_topic import groups, table
from roofgap_io import number

UNKNOWN = '<span class="unknown">not known</span>'
SCRIPTS = ("report_tables.js", "report_plots.js")
KEY_FINDINGS = 3
HERE = os.path.dirname(os.path.abspath(__file__))


class Tables:
    """The tables that the page's script draws; adding one returns the HTML of its place."""

    def __init__(self):
        self.all = []

    def add(self, one, of="", shown=False):
        if not one.rows:
            return ""
        self.all.append({"columns": one.columns, "rows": one.rows})
        title = escape(one.caption + (f", {of}" if of else ""))
        return f"""<details id="table-{len(self.all) - 1}"{" open" if shown else ""}>
<summary>{title} ({len(one.rows)})</summary>
<div class="scroll tall" tabindex="0" role="region" aria-label="{title}"><table></table></div></details>"""


def render(runs, pairs, words, without, data, plotly):
    """The page. `data`: what its script shows, but for the tables; `plotly`: the library, compressed, in base64."""
    tables = Tables()
    several = len(runs) > 1
    compared = comparison(runs, pairs, words, without, tables)
    found = topics(runs, tables)
    links = {"comparison": "Comparison"} if compared else {}
    links |= {key: title.split(":")[0] for key, (title, _) in found.items()}
    parts = {
        "TITLE": escape("roofgap: " + ", ".join(run["name"] for run in runs)),
        "RUNS": ", ".join(f"<strong>{escape(run['name'])}</strong>" for run in runs),
        "STYLE": source("report_page.css"),
        "LINKS": " ".join(f'<a href="#{key}">{title}</a>' for key, title in links.items()),
        "FINDINGS": compared_in_short(pairs) + "".join(findings(run, several, tables) for run in runs),
        "COMPARISON": compared,
        "TOPICS": "".join(f'<section id="{key}"><h2>{title}</h2>{body}</section>\n'
                          for key, (title, body) in found.items()),
        "CEILINGS": "".join(ceilings(run, runs[:at], tables) for at, run in enumerate(runs)),
        "MACHINE": "".join(map(machine, runs)),
        "SCRIPT": "".join(map(source, SCRIPTS)),
        "PLOTLY": plotly,
    }
    # JSON inside of HTML: no text in it may end the script.
    packed = json.dumps(data | {"tables": tables.all}, separators=(",", ":"), ensure_ascii=False)
    parts["DATA"] = packed.replace("<", "\\u003c")
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


def ceilings(run, earlier, tables):
    """The roofs that rows stand under in sight, all of them a click away; an earlier run's are not repeated."""
    name, again = run["name"], run["again"]
    drift = "".join(f"<p>{escape(sentence)}</p>" for sentence in report_text.drift(run["ceilings"], again))
    head = f"<h3>{escape(name)}</h3>{drift}"
    for other in earlier:
        if other["ceilings"] == run["ceilings"]:
            return f"{head}<p>Before the run the same as of {escape(other['name'])}.</p>"
    bind = [row for row in run["ceilings"]
            if row["pages"] != "small" and row["isa"] in ("", *run["machine"].get("isa", [])[:1])
            and (row["op_mix"] in ("fma", "dot") if row["kind"] == "compute" else row["pattern"] in ("load", ""))]

    def median_after(row):
        after = again.get(key_of_roof(row))
        return number(after, "median") if after else None

    def shown(caption, rows):
        return table(caption, rows, ("ceiling", "text", name_of_roof), ("threads", "short", "threads"),
                     ("best", "short", "best"), ("median", "short", "median"), ("95 %: from", "short", "ci_low"),
                     ("to", "short", "ci_high"), *([("median after the run", "short", median_after)] if again else []),
                     ("unit", "text", "unit"), ("samples", "short", "n"))

    return (head + tables.add(shown("Ceilings that bind", bind), name, shown=len(earlier) == 0)
            + tables.add(shown("All ceilings", run["ceilings"]), name))


def compared_in_short(pairs):
    """Of several runs first how they compare, the slowest operation of each first."""
    if not pairs:
        return ""
    sentences = []
    for (run,), means in groups(op_means(pairs), "run_b").items():
        ratios = sorted((number(mean, "op_mean_ratio"), mean["op"]) for mean in means)
        sentences.append(f"{run} is, in the geometric mean over its pairs, "
                         + ", ".join(f"{short(ratio)} times as fast in {op}" for ratio, op in ratios) + ".")
    return (f'<p>Against <strong>{escape(pairs[0]["run_a"])}</strong>: {escape(verdicts(pairs))} '
            f'(<a href="#comparison">which</a>).</p><ul class="findings">{items(sentences)}</ul>')


def op_means(pairs):
    """A pair of each run and operation: all of them have the same means."""
    return [of[0] for of in groups([pair for pair in pairs if pair["op_mean_ratio"]], "run_b", "op").values()]


def verdicts(pairs):
    counts = Counter(pair["verdict"].replace("_", " ") for pair in pairs)
    return f"{len(pairs)} pairs, " + ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())


def items(sentences):
    return "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)


def findings(run, several, tables):
    """How many rows there are, the sentences that matter most, then the others: of several runs a click away."""
    sentences = list(report_text.findings(run))
    first, more = sentences[:KEY_FINDINGS], sentences[KEY_FINDINGS:]
    rest = (f'<ul class="findings">{items(more)}</ul>' if more else "") + tables.add(
        predictors(run), run["name"] if several else "")
    return ((f"<h3>{escape(run['name'])}</h3>" if several else "")
            + f'<ol class="findings first">{items(first)}</ol>'
            + (f"<details><summary>More findings</summary>{rest}</details>" if several and rest else rest)
            + f'<p class="counts">{escape(report_text.counts(run["rows"]))}</p>')


def predictors(run):
    def setting(row):
        threads = f"threads {row['threads']}" if row["threads"] else ""
        return ", ".join(filter(None, (row["dtype"], row["isa"], threads, row["cache"]))) or "the whole run"

    return table("What predicts the times, by setting", run["predictors"] or [],
                 ("predictor", "text", lambda row: report_text.NAMES.get(row["predictor"], row["predictor"])),
                 ("of", "text", lambda row: report_text.OF.get(row["of"], row["of"])), ("setting", "text", setting),
                 ("Kendall's tau", "short", "tau"), ("pairs in wrong order", "short", "wrong_pairs"),
                 ("of", "short", "ordered_pairs"), ("median error", "percent", "median_error"),
                 ("worst error", "percent", "worst_error"), ("with the best factor", "percent", "scaled_error"))


def topics(runs, tables):
    """By key: title and HTML, of the runs that have something to say."""
    found = {}
    for run in runs:
        for topic in run["topics"]:
            title, body = found.get(topic.key, (escape(topic.title), ""))
            sentences = f'<ul class="findings">{items(topic.sentences)}</ul>'
            if len(runs) > 1:
                drawn = "".join(tables.add(one, run["name"]) for one in topic.tables)
                part = f"<details><summary><h3>{escape(run['name'])}</h3></summary>{sentences}{drawn}</details>"
            else:
                part = sentences + "".join(tables.add(one, shown=at == 0) for at, one in enumerate(topic.tables))
            found[topic.key] = (title, body + part)
    return found


def comparison(runs, pairs, words, without, tables):
    """Nothing for one run alone."""
    if pairs is None and not without:
        return ""
    if pairs is None:
        return f"""<section id="comparison"><h2>Comparison</h2>
<p class="unknown">The runs are not compared: {escape(without)}</p></section>"""
    means = tables.add(table(
        "Geometric means by operation", op_means(pairs), ("operation", "text", "op"), ("run", "text", "run_b"),
        ("ratio", "fixed", "op_mean_ratio"), ("kernel", "fixed", "op_mean_kernel_ratio")), shown=True)
    baseline = escape(pairs[0]["run_a"]) if pairs else escape(runs[0]["name"])
    more = f"""<details><summary>All that <code>roofgap compare</code> says</summary>
<pre tabindex="0">{escape(words)}</pre></details>""" if words else ""
    return f"""<section id="comparison"><h2>Comparison</h2>
<p>Against <strong>{baseline}</strong>: {escape(verdicts(pairs))}. A ratio above 1 says that the other run is
faster; <em>machine</em> is how much faster its machine was, <em>kernel</em> what is left to the code.</p>
<div id="ratios" class="plot" role="figure" aria-label="Ratios of the pairs and their intervals, as in the table"></div>
<div class="scroll tall" tabindex="0" role="region" aria-label="Pairs of rows"><table id="pairs"></table></div>
{means}{more}</section>"""
