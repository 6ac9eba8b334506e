"""scripts/plot_roofline.py with several runs, all made from the stored run tests/data/run_small, which is made up."""
import csv
import json
import operator
import shutil
import sys

import pytest
from script import ROOT, Script, markers, rewrite, texts

RUN = ROOT / "tests" / "data" / "run_small"
sys.path.insert(0, str(ROOT / "scripts"))

import roofline_machines

plot = Script("plot_roofline.py")


@pytest.fixture
def made(tmp_path):
    def make(name, machine_id, **rows):
        """A run of a machine of that id; `rows`: fields that all its rows have, of which one of each case is left."""
        run_dir = shutil.copytree(RUN, tmp_path / name)
        machine = json.loads((run_dir / "machine.json").read_text())
        machine |= {"machine_id": machine_id, "cpu_model": f"Model(R) {machine_id} CPU @ 2.40GHz"}
        (run_dir / "machine.json").write_text(json.dumps(machine))
        if rows:
            case = operator.itemgetter("problem", "variant", "dtype", "isa", "threads", "cache")
            rewrite(run_dir / "measurements.csv",
                    lambda old: list({case({**row, **rows}): {**row, **rows} for row in old}.values()))
        return run_dir

    return make


@pytest.fixture
def drawn(tmp_path):
    def draw(*words):
        done = plot(*words, "--out", tmp_path / "all")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines() == [f"{tmp_path}/all.svg", f"{tmp_path}/all.png"]
        return texts(tmp_path / "all.svg")

    return draw


@pytest.fixture
def fails(tmp_path):
    return lambda *words: plot.fails(*words, "--out", tmp_path / "all")


def slower_roofs(run_dir, factor):
    rewrite(run_dir / "ceilings.csv", lambda rows: [{**row, "best": str(float(row["best"]) * factor)} for row in rows])


def timed():
    with open(RUN / "measurements.csv", newline="") as file:
        return [row for row in csv.DictReader(file) if row["status"] == "measured"]


def test_each_machine_has_its_roofs_its_points_and_its_line_in_the_table(made, drawn, tmp_path):
    runs = [made("a run", "a"), made("other", "b")]
    slower_roofs(runs[1], 0.5)
    words = drawn(*runs)
    problems = {row["problem"] for row in timed()}
    assert markers(tmp_path / "all.svg") == [2 * len(problems)] * 2
    assert {"Rooflines of 2 machines", "1 thread", "2 threads", "236 GFLOP/s", "118 GFLOP/s"} <= set(words)
    assert {"Model a", "Model b", "FMA", "L1", "L2", "L3", "DRAM", "GB/s"} <= set(words)
    for level in ("L1", "DRAM"):
        assert words.count(level) == 2 * 2 + 2, "on the lines of two machines in two panels, and in their tables"
    assert any(text.startswith("52 points") and "slower variants" in text for text in words)
    for suffix in ("svg", "png"):
        assert not (runs[0] / f"roofline.{suffix}").exists()


def test_all_variants_are_drawn_when_asked_for(made, drawn, tmp_path):
    words = drawn(made("a run", "a"), made("other", "b"), "--of", "all")
    assert sum(markers(tmp_path / "all.svg")) == 2 * len(timed())
    assert any("all variants" in text for text in words)
    assert plot(RUN, "--of", "fastest", "--threads", "1", "--out", tmp_path / "one").returncode == 0
    assert markers(tmp_path / "one.svg") == [13]


def test_runs_of_one_machine_share_its_roofs_the_best_of_them(made, drawn, tmp_path):
    runs = [made("a run", "a"), made("again", "a", problem="fc:ic8oc8"), made("other", "b")]
    slower_roofs(runs[0], 0.5)
    slower_roofs(runs[2], 0.3)
    words = drawn(*runs)
    assert "Rooflines of 2 machines" in words and "2 runs" in words
    assert words.count("236 GFLOP/s") == 1 and "118 GFLOP/s" not in words
    assert any("the best that any run of the machine holds" in text for text in words)
    assert markers(tmp_path / "all.svg") == [13 + 1 + 13] * 2
    assert "Roofline of one machine's runs" in drawn(*runs[:2])


def test_a_directory_given_twice_counts_once(made, drawn, tmp_path):
    run = made("a run", "a")
    drawn(run, f"{run}/")
    assert markers(tmp_path / "all.svg") == [13] * 2


def test_machines_of_different_thread_counts_say_so(made, drawn):
    other = made("other", "b")
    for name in ("measurements.csv", "ceilings.csv"):
        rewrite(other / name, lambda rows: [{**row, "threads": row["threads"].replace("2", "16")} for row in rows])
    words = drawn(made("a run", "a"), other)
    assert {"1 thread", "the most threads of each machine", "16"} <= set(words)


def test_each_machine_is_shown_with_its_own_best_isa(made, drawn):
    other = made("other", "b", isa="AVX2")
    rewrite(other / "ceilings.csv", lambda rows: [{**row, "isa": row["isa"].replace("AVX3", "AVX2")} for row in rows])
    words = " ".join(drawn(made("a run", "a"), other))
    assert "AVX3 · " in words and "AVX2 · " in words


def test_what_cannot_stand_in_one_picture_is_one_line(made, fails, tmp_path):
    run = made("a run", "a")
    cold = made("cold", "b", cache="cold")
    assert "choose --cache" in fails(run, cold)
    assert "has cache warm" in fails(run, cold, "--cache", "warm")
    narrow = made("narrow", "a", isa="AVX2")
    line = fails(run, narrow)
    assert str(narrow) in line and "AVX3" in line and "--isa" in line
    bare = made("bare", "c")
    (bare / "ceilings.csv").unlink()
    assert "run: hwprobe" in fails(run, bare)
    assert "nowhere: there is no such directory" in fails(run, tmp_path / "nowhere")
    assert "7 machines" in fails(run, *(made(f"run {i}", str(i)) for i in range(6)))


def test_several_runs_need_a_name_for_the_picture(made):
    done = plot(made("a run", "a"), made("other", "b"))
    assert done.returncode == 2 and "--out FILE_STEM" in done.stderr


@pytest.mark.parametrize("whole, short", [
    ("Intel(R) Xeon(R) Processor", "Intel Xeon"), ("AMD EPYC", "AMD EPYC"),
    ("Intel(R) Core(TM) i7-8550U CPU @ 1.80GHz", "Intel Core i7-8550U"),
    ("AMD Ryzen 9 9950X 16-Core Processor", "AMD Ryzen 9 9950X"), ("", "unknown CPU")])
def test_names_of_cpus_are_shortened(whole, short):
    assert roofline_machines.short_model(whole) == short


def test_no_tag_covers_another():
    from matplotlib import pyplot

    figure, panel = pyplot.subplots(figsize=(8, 8))
    panel.set(xscale="log", yscale="log", xlim=(0.01, 100), ylim=(1, 1e4))
    roofs = [((500 * f, {"L1": 1000 * f, "L2": 900 * f, "L3": 400 * f, "DRAM": 350 * f}), look)
             for f, look in zip((1, 1.02, 1.2, 0.8), roofline_machines.LOOKS)]
    roofline_machines.draw_roofs(panel, roofs)
    boxes = [text.get_window_extent() for text in panel.texts]
    assert len(boxes) == 4 * 5
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    pyplot.close(figure)
