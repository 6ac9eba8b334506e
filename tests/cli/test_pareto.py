"""roofgap pareto: which alternatives of a run no other beats."""

import pathlib
import shutil

import pytest
from conftest import read_rows, rewrite_rows

SMALL = pathlib.Path(__file__).parents[1] / "data" / "run_small"


@pytest.fixture
def run_small(tmp_path):
    return shutil.copytree(SMALL, tmp_path / "run")


def test_frontiers_of_the_stored_run(roofgap, run_small, tmp_path):
    done = roofgap("pareto", "run", "--dims", "latency,peak_bytes,threads", "--csv", "copy.csv")
    assert (done.returncode, done.stderr) == (1, ""), "a wrong row is among them"
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert (tmp_path / "copy.csv").read_bytes() == (run_small / "pareto.csv").read_bytes()
    records = {(row["problem"], row["variant"], row["threads"]): row
               for row in read_rows(run_small / "measurements.csv")}
    rows = read_rows(run_small / "pareto.csv")
    assert len(rows) == len(records), "no row vanishes"
    groups = {}
    for row in rows:
        record = records[row["problem"], row["variant"], row["threads"]]
        assert row["dims"] == "latency peak_bytes threads"
        assert row["units"] == "ns byte -"
        values = [row[f"value_{i}"] for i in (1, 2, 3, 4)]
        wanted = [record["median_ns"], record["peak_bytes"], record["threads"], ""]
        assert [value and float(value) for value in values] == [value and float(value) for value in wanted]
        assert (row["verdict"] == "no_value") == (record["median_ns"] == ""), row
        groups.setdefault(row["group"], []).append(row)
    for group in groups.values():
        assert len({row["problem"] for row in group}) == 1
        points = []
        for row in group:
            if row["verdict"] == "no_value":
                continue
            record = records[row["problem"], row["variant"], row["threads"]]
            values = [float(row[f"value_{i}"]) for i in (1, 2, 3)]
            low, high = (float(record[f"ci_{end}_ns"] or values[0]) for end in ("low", "high"))
            points.append((row, values, low, high))
        for row, values, low, _ in points:
            beaten = any(all(a <= b for a, b in zip(other, values)) and (other[1:] != values[1:] or high < low)
                         for _, other, _, high in points)
            assert (row["verdict"] == "dominated") == beaten, row
    assert f"Of {len(groups)} frontiers: " in done.stdout


def test_csv_on_standard_output_stands_alone(roofgap, run_small):
    done = roofgap("pareto", "--csv", "-", "run")
    assert done.stdout == (run_small / "pareto.csv").read_text()


def test_match_and_together_choose_the_alternatives(roofgap, run_small):
    done = roofgap("pareto", "run", "--match", "^(conv2d|dwsep):.*ic256ih14", "--together", "--dims", "latency,memory")
    assert done.returncode == 0, done.stderr
    rows = read_rows(run_small / "pareto.csv")
    assert {row["op"] for row in rows} == {"conv2d", "dwsep"}
    assert {row["group"] for row in rows} == {"1"}
    fastest = min(rows, key=lambda row: float(row["value_1"]))
    assert fastest["op"] == "dwsep" and fastest["verdict"] == "frontier"


def test_price_is_a_dimension_once_it_is_known(roofgap, run_small):
    assert "give --usd-per-hour" in roofgap.fails("pareto", "run", "--dims", "latency,usd")
    done = roofgap("pareto", "run", "--dims", "latency,usd", "--usd-per-hour", "3.6")
    assert "at $3.6 per hour and utilisation 1.00" in " ".join(done.stdout.split())
    row = next(row for row in read_rows(run_small / "pareto.csv") if row["verdict"] == "frontier")
    assert float(row["value_2"]) == pytest.approx(float(row["value_1"]) * 1e-9)


def test_columns_under_roofs_need_them(roofgap, run_small):
    assert roofgap("pareto", "run", "--dims", "roof_fraction,memory").returncode == 1
    (run_small / "ceilings.csv").unlink()
    assert roofgap("pareto", "run", "--dims", "latency,memory").returncode == 1, "times and bytes do not"
    assert "hwprobe" in roofgap.fails("pareto", "run", "--dims", "roof_fraction")


@pytest.mark.parametrize("words, part", [
    (("--dims", "latency,speed"), "got 'speed'; allowed are flops, memory, latency, energy, usd"),
    (("--dims", "latency,median_ns"), "'median_ns' is there twice"),
    (("--dims", "n,macs,flops,memory,latency,threads,gflops"), "got 7 dimensions; allowed are 1 to 6"),
    (("--dims", "variant"), "got 'variant'"), (("--dims", ""), "--dims"),
    (("--match", "("), "no regular expression"), (("--match", "nothing"), "no problem of the run has 'nothing' in it"),
    (("--tolerance", "-1"), "--tolerance: got -1"), (("--tolerance", "nan"), "--tolerance"),
    (("--utilisation", "2"), "--utilisation: got 2"), (("--csv", "nowhere/pareto.csv"), "nowhere")])
def test_bad_options_are_refused(roofgap, run_small, words, part):
    assert part in roofgap.fails("pareto", "run", *words)


def test_a_dimension_that_nothing_measured_says_why(roofgap, run_small):
    rewrite_rows(run_small / "measurements.csv",
                 lambda row: {**row, "energy_j": "", "energy_status": "no sensor was found"})
    assert "has a value of energy (no sensor was found)" in roofgap.fails("pareto", "run", "--dims", "latency,energy")


def test_energy_counts_where_it_was_measured(roofgap, run_small):
    rewrite_rows(run_small / "measurements.csv",
                 lambda row: {**row, "energy_j": "0.5" if row["threads"] == "1" and row["median_ns"] else ""})
    done = roofgap("pareto", "run", "--dims", "latency,energy")
    assert done.returncode == 1, done.stderr
    for row in read_rows(run_small / "pareto.csv"):
        assert (row["verdict"] == "no_value") == (row["threads"] == "2" or row["status"] in ("skipped", "wrong"))
    assert "no energy: " in done.stdout


def test_what_is_no_run_is_refused(roofgap, run_small, tmp_path):
    assert "nowhere" in roofgap.fails("pareto", "nowhere")
    (tmp_path / "empty").mkdir()
    assert "empty" in roofgap.fails("pareto", "empty")


def test_help_shows_examples(roofgap):
    done = roofgap("pareto", "--help")
    assert done.returncode == 0
    assert "roofgap pareto my-run --dims latency,memory,threads" in done.stdout
