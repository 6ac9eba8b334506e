"""scripts/plot_attention.py on the stored run tests/data/run_attention, which is made up."""
import csv
import pathlib
import re
import shutil

import pytest
from script import ROOT, Script, markers, rewrite, texts

RUN = ROOT / "tests" / "data" / "run_attention"
plot = Script("plot_attention.py")
fails = plot.fails


@pytest.fixture
def run_dir(tmp_path):
    return shutil.copytree(RUN, tmp_path / "a run")


def looks(svg):
    """The colour of each method, by the legend."""
    legend = pathlib.Path(svg).read_text().split('id="legend_1"')[1]
    return {name: colour for colour, name in
            re.findall(r"stroke: (#\w+); stroke-width: 1\.6.*?<!-- (.*?) -->", legend, re.DOTALL)}


def stored(name):
    with open(RUN / name, newline="") as file:
        return list(csv.DictReader(file))


def test_both_pictures_are_made_with_a_point_for_each_row(run_dir):
    done = plot(run_dir)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{run_dir}/attention.svg", f"{run_dir}/attention.png"]
    assert (run_dir / "attention.png").read_bytes().startswith(b"\x89PNG")
    # Five methods of seven lengths; Performer's workspace is 0; two approximations with four sizes more at one length.
    assert markers(run_dir / "attention.svg") == [35, 35, 28, 22]
    shown = texts(run_dir / "attention.svg")
    assert {"Time, 1 thread", "Time, 2 threads", "Bytes of workspace, 2 threads"} <= set(shown)
    assert {"linformer fused k256", "performer fused m256", "flash", "materialised", "onednn"} <= set(shown)
    assert "0 bytes: performer fused m256" in shown
    assert {"k32", "k512", "n 128", "n 8192"} <= set(shown)


def test_the_exponents_on_the_lines_are_those_of_complexity_csv(run_dir):
    assert plot(run_dir).returncode == 0
    shown = texts(run_dir / "attention.svg")
    fits = [fit for fit in stored("complexity.csv") if (fit["sweep"], fit["range"]) == ("self", "from_1024")]
    written = [f"n^{float(fit['exponent']):.2f} ±{float(fit['half_width']):.2f}" for fit in fits
               if fit["exponent"] and (fit["quantity"] == "time" or fit["threads"] == "2")]
    assert sorted(text for text in shown if text.startswith("n^")) == sorted(written)


def test_lengths_next_to_each_other_share_a_number_on_the_axis(run_dir):
    def add(rows):
        return rows + [{**row, "n": str(int(row["n"]) + 1)} for row in rows if row["n"] == "1024"]

    rewrite(run_dir / "attention.csv", add)
    assert plot(run_dir).returncode == 0
    assert markers(run_dir / "attention.svg")[0] == 40
    shown = texts(run_dir / "attention.svg")
    assert "1024" in shown and "1025" not in shown


def test_decode_is_a_picture_of_its_own_and_a_shape_can_be_asked_for(run_dir, tmp_path):
    done = plot(run_dir, "--sweep", "decode", "--shape", "h8kvh1", "--out", tmp_path / "one")
    assert done.returncode == 0, done.stderr
    assert not (run_dir / "attention.svg").exists()
    assert markers(tmp_path / "one.svg") == [6, 6], "time and bytes, without an approximation"
    shown = texts(tmp_path / "one.svg")
    assert "Attention over its length: one query over n keys, 8 heads of 64, 1 of keys and values" in shown


def test_a_method_has_one_colour_in_every_picture(run_dir, tmp_path):
    def without_flash(rows):
        return [row for row in rows if row["variant"] != "flash"]

    assert plot(run_dir).returncode == 0
    every = looks(run_dir / "attention.svg")
    assert len(set(every.values())) == len(every) == 5, every
    rewrite(run_dir / "attention.csv", without_flash)
    assert plot(run_dir).returncode == 0
    assert looks(run_dir / "attention.svg") == {name: every[name] for name in every if name != "flash"}


def test_methods_that_differ_by_k_and_unknown_ones_look_different(run_dir):
    def more(rows):
        return rows + [{**row, **change} for row in rows if row["variant"] == "flash"
                       for change in ({"variant": "new"}, {"variant": "newer"})]

    rewrite(run_dir / "attention.csv", more)
    assert plot(run_dir).returncode == 0
    every = looks(run_dir / "attention.svg")
    assert {"new", "newer"} <= set(every)
    assert every["new"] != every["newer"]


def test_variants_that_the_panel_of_distances_leaves_out_are_said(run_dir):
    def slower(rows):
        return rows + [{**row, "variant": "layered", "speedup": str(float(row["speedup"]) / 2)}
                       for row in rows if row["op"] == "linformer"]

    assert plot(run_dir).returncode == 0
    assert not any(text.startswith("distance:") for text in texts(run_dir / "attention.svg"))
    rewrite(run_dir / "attention.csv", slower)
    assert plot(run_dir).returncode == 0
    assert ("distance: of each op the fastest variant alone (linformer fused, performer fused); linformer layered: "
            "the same distances") in texts(run_dir / "attention.svg")


def test_threads_keeps_one_panel_of_time(run_dir):
    assert plot(run_dir, "--threads", "1").returncode == 0
    assert markers(run_dir / "attention.svg") == [35, 28, 22]


def test_unstable_rows_are_faded_and_said(run_dir):
    assert plot(run_dir).returncode == 0
    assert any("faded: an unstable row (1 of 86)" in text for text in texts(run_dir / "attention.svg"))


def test_what_was_not_measured_is_refused_with_what_was(run_dir):
    assert "h8kvh8d64" in fails(run_dir, "--shape", "h9").replace("b1", "")
    assert "allowed are b, h, kvh, d, causal" in fails(run_dir, "--shape", "hd64")
    assert "AVX3" in fails(run_dir, "--isa", "NEON")
    rewrite(run_dir / "attention.csv", lambda rows: [{**row, "status": "skipped"} for row in rows])
    assert "no row with a time" in fails(run_dir)


def test_missing_files_say_what_to_run(run_dir, tmp_path):
    (run_dir / "attention.csv").unlink()
    assert "run: roofgap gap" in fails(run_dir)
    (tmp_path / "empty").mkdir()
    assert "machine.json" in fails(tmp_path / "empty")


@pytest.mark.parametrize("column, value", [("median_ns", ""), ("median_ns", "0"), ("n", "0")])
def test_a_timed_row_without_a_positive_number_is_refused(run_dir, column, value):
    rewrite(run_dir / "attention.csv", lambda rows: [{**rows[0], column: value}, *rows[1:]])
    assert column in fails(run_dir)


def test_without_matplotlib_one_line_says_what_to_install(run_dir, tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError(\"No module named 'matplotlib'\")\n")
    assert "python3-matplotlib" in fails(run_dir, PYTHONPATH=str(tmp_path))
