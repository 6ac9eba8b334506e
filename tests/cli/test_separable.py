"""roofgap separable: standard against separable convolutions within a run."""

import math
import pathlib
import shutil

import pytest
from conftest import read_rows

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
    assert "No conv2d of the shape of dwsep:ic16ih7oc16kh3sh2ph1." in done.stdout
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


def test_a_wrong_row_is_a_finding(roofgap, run_small):
    path = run_small / "measurements.csv"
    lines = path.read_text().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if ",dwsep," in line)
    lines[at] = lines[at].replace(",measured,,", ",wrong,made up,", 1)
    path.write_text("".join(lines))
    assert roofgap("separable", "run").returncode == 1


def test_what_is_no_run_is_refused(roofgap, run_small, tmp_path):
    assert "nowhere" in roofgap.fails("separable", "nowhere")
    (tmp_path / "empty").mkdir()
    assert "empty" in roofgap.fails("separable", "empty")
    assert "nowhere" in roofgap.fails("separable", "run", "--csv", "nowhere/pairs.csv")
    path = run_small / "ceilings.csv"
    path.write_text(path.read_text().replace("0123456789ab", "ba9876543210"))
    assert "ba9876543210" in roofgap.fails("separable", "run")


def test_help_shows_examples(roofgap):
    done = roofgap("separable", "--help")
    assert done.returncode == 0
    assert "configs/suites/separable.json" in done.stdout
