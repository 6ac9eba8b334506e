"""roofgap gap on attention over the sequence length: the stored run tests/data/run_attention, which is made up."""

import itertools
import pathlib
import shutil

import pytest
from conftest import read_rows, rewrite_rows

FILES = ("attention.csv", "complexity.csv", "crossovers.csv")
RUN = pathlib.Path(__file__).parents[1] / "data" / "run_attention"


@pytest.fixture
def run(tmp_path):
    return shutil.copytree(RUN, tmp_path / "run")


def test_gap_writes_what_is_stored(roofgap, run):
    for name in FILES:
        (run / name).unlink()
    done = roofgap("gap", "run")
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 100
    for name in FILES:
        assert (run / name).read_text() == (RUN / name).read_text(), f"{name}: written by roofgap gap {RUN}"
    for text in ("How attention grows", "h8 d64, n = s = t: f32 AVX3 warm, 2 threads",
                 "Expected and measured complexity", "O(n k d)", "Multi-query over multi-head",
                 "h8 kvh1 d64, one query over n keys: f32 AVX3 warm, 1 thread"):
        assert text in done.stdout


def test_no_row_vanishes_and_exponents_are_those_of_the_made_up_times(roofgap, run):
    assert roofgap("gap", "run").returncode == 0
    points = read_rows(run / "attention.csv")
    rows = read_rows(run / "measurements.csv")
    key = ("op", "variant", "problem", "threads", "status")
    assert [[row[c] for c in key] for row in points] == [[row[c] for c in key] for row in rows]
    assert [float(row["median_ns"] or 0) for row in points] == [float(row["median_ns"] or 0) for row in rows]
    fits = {(fit["op"], fit["variant"]): fit for fit in read_rows(run / "complexity.csv")
            if (fit["sweep"], fit["quantity"], fit["range"], fit["threads"]) == ("self", "time", "from_1024", "1")}
    for method, expected in (("flash", 2), ("materialised", 2), ("onednn", 2)):
        assert abs(float(fits["attention", method]["exponent"]) - expected) < 0.03
    assert abs(float(fits["linformer", "fused"]["exponent"]) - 1) < 0.03
    assert fits["attention", "flash_decode"]["status"] == "skipped"


def test_a_run_without_attention_has_none_of_the_files(roofgap, run):
    size = itertools.count(1)
    rewrite_rows(run / "measurements.csv", lambda row: {**row, "op": "fc", "problem": f"fc:ic{next(size)}oc8"})
    assert roofgap("gap", "run").returncode in (0, 1)
    assert not any((run / name).exists() for name in FILES)


def test_a_problem_that_cannot_be_read_is_named_with_file_and_row_and_nothing_is_written(roofgap, run):
    rewrite_rows(run / "measurements.csv", lambda row: {**row, "problem": row["problem"].replace("s256d64", "s256dxx")})
    row = 1 + next(i for i, row in enumerate(read_rows(run / "measurements.csv")) if "dxx" in row["problem"])
    before = {path: path.read_bytes() for path in run.iterdir()}
    error = roofgap.fails("gap", "run")
    assert error.startswith(f"roofgap: run/measurements.csv, row {row}: problem 'attention:h8s256dxx'"), error
    assert {path: path.read_bytes() for path in run.iterdir()} == before


def test_help_names_the_files_that_gap_writes(roofgap):
    text = roofgap("gap", "--help").stdout
    assert all(name in text for name in ("gap.csv", *FILES))


def test_rows_of_an_op_of_a_later_version_are_no_obstacle(roofgap, run):
    size = itertools.count(1)
    rewrite_rows(run / "measurements.csv", lambda row: {**row, "op": "later", "problem": f"later:z{next(size)}"}
                 if row["op"] == "performer" else row)
    assert roofgap("gap", "run").returncode == 0
    assert {row["op"] for row in read_rows(run / "attention.csv")} == {"attention", "linformer"}
