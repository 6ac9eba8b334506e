"""roofgap budgets: the rows of a run against deployment targets."""

import json
import pathlib
import shutil

import pytest
from conftest import read_rows, rewrite_rows

ROOT = pathlib.Path(__file__).parents[2]
SMALL = ROOT / "tests" / "data" / "run_small"
BUDGETS = ("--budgets", ROOT / "configs" / "budgets.json")


@pytest.fixture
def run_small(tmp_path):
    return shutil.copytree(SMALL, tmp_path / "run")


def test_each_row_has_a_verdict_for_each_target(roofgap, run_small, tmp_path):
    done = roofgap("budgets", "run", *BUDGETS, "--csv", "copy.csv")
    assert (done.returncode, done.stderr) == (1, ""), "a wrong row is among them"
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert (tmp_path / "copy.csv").read_bytes() == (run_small / "budgets.csv").read_bytes()
    records = read_rows(run_small / "measurements.csv")
    rows = read_rows(run_small / "budgets.csv")
    assert [row["target"] for row in rows[:5]] == ["batch", "realtime", "mobile", "edge", "browser"]
    assert len(rows) == 5 * len(records)
    for i, row in enumerate(rows):
        record = records[i // 5]
        assert (row["problem"], row["variant"], row["threads"]) == \
               (record["problem"], record["variant"], record["threads"])
        if not record["median_ns"]:
            assert row["verdict"].startswith(("unknown latency", "misses memory")), row
        elif row["target"] == "browser":
            assert row["verdict"] == "fits", "neither power nor more memory or time than there is"
        elif row["target"] == "edge":
            assert row["verdict"] == ("misses memory" if float(record["peak_bytes"]) > 4e6 else "unknown power")
            assert float(row["latency_share"]) == pytest.approx(float(record["median_ns"]) / 10e6)
            assert float(row["memory_share"]) == pytest.approx(float(record["peak_bytes"]) / 4e6)
        else:
            assert row["verdict"] == "unknown power"
    assert {row["verdict"] for row in rows if row["target"] == "edge"} >= {"misses memory", "unknown power"}
    assert "browser (WASM: 100 ms, 100 MB to 500 MB): 60 fits." in done.stdout


def test_power_is_judged_where_energy_was_measured(roofgap, run_small):
    # 4 W: what a mobile device's largest have, not its smallest.
    rewrite_rows(run_small / "measurements.csv",
                 lambda row: {**row, "energy_j": repr(4e-9 * float(row["median_ns"])) if row["median_ns"] else ""})
    assert roofgap("budgets", "run", *BUDGETS).returncode == 1
    rows = [row for row in read_rows(run_small / "budgets.csv") if row["median_ns"]]
    verdicts = {target: {row["verdict"] for row in rows if row["target"] == target} for target in ("batch", "mobile")}
    assert verdicts == {"batch": {"fits"}, "mobile": {"fits the largest"}}
    assert all("power" in row["verdict"] for row in rows if row["target"] == "edge")


def test_targets_of_ones_own(roofgap, run_small, tmp_path):
    (tmp_path / "mine.json").write_text(json.dumps({"targets": [{"target": "quick", "latency_ms": 1e-6}]}))
    done = roofgap("budgets", "run", "--budgets", "mine.json", "--csv", "-")
    assert done.stdout == (run_small / "budgets.csv").read_text()
    timed = [row for row in read_rows(run_small / "budgets.csv") if row["median_ns"]]
    assert {row["verdict"] for row in timed} == {"misses latency"}


@pytest.mark.parametrize("text, part", [
    ("{", "not JSON"), ("{}", "targets"), ('{"targets": []}', "/targets"),
    ('{"targets": [{"target": "a", "latency": 1}]}', "/targets/0: unknown key 'latency'"),
    ('{"targets": [{"target": "a", "latency_ms": "1"}]}', '/targets/0/latency_ms: got "1"'),
    ('{"targets": [{"target": "a", "memory_bytes": [2, 1]}]}', "/targets/0/memory_bytes: got [2,1]")])
def test_broken_budgets_are_one_line(roofgap, run_small, tmp_path, text, part):
    (tmp_path / "bad.json").write_text(text)
    line = roofgap.fails("budgets", "run", "--budgets", "bad.json")
    assert "bad.json" in line and part in line
    assert not (run_small / "budgets.csv").exists()


def test_what_is_not_there_is_refused(roofgap, run_small, tmp_path):
    assert "nowhere.json" in roofgap.fails("budgets", "run", "--budgets", "nowhere.json")
    assert "nowhere" in roofgap.fails("budgets", "nowhere", *BUDGETS)
    (tmp_path / "empty").mkdir()
    assert "empty" in roofgap.fails("budgets", "empty", *BUDGETS)


def test_help_shows_examples(roofgap):
    done = roofgap("budgets", "--help")
    assert done.returncode == 0
    assert "roofgap budgets my-run --budgets my-targets.json" in done.stdout
