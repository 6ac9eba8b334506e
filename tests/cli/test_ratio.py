"""roofgap ratio: variants against each other within a run."""

import math
import pathlib
import shutil

import pytest
from conftest import read_rows

SMALL = pathlib.Path(__file__).parents[1] / "data" / "run_small"


@pytest.fixture
def run_small(tmp_path):
    return shutil.copytree(SMALL, tmp_path / "run")


def test_ratios_of_the_stored_run(roofgap, run_small, tmp_path):
    done = roofgap("ratio", "run", "--of", "flash", "--over", "onednn,standard", "--csv", "ratio.csv")
    assert done.returncode == 1, "a row of `standard` is wrong"
    assert done.stderr == ""
    assert max(map(len, done.stdout.splitlines())) <= 100
    for words in ("attention:b1h12s197d64            2 flash      498 us", "1.345 1.334-1.355 ",
                  "1 thread: 3 pairs", "2 threads: 3 pairs", "0 under 0.95",
                  "Fastest rival: onednn in 1, standard in 2", "all 4 of conv2d", "no row of flash", "standard wrong: max_error 0.5 > error_bound 3.4e-06"):
        assert words in done.stdout, done.stdout

    times = {}
    for row in read_rows(SMALL / "measurements.csv"):
        if row["median_ns"]:
            times[row["problem"], row["threads"], row["variant"]] = row
    gaps = {(row["problem"], row["threads"], row["variant"]): row for row in read_rows(SMALL / "gap.csv")}
    ratios = read_rows(tmp_path / "ratio.csv")
    pairs = [row for row in ratios if row["ratio"]]
    assert len(pairs) == 6
    assert [float(row["ratio"]) for row in pairs] == sorted(float(row["ratio"]) for row in pairs)
    for row in pairs:
        case = (row["problem"], row["threads"])
        ours = times[*case, "flash"]
        rival = min((times[*case, name] for name in ("onednn", "standard") if (*case, name) in times),
                    key=lambda r: float(r["median_ns"]))
        assert row["over_variant"] == rival["variant"]
        assert float(row["ratio"]) == pytest.approx(float(rival["median_ns"]) / float(ours["median_ns"]))
        assert float(row["ratio_low"]) == pytest.approx(float(rival["ci_low_ns"]) / float(ours["ci_high_ns"]))
        assert float(row["ratio_high"]) == pytest.approx(float(rival["ci_high_ns"]) / float(ours["ci_low_ns"]))
        assert float(row["ratio_bound"]) * float(row["attainable_fraction"]) == pytest.approx(float(row["ratio"]))
        assert row["workspace_bytes"] == ours["workspace_bytes"]
        assert row["over_workspace_bytes"] == rival["workspace_bytes"]
        assert float(row["roof_fraction"]) == pytest.approx(float(gaps[*case, "flash"]["roof_fraction"]), rel=1e-4)
    for row in ratios[6:]:
        assert (row["status"], row["reason"], row["ratio"]) == ("skipped", "no row of flash", "")
    mean = math.prod(float(row["ratio"]) for row in pairs if row["threads"] == "1") ** (1 / 3)
    assert f"1 thread: 3 pairs, geometric mean {mean:.3f}" in done.stdout


def test_classes_are_lines_by_label_and_thread_count(roofgap, run_small):
    done = roofgap("ratio", "run", "--of", "direct", "--match", "3x3 stride 1=kh3ph1$", "--over", "onednn", "--match",
                   "^fc:", "--under", "1.1")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("class"))
    assert [line[:22].rstrip() for line in lines[start + 1:]] == \
        ["3x3 stride 1  1 thread", "3x3 stride 1  2 thread", "^fc:          1 thread", "^fc:          2 thread"]
    assert lines[start + 4].split()[3:] == ["2", "1.031", "1.473", "70.0%", "61.3%", "0.890", "fc:mb16ic768oc3072"]
    assert "under 1.1" in done.stdout


def test_csv_on_standard_output_stands_alone(roofgap, run_small, tmp_path):
    words = ("ratio", "run", "--of", "direct", "--over", "onednn")
    alone = roofgap(*words, "--csv", "-")
    both = roofgap(*words, "--csv", "file.csv")
    assert alone.stdout == (tmp_path / "file.csv").read_text()
    assert both.stdout == roofgap(*words).stdout


def test_a_fresh_run_without_ceilings(roofgap, tmp_path):
    done = roofgap("run", "--problem", "fc:ic64oc48", "--problem", "fc:mb16ic64oc48", "--variant", "gemm,gemv",
                   "--threads", "1", "--budget-s", "0.05", "--out", "out")
    assert done.returncode == 0, done.stderr
    before = sorted((tmp_path / "out").iterdir())
    done = roofgap("ratio", "--of", "gemv", "--over", "gemm", "out")
    assert done.returncode == 0, done.stderr
    assert "1 thread: 1 pair" in done.stdout
    assert "no pair for fc:mb16ic64oc48: gemv skipped: needs mb" in done.stdout
    assert "hwprobe" in done.stdout, "it says what to run for the percent of the roof"
    assert sorted((tmp_path / "out").iterdir()) == before, "the run stays as it is"


def test_what_is_not_in_the_run_is_refused(roofgap, run_small, tmp_path):
    sides = ("--of", "direct", "--over", "onednn")
    assert "nowhere" in roofgap.fails("ratio", "nowhere", *sides)
    (tmp_path / "file").write_text("")
    assert "file" in roofgap.fails("ratio", "file", *sides)
    (tmp_path / "empty").mkdir()
    assert "empty" in roofgap.fails("ratio", "empty", *sides)
    message = roofgap.fails("ratio", "run", "--of", "direct,fastest", "--over", "onednn")
    assert "--of: the run has no variant 'fastest'; allowed are direct, flash, fused, onednn, standard" in message
    assert "--over" in roofgap.fails("ratio", "run", "--of", "direct", "--over", "fastest")
    message = roofgap.fails("ratio", "run", "--of", "winograd_f43", "--over", "flash")
    assert "no problem has a time on both sides" in message and "no row of flash" in message


def test_rows_are_needed(roofgap, run_small):
    text = (run_small / "measurements.csv").read_text()
    (run_small / "measurements.csv").write_text(text[:text.index("\n") + 1])
    assert "no rows" in roofgap.fails("ratio", "run", "--of", "direct", "--over", "onednn")


def test_faulty_options_are_refused(roofgap, run_small):
    sides = ("--of", "direct", "--over", "onednn")
    assert "'kh(3'" in roofgap.fails("ratio", "run", *sides, "--match", "3x3=kh(3")
    assert "LABEL=REGEX" in roofgap.fails("ratio", "run", *sides, "--match", "3x3=")
    assert "--under" in roofgap.fails("ratio", "run", *sides, "--under", "0")
    assert "--over" in roofgap.fails("ratio", "run", "--of", "direct")
    assert "--csv" in roofgap.fails("ratio", "run", *sides, "--csv")
    assert "nowhere" in roofgap.fails("ratio", "run", *sides, "--csv", "nowhere/ratio.csv")


def test_ceilings_of_another_machine_are_refused(roofgap, run_small):
    path = run_small / "ceilings.csv"
    path.write_text(path.read_text().replace("0123456789ab", "ba9876543210"))
    assert "ba9876543210" in roofgap.fails("ratio", "run", "--of", "direct", "--over", "onednn")


def test_help_shows_examples(roofgap):
    done = roofgap("ratio", "--help")
    assert done.returncode == 0
    assert "--match '3x3 stride 1=kh3ph1$'" in done.stdout
