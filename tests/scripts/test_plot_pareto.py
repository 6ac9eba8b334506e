"""scripts/plot_pareto.py on the stored run tests/data/run_small, which is made up."""
import csv
import shutil

import pytest
from script import ROOT, Script, markers, rewrite, texts

RUN = ROOT / "tests" / "data" / "run_small"
plot = Script("plot_pareto.py")
fails = plot.fails


@pytest.fixture
def run_dir(tmp_path):
    return shutil.copytree(RUN, tmp_path / "a run")


def judged(run_dir):
    with open(run_dir / "pareto.csv", newline="") as file:
        return [row for row in csv.DictReader(file) if row["verdict"] != "no_value"]


def test_both_pictures_are_made_with_a_point_for_each_alternative(run_dir):
    done = plot(run_dir, "--most", "99")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{run_dir}/pareto.svg", f"{run_dir}/pareto.png"]
    assert (run_dir / "pareto.png").read_bytes().startswith(b"\x89PNG")
    assert sum(markers(run_dir / "pareto.svg")) == len(judged(run_dir))
    shown = texts(run_dir / "pareto.svg")
    assert {"latency", "memory of a call", "winograd_f43", "1 thread", "2 threads", "dominated"} <= set(shown)
    assert "Pareto frontiers over latency and memory" in shown


def test_the_fullest_frontiers_are_drawn_and_the_rest_counted(run_dir):
    assert plot(run_dir).returncode == 0
    assert len(markers(run_dir / "pareto.svg")) == 6
    groups = {row["group"] for row in judged(run_dir)}
    assert any(f"{len(groups) - 6} more, with fewer on their frontiers" in text for text in texts(run_dir / "pareto.svg"))


def test_match_keeps_problems(run_dir, tmp_path):
    assert plot(run_dir, "--match", "^fc:", "--out", tmp_path / "fc").returncode == 0
    assert len(markers(tmp_path / "fc.svg")) == 2
    assert "nothing" in fails(run_dir, "--match", "nothing")


def test_more_dimensions_are_named_and_any_two_can_be_drawn(run_dir):
    rewrite(run_dir / "pareto.csv", lambda rows: [{**row, "dims": "threads gflops usd", "units": "- GFLOP/s USD", "value_1": row["threads"],
                                                   "value_2": "0"} for row in rows])
    assert plot(run_dir, "--most", "1").returncode == 0
    assert {"threads", "gflops", "Pareto frontiers over threads, gflops, usd"} <= set(texts(run_dir / "pareto.svg"))


def test_problems_taken_together_share_a_panel(run_dir):
    rewrite(run_dir / "pareto.csv", lambda rows: [{**row, "group": "1"} for row in rows])
    assert plot(run_dir).returncode == 0
    assert "13 problems together" in texts(run_dir / "pareto.svg")


def test_unstable_rows_are_faded_and_counted(run_dir):
    rewrite(run_dir / "pareto.csv", lambda rows: [{**row, "status": "unstable"} for row in rows])
    assert plot(run_dir).returncode == 0
    assert any("faded: an unstable row" in text for text in texts(run_dir / "pareto.svg"))


def test_what_cannot_be_drawn_is_one_line(run_dir, tmp_path):
    rewrite(run_dir / "pareto.csv", lambda rows: [{**row, "dims": "latency", "units": "ns"} for row in rows])
    assert "has one dimension, latency" in fails(run_dir)
    rewrite(run_dir / "pareto.csv", lambda rows: [{**row, "dims": "latency memory", "units": "ns byte", "value_2": "nan"} for row in rows])
    assert "value_2" in fails(run_dir)
    rewrite(run_dir / "pareto.csv", lambda rows: [{**row, "verdict": "no_value"} for row in rows])
    assert "no row with a verdict" in fails(run_dir)
    (run_dir / "pareto.csv").unlink()
    assert "run: roofgap pareto" in fails(run_dir)
    (tmp_path / "empty").mkdir()
    assert "machine.json" in fails(tmp_path / "empty")


def test_without_matplotlib_one_line_says_what_to_install(run_dir, tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError(\"No module named 'matplotlib'\")\n")
    assert "python3-matplotlib" in fails(run_dir, PYTHONPATH=str(tmp_path))
