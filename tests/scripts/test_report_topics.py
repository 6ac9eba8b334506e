"""scripts/report.py on a run with more files than gap.csv: what it says of them, with numbers that are made up here."""
import shutil
import sys

import pytest
from script import ROOT, rewrite, write
from test_report import made, report

sys.path.insert(0, str(ROOT / "scripts"))
import report_attention  # noqa: E402
import report_topics  # noqa: E402

RUN = ROOT / "tests" / "data" / "run_small"
FAMILY = {"sweep": "self", "b": "1", "h": "8", "kvh": "8", "d": "64", "causal": "0", "dtype": "f32", "isa": "NEON",
          "threads": "1", "cache": "warm"}
pytest.importorskip("plotly", reason="python3-plotly is not installed")


@pytest.fixture
def run_dir(tmp_path):
    return shutil.copytree(RUN, tmp_path / "a run")


def put(path, columns, *rows, **common):
    """Writes rows; columns that they do not name are empty."""
    columns = columns.split()
    write(path, columns, [dict.fromkeys(columns, "") | common | row for row in rows])


def fits(run_dir, *rows):
    put(run_dir / "complexity.csv", report_attention.FITTED, *rows, **FAMILY, op="attention", quantity="time",
        range="all", status="measured", formula="O(n^2 d)", expected="2")


def tables(page, words):
    """The tables of the page whose columns have all of the words, as lists of dicts."""
    found = [[dict(zip([name for name, _ in one["columns"]], row)) for row in one["rows"]]
             for one in page.data["tables"]]
    return [rows for rows in found if set(words.split(", ")) <= set(rows[0])]


def test_a_run_without_the_files_has_no_such_parts(run_dir):
    for name in ("pareto.csv", "separable.csv"):
        (run_dir / name).unlink()
    page = made(run_dir)
    assert not {"attention", "separable", "pareto", "budgets"} & set(page.ids)


def test_exponents_are_those_of_the_longer_lengths_where_there_are_any(run_dir):
    fits(run_dir, {"variant": "flash", "exponent": "1.75", "agreement": "below"},
         {"variant": "flash", "exponent": "2.01", "range": "from_1024", "agreement": "as_expected"},
         {"variant": "flash", "exponent": "1.98", "d": "128", "agreement": "as_expected"},
         {"variant": "onednn", "exponent": "2.25", "agreement": "above"},
         {"variant": "none", "exponent": "", "status": "skipped"})
    page = made(run_dir)
    assert ("Time grows with the length n (n = s = t) by exponents of 1.98 to 2.01 (flash), 2.25 (onednn); the "
            "textbook's is 2, and 2 of 3 fits are as expected.") in page.text
    (rows,) = tables(page, "exponent, agreement")
    assert [(row["method"], row["exponent"], row["agreement"]) for row in rows] == [
        ("flash", 2.01, "as expected"), ("flash", 1.98, "as expected"), ("onednn", 2.25, "above")]


def test_crossovers_and_approximations_are_told_with_their_numbers(run_dir):
    flash = {"faster_op": "attention", "faster_variant": "flash"}
    put(run_dir / "crossovers.csv", report_attention.CROSSED,
        flash | {"rival_op": "attention", "rival_variant": "onednn", "verdict": "always"},
        flash | {"rival_op": "performer", "rival_variant": "fused", "rival_m": "64", "verdict": "crossing", "n": "480"},
        flash | {"rival_op": "linformer", "rival_variant": "fused", "rival_k": "32", "verdict": "crossing", "n": "777"},
        **FAMILY)
    put(run_dir / "attention.csv", report_attention.COMPARED,
        {"k": "32", "speedup": "4.5", "speedup_low": "4.4", "distance_from_exact": "0.75", "problem": "linformer:near"},
        {"k": "64", "speedup": "2.5", "speedup_low": "2.4", "distance_from_exact": "0.25", "problem": "linformer:far"},
        {"k": "256", "speedup": "0.5", "speedup_low": "0.4", "distance_from_exact": "0.1", "problem": "linformer:slow"},
        **FAMILY, op="linformer", variant="fused", exact_variant="flash", status="measured", n="1024")
    page = made(run_dir)
    for sentence in (
        "one exact method beats another in 1 comparison: flash in 1.",
        "overtakes exact attention in 2 comparisons: at the earliest performer fused m64 flash at n = 480 (h8 d64, n = "
        "s = t, 1 thread); at the latest linformer fused k32 flash at n = 777",
        "faster than the fastest exact attention in 2 of 3 rows; most by linformer fused k32 at linformer:near, 4.5 "
        "times as fast as flash, 0.75 from exact (1 thread); nearest to the exact result among them is linformer "
        "fused k64",
    ):
        assert sentence in page.text
    (rows,) = tables(page, "faster below, at n")
    assert [row["at n"] for row in rows] == [480, 777, None], "crossings come first"


def test_separable_convolutions_say_what_arrives_and_come_first(run_dir):
    put(run_dir / "separable.csv", report_topics.PAIRS,
        {"arrives": "0.875", "latency_ratio": "7", "latency_high": "7.1", "standard_problem": "conv2d:a"},
        {"arrives": "0.1", "latency_ratio": "0.8", "latency_high": "0.9", "standard_problem": "conv2d:b"},
        {"arrives": "", "status": "skipped"},
        comparison="fastest", promised="8", status="measured", threads="2", cache="cold", dtype="f32", isa="NEON")
    page = made(run_dir)
    sentence = ("Against the fastest standard convolution, Winograd too, separable convolutions promise 8 times fewer "
                "FLOPs, and 10 % (conv2d:b, 2 threads, cold: 8 promised, 0.8 real) to 87.5 % (conv2d:a, 2 threads, "
                "cold: 8 promised, 7 real) of that arrives; they are slower in 1 of 2 pairs.").replace(" %", "\u00a0%")
    assert sentence in "".join(page.texts)
    assert page.source.index(sentence) < page.source.index("Of the fastest variants")


def test_frontiers_and_budgets_are_counted_and_listed(run_dir):
    put(run_dir / "pareto.csv", report_topics.ALTERNATIVES,
        {"group": "1", "verdict": "frontier", "variant": "a", "value_1": "1000", "value_2": "2048"},
        {"group": "1", "verdict": "dominated", "variant": "b"}, {"group": "1", "verdict": "no_value", "variant": "c"},
        {"group": "2", "verdict": "frontier", "variant": "a", "value_1": "1", "value_2": "2"},
        {"group": "2", "verdict": "frontier", "variant": "d", "value_1": "2", "value_2": "1"},
        problem="fc:ic8oc8", threads="1", dims="latency workspace_bytes", units="ns byte", status="measured")
    put(run_dir / "budgets.csv", report_topics.VERDICTS,
        {"target": "edge", "verdict": "misses latency, memory", "latency_share": "2.5", "median_ns": "5"},
        {"target": "edge", "verdict": "unknown power", "latency_share": "0.5", "median_ns": "1"},
        {"target": "edge", "verdict": "unknown", "status": "skipped"},
        {"target": "cloud", "verdict": "fits", "median_ns": "1"},
        problem="fc:ic8oc8", variant="gemm", threads="1", status="measured")
    page = made(run_dir)
    text = page.text.replace("\u00a0", " ")
    assert ("Over latency and workspace_bytes, 2 frontiers: a on 2, d on 1. 3 rows of 4 that are compared no other "
            "beats.") in text
    assert ("edge: misses latency and memory for 1 of 2 rows; unknown power for 1. The slowest, fc:ic8oc8, gemm, takes "
            "250 % of the latency.") in text
    assert "cloud: fits for all 1 row." in text
    (frontier,) = tables(page, "latency, workspace")
    assert [(row["latency"], row["workspace"]) for row in frontier] == [(1000, 2048), (1, 2), (2, 1)]
    (missed,) = tables(page, "of the latency")
    assert [row["of the latency"] for row in missed] == [2.5]


def test_money_and_energy_are_told_or_why_they_are_not_known(run_dir):
    rewrite(run_dir / "gap.csv", lambda rows: [{**row, "energy_status": "switched off", "energy_j": ""} for row in rows])
    assert "Energy is not known: switched off." in made(run_dir).text
    rewrite(run_dir / "gap.csv", lambda rows: [
        {**row, "energy_j": f"{at}e-3", "usd_per_1k": f"{at}e-4", "usd_per_hour": "0.34", "utilisation": "0.6"}
        for at, row in enumerate(rows, 1)])
    page = made(run_dir)
    text = page.text.replace("\u00a0", " ")
    assert "A call takes 1 mJ (" in text and "62 mJ (" in text
    assert "1000 inferences cost 0.0001 $ (" in text and "at 0.34 $ per hour, utilisation 0.6." in text
    assert (page.rows[0]["energy_j"], page.rows[0]["usd_per_1k"]) == (1e-3, 1e-4)


def test_roofs_that_moved_are_told_with_both_medians(run_dir):
    rewrite(run_dir / "ceilings.csv", lambda rows: [{**row, "median": "100"} for row in rows])
    shutil.copy(run_dir / "ceilings.csv", run_dir / "ceilings_end.csv")
    rewrite(run_dir / "ceilings_end.csv", lambda rows: [
        {**row, "median": "50" if at == 1 else "101"} for at, row in enumerate(rows)])
    page = made(run_dir)
    assert ": 100 before, 50 GFLOP/s after; " in page.text
    assert {row["median after the run"] for row in tables(page, "ceiling")[-1]} == {50, 101}


@pytest.mark.parametrize("name, columns", [
    ("complexity.csv", report_attention.FITTED), ("crossovers.csv", report_attention.CROSSED),
    ("attention.csv", report_attention.COMPARED), ("separable.csv", report_topics.PAIRS),
    ("pareto.csv", report_topics.ALTERNATIVES), ("budgets.csv", report_topics.VERDICTS)], ids=lambda text: text[:10])
def test_a_broken_file_is_one_line_and_an_empty_one_says_nothing(run_dir, name, columns):
    put(run_dir / name, columns)
    made(run_dir)
    put(run_dir / name, columns.replace("threads ", ""))
    assert f"{name} lacks the column threads" in report.fails(run_dir)
    broken = {column: "frontier" if column == "verdict" else "broken" for column in columns.split()}
    put(run_dir / name, columns, broken)
    assert "not a number" in report.fails(run_dir)
