"""scripts/plot_roofline.py and roofgap_io.py on the stored run tests/data/run_small, which is made up."""
import csv
import shutil
import sys
import xml.etree.ElementTree

import pytest
from script import ROOT, Script, rewrite, texts

RUN = ROOT / "tests" / "data" / "run_small"
sys.path.insert(0, str(ROOT / "scripts"))

import roofgap_io
import roofline_axes

plot = Script("plot_roofline.py")
fails = plot.fails


@pytest.fixture
def run_dir(tmp_path):
    return shutil.copytree(RUN, tmp_path / "a run")


def change_first(path, **fields):
    """Changes fields of the first row."""
    rewrite(path, lambda rows: [{**rows[0], **fields}, *rows[1:]])


def points(svg):
    """Markers drawn: uses of path definitions inside of lines that are no axis ticks."""
    root = xml.etree.ElementTree.parse(svg).getroot()
    name = "{http://www.w3.org/2000/svg}"
    axes = [group for group in root.iter(name + "g") if group.get("id", "").startswith("axes_")]
    lines = [group for panel in axes for group in panel if group.get("id", "").startswith("line2d")]
    return sum(1 for line in lines for _ in line.iter(name + "use"))


def test_both_pictures_are_made_from_the_directory_alone(run_dir):
    done = plot(run_dir)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{run_dir}/roofline.svg", f"{run_dir}/roofline.png"]
    assert (run_dir / "roofline.png").read_bytes().startswith(b"\x89PNG")
    with open(RUN / "measurements.csv", newline="") as file:
        measured = [row for row in csv.DictReader(file) if row["status"] == "measured"]
    assert points(run_dir / "roofline.svg") == len(measured)


def test_out_names_the_files_and_threads_keeps_one_panel(run_dir, tmp_path):
    done = plot(run_dir, "--out", tmp_path / "one", "--threads", "1")
    assert done.returncode == 0, done.stderr
    assert not (run_dir / "roofline.svg").exists()
    with open(RUN / "measurements.csv", newline="") as file:
        single = [row for row in csv.DictReader(file) if row["status"] == "measured" and row["threads"] == "1"]
    assert points(tmp_path / "one.svg") == len(single)


@pytest.mark.parametrize("kind", ["compute", "memory"])
def test_a_missing_roof_says_what_to_run(run_dir, kind):
    rewrite(run_dir / "ceilings.csv", lambda rows: [r for r in rows if r["kind"] != kind or r["threads"] != "2"])
    line = fails(run_dir)
    assert f"no {kind} roof" in line and "hwprobe --threads 2" in line


def test_missing_ceilings_say_what_to_run(run_dir):
    (run_dir / "ceilings.csv").unlink()
    assert "run: hwprobe" in fails(run_dir)


def test_a_directory_that_is_no_run_is_refused(tmp_path):
    assert "machine.json" in fails(tmp_path)


def test_an_isa_that_was_not_measured_is_refused_with_those_that_were(run_dir):
    line = fails(run_dir, "--isa", "NEON")
    assert "NEON" in line and "AVX3" in line


def test_a_run_without_a_measured_row_is_refused(run_dir):
    rewrite(run_dir / "measurements.csv", lambda rows: [r for r in rows if r["status"] == "skipped"])
    assert "no measured row" in fails(run_dir)


def test_rows_that_are_not_simply_measured_are_counted_and_unstable_ones_drawn(run_dir):
    before = plot(run_dir)
    assert before.returncode == 0, before.stderr
    drawn = points(run_dir / "roofline.svg")
    assert any("62 rows, of which 1 skipped, 1 wrong" in text for text in texts(run_dir / "roofline.svg"))
    change_first(run_dir / "measurements.csv", status="unstable")
    plot(run_dir)
    assert points(run_dir / "roofline.svg") == drawn
    assert any("1 unstable (faded), 1 skipped, 1 wrong" in text for text in texts(run_dir / "roofline.svg"))


def test_a_run_of_unstable_rows_alone_is_drawn(run_dir):
    rewrite(run_dir / "measurements.csv", lambda rows: [{**r, "status": "unstable"} for r in rows if r["gflops"]])
    assert plot(run_dir).returncode == 0
    assert points(run_dir / "roofline.svg") == 60


def test_the_better_best_of_both_visits_to_a_roof_counts(run_dir):
    shutil.copy(run_dir / "ceilings.csv", run_dir / "ceilings_end.csv")

    def change(rows):
        found = [row for row in rows if row["op_mix"] == "fma" and row["isa"] == "AVX3"]
        found[0]["best"], found[1]["best"] = "257", "400"
        return found + [{**found[0], "core_kind": "performance", "best": "999"}]

    rewrite(run_dir / "ceilings_end.csv", change)
    assert plot(run_dir).returncode == 0
    shown = {text for text in texts(run_dir / "roofline.svg") if text.startswith("FMA peak")}
    assert shown == {"FMA peak 257 GFLOP/s", "FMA peak 471 GFLOP/s"}


@pytest.mark.parametrize("dtype", ["bf16", "s8"])
def test_types_of_dot_products_stand_under_the_dot_roof(run_dir, dtype):
    def change(rows):
        peaks = [row for row in rows if row["op_mix"] == "fma"]
        return rows + [{**row, "dtype": dtype, "op_mix": "dot", "best": "999"} for row in peaks]

    rewrite(run_dir / "ceilings.csv", change)
    rewrite(run_dir / "measurements.csv", lambda rows: [{**row, "dtype": dtype} for row in rows])
    done = plot(run_dir, "--dtype", dtype)
    assert done.returncode == 0, done.stderr
    assert texts(run_dir / "roofline.svg").count("DOT peak 999 GFLOP/s") == 2


def test_every_level_of_the_file_is_drawn(run_dir):
    def change(rows):
        added = [{**r, "level": "L4", "best": "77.7"} for r in rows if r["level"] == "L3" and r["pattern"] == "load"]
        return rows + added

    rewrite(run_dir / "ceilings.csv", change)
    assert plot(run_dir).returncode == 0
    assert texts(run_dir / "roofline.svg").count("L4 77.7 GB/s") == 2


def test_where_the_width_limits_no_wider_roof_is_drawn(run_dir):
    def change(rows):
        own = [{**r, "isa": "AVX2", "best": "111"} for r in rows if r["level"] == "L1" and r["pages"] == "huge"]
        return rows + own

    rewrite(run_dir / "ceilings.csv", change)
    rewrite(run_dir / "measurements.csv", lambda rows: [{**row, "isa": "AVX2"} for row in rows])
    assert plot(run_dir).returncode == 0
    assert texts(run_dir / "roofline.svg").count("L1 111 GB/s") == 2


@pytest.mark.parametrize("label", [r"$5 \frac $", "a_b^c", "<b>", "x" * 200])
def test_a_label_is_plain_text(run_dir, label):
    problem = "dwsep:mb1ic256ih14oc256kh3ph1"
    rewrite(run_dir / "measurements.csv",
            lambda rows: [{**row, "label": label} for row in rows if row["problem"] == problem])
    done = plot(run_dir)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("column", ["gflops", "intensity", "threads"])
@pytest.mark.parametrize("value", ["", "0", "-1", "nan", "inf", "fast"])
def test_a_timed_row_without_a_positive_number_is_an_error(column, value):
    row = {"problem": "fc:ic8oc8", "variant": "gemm", "status": "measured"}
    row |= {"threads": "1", "intensity": "0.5", "gflops": "12.5"}
    roofgap_io.check_timed(row)
    with pytest.raises(roofgap_io.InputError, match=column):
        roofgap_io.check_timed({**row, column: value})


@pytest.mark.parametrize("status", ["measured", "unstable"])
def test_a_run_with_a_speed_of_nothing_is_refused(run_dir, status):
    change_first(run_dir / "measurements.csv", status=status, gflops="")
    assert "gflops" in fails(run_dir)


def test_without_matplotlib_one_line_says_what_to_install(run_dir, tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError(\"No module named 'matplotlib'\")\n")
    assert "python3-matplotlib" in fails(run_dir, PYTHONPATH=str(tmp_path))


def test_names_that_are_left_out_are_mentioned(run_dir):
    def change(rows):
        return rows + [{**rows[0], "problem": f"{rows[0]['problem']}mb{i}", "label": ""} for i in range(200)]

    rewrite(run_dir / "measurements.csv", change)
    assert plot(run_dir).returncode == 0
    assert any("too many problems to write their names" in text for text in texts(run_dir / "roofline.svg"))


def test_variants_of_one_op_have_colours_of_their_own(run_dir):
    assert plot(run_dir).returncode == 0
    assert {"operation", "conv2d", "fc"} <= set(texts(run_dir / "roofline.svg"))
    rewrite(run_dir / "measurements.csv", lambda rows: [row for row in rows if row["op"] == "conv2d"])
    assert plot(run_dir).returncode == 0
    words = texts(run_dir / "roofline.svg")
    assert "operation" not in words and any(text.startswith("conv2d · f32") for text in words)
    colours = (run_dir / "roofline.svg").read_text().lower()
    with open(run_dir / "measurements.csv", newline="") as file:
        variants = {row["variant"] for row in csv.DictReader(file) if row["status"] == "measured"}
    assert len(variants) > 2
    assert all(colour.lower() in colours for colour in roofline_axes.APART[: len(variants)])


def test_a_torn_row_is_named(run_dir):
    path = run_dir / "measurements.csv"
    path.write_text(path.read_text()[:-30])
    assert f"row {len(RUN.joinpath('measurements.csv').read_text().splitlines()) - 1} " in fails(run_dir)


def test_another_schema_version_is_refused(run_dir):
    rewrite(run_dir / "ceilings.csv", lambda rows: [{**row, "schema_version": "9"} for row in rows])
    assert "schema_version 9" in fails(run_dir)


def test_a_missing_column_is_named(run_dir):
    path = run_dir / "ceilings.csv"
    path.write_text(path.read_text().replace("op_mix", "mix", 1))
    assert "op_mix" in fails(run_dir)


def test_an_empty_number_is_none_and_a_word_is_an_error():
    assert roofgap_io.number({"best": ""}, "best") is None
    assert roofgap_io.number({"best": "1.5"}, "best") == 1.5
    with pytest.raises(roofgap_io.InputError, match="best"):
        roofgap_io.number({"best": "fast"}, "best")


@pytest.mark.parametrize("wanted", [[0.0], [1.0, 1.1, 1.2, 1.3], [0.0, 0.0, 9.9, 10.0], [5.0] * 11, list(range(10))])
def test_names_are_kept_apart_in_order_and_inside(wanted):
    placed = roofline_axes.spread(wanted, 1.0, 0.0, 10.0)
    assert placed[0] >= 0 and placed[-1] <= 10 + 1e-9
    assert all(b - a >= 1 - 1e-9 for a, b in zip(placed, placed[1:]))


def test_names_that_lie_apart_stay_where_they_are():
    assert roofline_axes.spread([1.0, 4.0, 8.5], 1.0, 0.0, 10.0) == [1.0, 4.0, 8.5]


def test_names_for_which_there_is_no_room_are_left_out():
    assert roofline_axes.spread([5.0] * 12, 1.0, 0.0, 10.0) == [None] * 12


def test_problems_that_share_a_label_are_named_by_their_shape():
    row = {"label": "classifier", "problem": "fc:ic2048oc1000"}
    other = {"label": "other", "problem": "fc:ic8oc8"}
    assert roofline_axes.names_of([row, row, other]) == {"fc:ic2048oc1000": "classifier", "fc:ic8oc8": "other"}
    other["label"] = "classifier"
    assert roofline_axes.names_of([row, other]) == {"fc:ic2048oc1000": "fc:ic2048oc1000", "fc:ic8oc8": "fc:ic8oc8"}


def test_long_names_keep_both_ends():
    name = roofline_axes.shorten("a model with a very long name, layer 17")
    assert len(name) == roofline_axes.NAME_LENGTH
    assert name.startswith("a model with") and name.endswith("layer 17")
