"""roofgap merge: runs of many machines as one table."""

import json
import pathlib
import shutil

import pytest
from conftest import read_rows, rewrite_rows

ROOT = pathlib.Path(__file__).parents[2]
SMALL = ROOT / "tests" / "data" / "run_small"


def made_up_machine(folder, name, faster):
    """The stored run as of another machine, `faster` times as fast."""
    run = shutil.copytree(SMALL, folder)
    for path in run.iterdir():
        path.write_text(path.read_text().replace("0123456789ab", name))
    path = run / "machine.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "cpu_model": "CPU of " + name}))
    rewrite_rows(run / "measurements.csv", lambda row: {
        **row, "median_ns": row["median_ns"] and repr(float(row["median_ns"]) / faster),
        "status": "skipped" if row["status"] == "wrong" else row["status"]})
    return run


def test_a_hundred_machines_become_one_table(roofgap, tmp_path):
    one = read_rows(SMALL / "measurements.csv")
    for i in range(100):
        made_up_machine(tmp_path / "results" / f"machine{i:02}" / "run", f"machine{i:02}", 1 + i)
    done = roofgap("merge", "results", "--csv", "all.csv")
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert f"{100 * len(one)} rows of 100 runs in all.csv" in done.stdout
    rows = read_rows(tmp_path / "all.csv")
    assert len(rows) == 100 * len(one), "no row vanishes"
    assert len({row["machine_id"] for row in rows}) == 100
    stored = next(row for row in one if row["median_ns"])
    case = [row for row in rows if all(row[key] == stored[key] for key in ("problem", "variant", "threads"))]
    for i, row in enumerate(case):
        assert (row["machine_id"], row["cpu_model"]) == (f"machine{i:02}", f"CPU of machine{i:02}")
        assert float(row["median_ns"]) == pytest.approx(float(stored["median_ns"]) / (1 + i))
        assert float(row["attainable_fraction"]) * float(row["median_ns"]) == \
            pytest.approx(float(row["t_attainable_ns"]))


def test_runs_are_given_one_by_one_too(roofgap, tmp_path):
    made_up_machine(tmp_path / "a", "machine_a", 1)
    made_up_machine(tmp_path / "b", "machine_b", 2)
    (tmp_path / "b" / "ceilings.csv").unlink()
    (tmp_path / "b" / "run.json").unlink()
    done = roofgap("merge", "b", "a", "--csv", "-")
    assert done.returncode == 0, done.stderr
    roofgap("merge", "b", "a", "--csv", "all.csv")
    assert done.stdout == (tmp_path / "all.csv").read_text()
    rows = read_rows(tmp_path / "all.csv")
    assert rows[0]["machine_id"] == "machine_b" and rows[0]["t_attainable_ns"] == "" and rows[0]["compiler"] == ""
    assert rows[-1]["machine_id"] == "machine_a" and rows[-1]["compiler"] != ""


def test_a_run_from_before_later_columns_is_merged(roofgap, tmp_path):
    """Of the first committed run, which has no turns, canaries, batches, energies and programs yet."""
    old = next((ROOT / "results").glob("*/20261122T200711Z-default"))
    made_up_machine(tmp_path / "a", "machine_a", 1)
    done = roofgap("merge", old, "a", "--csv", "all.csv")
    assert done.returncode == 0, done.stderr
    rows = read_rows(tmp_path / "all.csv")
    assert len(rows) == len(read_rows(old / "measurements.csv")) + len(read_rows(tmp_path / "a" / "measurements.csv"))
    assert rows[0]["turns_ns"] == rows[0]["canary_ns"] == "" and rows[0]["cpu_model"] and rows[0]["t_attainable_ns"]


def test_a_wrong_row_makes_the_exit_code_1(roofgap, tmp_path):
    shutil.copytree(SMALL, tmp_path / "run")
    assert roofgap("merge", "run", "--csv", "all.csv").returncode == 1


def test_what_cannot_be_one_table_is_refused(roofgap, tmp_path):
    made_up_machine(tmp_path / "a", "machine_a", 1)
    shutil.copytree(tmp_path / "a", tmp_path / "copy")
    message = roofgap.fails("merge", "a", "copy", "--csv", "all.csv")
    assert "copy: run " in message and "was given before, as a" in message
    assert not (tmp_path / "all.csv").exists()
    (tmp_path / "empty").mkdir()
    assert "empty: it holds no measurements.csv, nor does a folder below it" in roofgap.fails("merge", "a", "empty", "--csv", "all.csv")
    assert "--csv" in roofgap.fails("merge", "a")
    path = tmp_path / "copy" / "machine.json"
    path.write_text(path.read_text().replace("machine_a", "machine_b"))
    assert "machine_id is 'machine_b'" in roofgap.fails("merge", "copy", "--csv", "all.csv")
    path.unlink()
    assert "machine.json" in roofgap.fails("merge", "copy", "--csv", "all.csv")


def test_help_shows_examples(roofgap):
    assert "roofgap merge results --csv all.csv" in roofgap("merge", "--help").stdout
