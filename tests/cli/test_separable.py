"""roofgap separable: standard against separable convolutions within a run."""

import math
import pathlib
import re
import shutil

import pytest
from conftest import read_rows, rewrite_rows

SMALL = pathlib.Path(__file__).parents[1] / "data" / "run_small"
PARTS = ["part_" + name for name in ("padding", "algorithm", "memory", "standard", "separable")]


@pytest.fixture
def run_small(tmp_path):
    return shutil.copytree(SMALL, tmp_path / "run")


def test_pairs_of_the_stored_run(roofgap, run_small, tmp_path):
    done = roofgap("separable", "run", "--csv", "copy.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 100
    for words in ("256->256 3x3 14x14       1  8.69  7.91   6.26  4.14   5.52    71.9%", "1 thread: 2 shapes",
                  "standard 231.2 MFLOP (115.6 MMAC), separable 26.6 (13.3): 8.69x"):
        assert words in done.stdout, done.stdout
    assert (tmp_path / "copy.csv").read_bytes() == (run_small / "separable.csv").read_bytes()

    times = {(row["problem"], row["threads"], row["variant"]): row for row in read_rows(SMALL / "measurements.csv")}
    gaps = {(row["problem"], row["threads"], row["variant"]): row for row in read_rows(SMALL / "gap.csv")}
    pairs = read_rows(run_small / "separable.csv")
    assert pairs == read_rows(SMALL / "separable.csv"), "what tests of the picture draw is what this program writes"
    assert [pair["comparison"] for pair in pairs] == ["direct", "fastest", "onednn"] * 4
    for pair in pairs:
        one, two = ((pair[f"{side}_problem"], pair["threads"], pair[f"{side}_variant"])
                    for side in ("standard", "separable"))
        assert float(pair["promised"]) == pytest.approx(1 / (1 / float(pair["oc"]) + 1 / 9))
        ratio = float(times[one]["median_ns"]) / float(times[two]["median_ns"])
        assert float(pair["latency_ratio"]) == pytest.approx(ratio)
        assert math.prod(float(pair[part]) for part in PARTS) == pytest.approx(float(pair["arrives"]))
        assert float(pair["arrives"]) * float(pair["promised"]) == pytest.approx(ratio)
        assert float(pair["part_separable"]) == pytest.approx(float(gaps[two]["attainable_fraction"]), rel=1e-4)
    direct, fastest, onednn = pairs[:3]
    assert float(direct["part_algorithm"]) == 1 and float(fastest["part_algorithm"]) < 0.5
    assert float(fastest["standard_median_ns"]) <= float(direct["standard_median_ns"])
    assert onednn["standard_variant"] == onednn["separable_variant"] == "onednn"


def test_csv_on_standard_output_stands_alone(roofgap, run_small):
    done = roofgap("separable", "--csv", "-", "run")
    assert done.stdout == (run_small / "separable.csv").read_text()


def test_a_fresh_run_without_ceilings(roofgap, tmp_path):
    done = roofgap("run", "--problem", "conv2d:ic16ih7oc16kh3ph1", "--problem", "dwsep:ic16ih7oc16kh3ph1", "--problem",
                   "dwsep:ic16ih7oc16kh3sh2ph1", "--variant", "direct,fused", "--threads", "1", "--budget-s", "0.05",
                   "--out", "out")
    assert done.returncode == 0, done.stderr
    done = roofgap("separable", "out")
    assert done.returncode == 0, done.stderr
    assert "16->16 3x3 7x7           1  5.76" in done.stdout
    assert re.search(r"No conv2d to compare with, f32 \S+ warm, 1 thread: dwsep:ic16ih7oc16kh3sh2ph1\.\n", done.stdout)
    assert "hwprobe" in done.stdout, "it says what to run for the roofs"
    pairs = read_rows(tmp_path / "out" / "separable.csv")
    assert [pair["comparison"] for pair in pairs] == ["direct", "fastest"]
    assert pairs[0]["latency_ratio"] and not pairs[0]["part_memory"]


def test_a_run_without_pairs_says_so_and_stays_as_it_is(roofgap, tmp_path):
    done = roofgap("run", "--problem", "fc:ic64oc48", "--budget-s", "0.05", "--threads", "1", "--out", "out")
    assert done.returncode == 0, done.stderr
    done = roofgap("separable", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Nothing to compare")
    assert not (tmp_path / "out" / "separable.csv").exists()


def wrong(row):
    times = [name for name in row if name.endswith("_ns") and name != "prepare_ns"]
    return {**row, **dict.fromkeys([*times, "gflops", "gbps"], ""), "status": "wrong", "reason": "made up"}


def test_a_wrong_row_is_a_finding_and_is_named(roofgap, run_small):
    def change(row):
        return wrong(row) if (row["op"], row["variant"]) == ("dwsep", "fused") else row

    rewrite_rows(run_small / "measurements.csv", change)
    done = roofgap("separable", "run")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count("left out for 2 layers: fused wrong: made up") == 2, "for each thread count"


def test_rows_under_conditions_of_their_own_are_named(roofgap, run_small):
    def change(row):
        return {**wrong(row), "isa": "AVX2"} if (row["op"], row["threads"]) == ("conv2d", "2") else row

    rewrite_rows(run_small / "measurements.csv", change)
    done = roofgap("separable", "run")
    assert (done.returncode, done.stderr) == (1, "")
    text = " ".join(done.stdout.split())
    assert text.count("No conv2d to compare with") == 1
    assert re.search(r"No conv2d to compare with, f32 AVX3 warm, 2 threads: dwsep:\S+, dwsep:\S+\. ", text), text
    assert re.search(r"Wrong, and in no pair: conv2d:\S+ direct, f32 AVX2 warm, 2 threads: made up", text), text


def test_what_is_no_run_is_refused(roofgap, run_small, tmp_path):
    assert "nowhere" in roofgap.fails("separable", "nowhere")
    (tmp_path / "empty").mkdir()
    assert "empty" in roofgap.fails("separable", "empty")
    assert "nowhere" in roofgap.fails("separable", "run", "--csv", "nowhere/pairs.csv")
    path = run_small / "ceilings.csv"
    path.write_text(path.read_text().replace("0123456789ab", "ba9876543210"))
    assert "ba9876543210" in roofgap.fails("separable", "run")


@pytest.mark.parametrize("changed", ["mb2ic256ih14oc256kh3ph1", "g2mb1ic256ih14oc256kh3ph1",
                                     "mb1ic256ih14oc256kh3ph2dh2", "mb1ic256ih14oc256kh3sh2ph1",
                                     "mb1ic256ih14oc256kh3ph1bia1", "mb1ic256ih14oc256kh3ph1act1"])
def test_other_standard_convolutions_are_no_partners(roofgap, run_small, changed):
    def change(row):
        return {**row, "problem": row["problem"].replace("conv2d:mb1ic256ih14oc256kh3ph1", f"conv2d:{changed}")}

    rewrite_rows(run_small / "measurements.csv", change)
    done = roofgap("separable", "run")
    assert (done.returncode, done.stderr) == (0, "")
    assert {pair["ih"] for pair in read_rows(run_small / "separable.csv")} == {"56"}
    assert done.stdout.count("No conv2d to compare with") == 2, "for each thread count"


def test_pairs_of_rows_that_are_gone_do_not_stay(roofgap, run_small):
    later = lambda row: {**row, "op": "later", "problem": row["problem"].replace("conv2d", "later")}
    rewrite_rows(run_small / "measurements.csv", lambda row: later(row) if row["op"] == "conv2d" else row)
    done = roofgap("separable", "run")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Nothing to compare")
    assert not (run_small / "separable.csv").exists()


def test_missing_ceilings_of_a_thread_count_are_named(roofgap, run_small):
    path = run_small / "ceilings.csv"
    rows = read_rows(path)
    kept = {row["threads"] for row in rows} - {"2"}
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:1] + [line for line, row in zip(lines[1:], rows) if row["threads"] in kept]))
    done = roofgap("separable", "run")
    assert (done.returncode, done.stderr) == (0, "")
    text = " ".join(done.stdout.split())
    assert text.count("No roofs for") == 1
    assert "No roofs for 2 shapes, f32 AVX3 warm, 2 threads: no fma ceiling for f32 AVX3 on 2 threads" in text


def test_help_shows_examples(roofgap):
    done = roofgap("separable", "--help")
    assert done.returncode == 0
    assert "configs/suites/separable.json" in done.stdout
