"""scripts/plot_gap.py and plot_predictors.py on the stored run tests/data/run_small, which is made up."""
import shutil
import xml.etree.ElementTree

import pytest
from script import ROOT, Script, markers, rewrite, texts

RUN = ROOT / "tests" / "data" / "run_small"
SCRIPTS = {"gap": Script("plot_gap.py"), "predictors": Script("plot_predictors.py")}
plot_gap, plot_predictors = SCRIPTS["gap"], SCRIPTS["predictors"]


@pytest.fixture
def run_dir(tmp_path):
    return shutil.copytree(RUN, tmp_path / "a run")


@pytest.fixture(params=SCRIPTS)
def picture(request):
    return request.param


def groups(svg, kind):
    """How many drawn things of a kind each panel has."""
    root = xml.etree.ElementTree.parse(svg).getroot()
    name = "{http://www.w3.org/2000/svg}"
    axes = [group for group in root.iter(name + "g") if group.get("id", "").startswith("axes_")]
    return [sum(1 for group in panel if group.get("id", "").startswith(kind)) for panel in axes]


def test_both_files_are_made(run_dir, picture):
    done = SCRIPTS[picture](run_dir)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{run_dir}/{picture}.svg", f"{run_dir}/{picture}.png"]
    assert (run_dir / f"{picture}.png").read_bytes().startswith(b"\x89PNG")
    assert {"1 thread", "2 threads"} <= set(texts(run_dir / f"{picture}.svg"))


def test_the_waterfall_has_three_steps_for_each_problem(run_dir):
    assert plot_gap(run_dir).returncode == 0
    # The first patch of a panel is its background, the last are its spines, one of four.
    assert groups(run_dir / "gap.svg", "patch") == [1 + 3 * 13 + 1] * 2
    shown = texts(run_dir / "gap.svg")
    assert {"algorithm", "memory", "implementation", "times what FLOPs promise", "ResNet-50 3x3, 56"} <= set(shown)
    assert "5.27 × · direct" in shown, "fc:mb1ic2048oc1000 on one thread: 4.54 memory x 1.16 implementation"
    assert any(text.endswith("winograd_f43") and float(text.split()[0]) < 1 for text in shown)


def test_one_variant_and_the_largest_gaps(run_dir):
    assert plot_gap(run_dir, "--variant", "onednn", "--most", "3", "--threads", "2").returncode == 0
    shown = texts(run_dir / "gap.svg")
    assert sum(text.endswith("· onednn") for text in shown) == 3
    assert any("10 problems with smaller gaps are left out" in text for text in shown)
    assert "magic" in plot_gap.fails(run_dir, "--variant", "magic")


def test_a_point_for_each_timed_row_and_what_predictors_csv_says(run_dir):
    assert plot_predictors(run_dir).returncode == 0
    assert markers(run_dir / "predictors.svg") == [30] * 4
    shown = texts(run_dir / "predictors.svg")
    assert {"FLOPs of the problem", "measured latency", "prediction"} <= set(shown)
    assert any(text.startswith("Kendall's tau 0.8") for text in shown)
    assert plot_predictors(run_dir, "--of", "fastest", "--threads", "1").returncode == 0
    assert markers(run_dir / "predictors.svg") == [13] * 2


def test_unstable_rows_are_faded_and_counted(run_dir, picture):
    rewrite(run_dir / "gap.csv", lambda rows: [{**row, "status": "unstable"} if row["status"] == "measured" else row
                                               for row in rows])
    assert SCRIPTS[picture](run_dir).returncode == 0
    assert any("faded: an unstable row" in text for text in texts(run_dir / f"{picture}.svg"))


def test_missing_files_say_what_to_run(run_dir, picture, tmp_path):
    (run_dir / "gap.csv").unlink()
    assert "run: roofgap gap" in SCRIPTS[picture].fails(run_dir)
    (tmp_path / "empty").mkdir()
    assert "machine.json" in SCRIPTS[picture].fails(tmp_path / "empty")


def test_missing_judgements_say_what_to_run(run_dir):
    rewrite(run_dir / "predictors.csv", lambda rows: [row for row in rows if row["threads"] != "2"])
    assert "no row of flops for 2 threads; run: roofgap gap" in plot_predictors.fails(run_dir)
    (run_dir / "predictors.csv").unlink()
    assert "run: roofgap gap" in plot_predictors.fails(run_dir)


@pytest.mark.parametrize("column, value", [("median_ns", ""), ("median_ns", "nan"), ("threads", "two")])
def test_a_timed_row_without_a_number_is_refused(run_dir, picture, column, value):
    rewrite(run_dir / "gap.csv", lambda rows: [{**rows[0], column: value}, *rows[1:]])
    assert column in SCRIPTS[picture].fails(run_dir)


def test_what_was_not_measured_is_refused_with_what_was(run_dir, picture):
    line = SCRIPTS[picture].fails(run_dir, "--isa", "NEON")
    assert "NEON" in line and "AVX3" in line
    rewrite(run_dir / "gap.csv", lambda rows: [{**row, "status": "skipped"} for row in rows])
    assert "no timed row" in SCRIPTS[picture].fails(run_dir)


def test_without_matplotlib_one_line_says_what_to_install(run_dir, picture, tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError(\"No module named 'matplotlib'\")\n")
    assert "python3-matplotlib" in SCRIPTS[picture].fails(run_dir, PYTHONPATH=str(tmp_path))
