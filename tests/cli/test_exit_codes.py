"""What a program returns is what its --help says."""

import pathlib
import shutil

import pytest
from conftest import rewrite_rows

ROOT = pathlib.Path(__file__).parents[2]
SMALL = ROOT / "tests" / "data" / "run_small"
READERS = [("gap", "run"), ("ratio", "run", "--of", "direct", "--over", "onednn"), ("separable", "run"),
           ("pareto", "run"), ("budgets", "run", "--budgets", ROOT / "configs" / "budgets.json"),
           ("compare", "run", "run"), ("merge", "run", "--csv", "all.csv")]


@pytest.fixture
def run(tmp_path):
    """A run in which nothing is wrong."""
    folder = shutil.copytree(SMALL, tmp_path / "run")
    rewrite_rows(folder / "measurements.csv",
                 lambda row: {**row, "status": "skipped" if row["status"] == "wrong" else row["status"]})
    return folder


@pytest.mark.parametrize("words", READERS, ids=lambda words: words[0])
def test_a_wrong_row_is_1_where_it_counts_and_nothing_wrong_is_0(roofgap, run, words):
    assert roofgap(*words).returncode == 0
    wrong = {"conv2d": [], "fc": []}
    for op in wrong:
        def break_row(row):
            if row["op"] == op and row["variant"] == "direct" and row["threads"] == "1":
                wrong[op].append(row["problem"])
                return {**row, "status": "wrong", "reason": "output 3"}
            return {**row, "status": "skipped" if row["status"] == "wrong" else row["status"]}
        rewrite_rows(run / "measurements.csv", break_row)
        assert wrong[op], "the stored run has such a row"
        counts = words[0] != "separable" or op == "conv2d"
        assert roofgap(*words).returncode == (1 if counts else 0), op


@pytest.mark.parametrize("words", READERS, ids=lambda words: words[0])
def test_unknown_options_are_2(roofgap, run, words):
    assert "--unknown" in roofgap.fails(*words, "--unknown")


@pytest.mark.parametrize("command", ["run", "selftest", *(words[0] for words in READERS)])
def test_help_says_what_1_means(roofgap, command):
    done = roofgap(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Exit code 1: " in done.stdout or "Exit codes: 1 " in done.stdout
    assert max(map(len, done.stdout[done.stdout.index("Examples:"):].splitlines())) <= 120


def test_help_of_list_shows_its_own_examples(roofgap):
    text = roofgap("list", "--help").stdout
    assert "roofgap list --op conv2d" in text and "roofgap run --" not in text


def test_a_row_above_its_roof_is_1_of_gap(roofgap, run):
    rewrite_rows(run / "measurements.csv", lambda row: {**row, "min_ns": row["min_ns"] and "1"})
    done = roofgap("gap", "run")
    assert done.returncode == 1 and "above the hard roof" in " ".join(done.stdout.split())


def test_help_of_the_programs_lists_all_codes(roofgap, hwprobe):
    for program in (roofgap, hwprobe):
        text = " ".join(program("--help").stdout.split())
        assert "Exit codes: 0 done; " in text and "; 2 usage or input error, in one line; 130, 143 interrupted" in text
