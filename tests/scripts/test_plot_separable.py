"""scripts/plot_separable.py on the stored run tests/data/run_small, which is made up."""
import csv
import shutil
import xml.etree.ElementTree

import pytest
from script import ROOT, Script, markers, rewrite, texts

RUN = ROOT / "tests" / "data" / "run_small"
plot = Script("plot_separable.py")
fails = plot.fails


@pytest.fixture
def run_dir(tmp_path):
    return shutil.copytree(RUN, tmp_path / "a run")


def sweep(rows):
    """Each pair at 8 to 512 channels on five maps."""
    return [{**row, "ic": str(8 << i), "oc": str(8 << i), "ih": str(size), "iw": str(size),
             "promised": str(1 / (1 / (8 << i) + 1 / 9))}
            for row in rows if row["ih"] == "14" for i in range(7) for size in (7, 14, 28, 56, 112)]


def test_both_pictures_are_made_with_a_point_for_each_pair(run_dir):
    done = plot(run_dir)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{run_dir}/separable.svg", f"{run_dir}/separable.png"]
    assert (run_dir / "separable.png").read_bytes().startswith(b"\x89PNG")
    # Two shapes in each of four panels; the worked example: two standard ones, each with its separable one.
    assert markers(run_dir / "separable.svg") == [2, 2, 2, 2, 4, 4]
    shown = texts(run_dir / "separable.svg")
    assert {"14x14", "56x56", "FLOPs, as papers count", "1 thread", "2 threads"} <= set(shown)
    assert "256 to 256 channels, 14x14, 1 thread" in shown
    with open(RUN / "separable.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row["ih"] == "14" and row["comparison"] != "onednn":
                assert any(f"{float(row['latency_ratio']):.2f} x the time" in text for text in shown)


def test_a_sweep_has_a_line_for_each_map(run_dir):
    rewrite(run_dir / "separable.csv", sweep)
    assert plot(run_dir).returncode == 0
    assert markers(run_dir / "separable.svg")[:4] == [35] * 4
    assert {"7x7", "14x14", "28x28", "56x56", "112x112"} <= set(texts(run_dir / "separable.svg"))


def test_many_maps_look_different_and_the_picture_grows_with_their_legend(run_dir):
    def layers(rows):
        return [{**row, "ih": str(size), "iw": str(size), "sh": stride, "sw": stride, "bia": "1", "act": "1"}
                for row in rows if row["ih"] == "14" for size in (14, 28, 56, 112, 224) for stride in "12"]

    def height(svg):
        return float(xml.etree.ElementTree.parse(svg).getroot().get("viewBox").split()[3])

    assert plot(run_dir).returncode == 0
    usual = height(run_dir / "separable.svg")
    rewrite(run_dir / "separable.csv", layers)
    assert plot(run_dir).returncode == 0
    shown = texts(run_dir / "separable.svg")
    assert {"14x14", "224x224, stride 2"} <= set(shown), "what all share is not repeated"
    assert any("all with bia1 act1" in text for text in shown)
    assert height(run_dir / "separable.svg") > usual
    root = xml.etree.ElementTree.parse(run_dir / "separable.svg").getroot()
    key = next(group for group in root.iter() if group.get("id") == "legend_1")
    drawn = [use for use in key.iter("{http://www.w3.org/2000/svg}use") if use.get("style")]
    looks = {(use.get("{http://www.w3.org/1999/xlink}href"), use.get("style")) for use in drawn}
    assert len(looks) == len(drawn) == 10


def test_out_names_the_files_and_threads_keeps_one_column(run_dir, tmp_path):
    done = plot(run_dir, "--out", tmp_path / "one", "--threads", "2")
    assert done.returncode == 0, done.stderr
    assert not (run_dir / "separable.svg").exists()
    assert markers(tmp_path / "one.svg") == [2, 2, 4]


def test_pairs_that_are_not_measured_are_left_out_and_unstable_ones_faded(run_dir):
    def change(rows):
        return [{**row, "status": "unstable"} if row["ih"] == "14" else
                {**row, "status": "skipped", "latency_ratio": ""} for row in rows]

    rewrite(run_dir / "separable.csv", change)
    assert plot(run_dir).returncode == 0
    assert markers(run_dir / "separable.svg")[:2] == [2, 2], "the promise of one channel count, and the pair"
    assert any("faded: an unstable row (6 of 6)" in text for text in texts(run_dir / "separable.svg"))
    rewrite(run_dir / "separable.csv", lambda rows: [{**row, "status": "skipped"} for row in rows])
    assert "no pair with a ratio" in fails(run_dir)


def test_what_is_not_usual_tells_lines_apart(run_dir):
    def change(rows):
        return rows + [{**row, "sh": "2", "sw": "2", "mb": "4", "act": "1"} for row in rows]

    rewrite(run_dir / "separable.csv", change)
    assert plot(run_dir).returncode == 0
    assert "14x14, stride 2, mb4, act1" in texts(run_dir / "separable.svg")


def test_missing_files_say_what_to_run(run_dir, tmp_path):
    (run_dir / "separable.csv").unlink()
    assert "run: roofgap separable" in fails(run_dir)
    shutil.copy(RUN / "separable.csv", run_dir)
    (run_dir / "ceilings.csv").unlink()
    assert "run: hwprobe" in fails(run_dir)
    (tmp_path / "empty").mkdir()
    assert "machine.json" in fails(tmp_path / "empty")


def test_what_was_not_measured_is_refused_with_what_was(run_dir):
    line = fails(run_dir, "--isa", "NEON")
    assert "NEON" in line and "AVX3" in line


@pytest.mark.parametrize("column, value", [("latency_ratio", ""), ("promised", "0"), ("standard_gflops", "nan"),
                                           ("separable_gflops", "")])
def test_a_timed_pair_without_a_positive_number_is_refused(run_dir, column, value):
    rewrite(run_dir / "separable.csv", lambda rows: [{**rows[0], column: value}, *rows[1:]])
    assert column in fails(run_dir)


def test_without_matplotlib_one_line_says_what_to_install(run_dir, tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError(\"No module named 'matplotlib'\")\n")
    assert "python3-matplotlib" in fails(run_dir, PYTHONPATH=str(tmp_path))
