"""roofgap budgets: the rows of a run against deployment targets."""

import json
import pathlib
import shutil
import subprocess

import pytest
from conftest import BUILD, EMULATOR, read_rows, rewrite_rows

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


def test_power_above_idle_tells_what_misses(roofgap, run_small):
    # 4 W above idle: within what a mobile device may take, but what it draws beside that is not known.
    rewrite_rows(run_small / "measurements.csv",
                 lambda row: {**row, "energy_j": repr(4e-9 * float(row["median_ns"])) if row["median_ns"] else ""})
    done = roofgap("budgets", "run", *BUDGETS)
    assert done.returncode == 1
    assert "Power is what calls take above idle" in done.stdout
    rows = [row for row in read_rows(run_small / "budgets.csv") if row["median_ns"]]
    verdicts = {target: {row["verdict"] for row in rows if row["target"] == target} for target in ("batch", "mobile")}
    assert verdicts == {"batch": {"unknown power"}, "mobile": {"unknown power"}}
    assert all("misses" in row["verdict"] and "power" in row["verdict"] for row in rows if row["target"] == "edge")
    assert all(float(row["power_w"]) == pytest.approx(4) for row in rows)


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


def test_budgets_and_suites_are_found_beside_the_program(run_small, tmp_path):
    (tmp_path / "tool" / "build" / "harness").mkdir(parents=True)
    shutil.copy2(BUILD / "harness" / "roofgap", tmp_path / "tool" / "build" / "harness")

    def start(*words):
        return subprocess.run([*EMULATOR, str(tmp_path / "tool" / "build" / "harness" / "roofgap"), *words],
                              cwd=tmp_path, capture_output=True, text=True)

    for words, option in ((("budgets", "run"), "--budgets"), (("selftest",), "--suite")):
        done = start(*words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
        assert f"neither from here nor beside the program; allowed is {option} with the name of one" in done.stderr
    (tmp_path / "tool" / "configs" / "suites").mkdir(parents=True)
    (tmp_path / "tool" / "configs" / "budgets.json").write_text('{"targets": [{"target": "mine", "latency_ms": 1}]}')
    assert "\nmine (1 ms):" in start("budgets", "run").stdout
    (tmp_path / "tool" / "configs" / "suites" / "default.json").write_text("{")
    assert "default.json" in start("selftest").stderr and "not JSON" in start("selftest").stderr
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "budgets.json").write_text('{"targets": [{"target": "here", "latency_ms": 1}]}')
    assert "\nhere (1 ms):" in start("budgets", "run").stdout, "the current directory comes first"


def test_what_is_not_there_is_refused(roofgap, run_small, tmp_path):
    assert "nowhere.json" in roofgap.fails("budgets", "run", "--budgets", "nowhere.json")
    assert "nowhere" in roofgap.fails("budgets", "nowhere", *BUDGETS)
    (tmp_path / "empty").mkdir()
    assert "empty" in roofgap.fails("budgets", "empty", *BUDGETS)


def test_help_shows_examples(roofgap):
    done = roofgap("budgets", "--help")
    assert done.returncode == 0
    assert "roofgap budgets my-run --budgets my-targets.json" in done.stdout
