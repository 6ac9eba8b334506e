"""scripts/plot_ceilings.py on the stored run tests/data/run_small, which is made up, with a curve that is made here."""
import csv
import shutil
import sys

import pytest
from script import ROOT, Script, rewrite, texts, write

RUN = ROOT / "tests" / "data" / "run_small"
sys.path.insert(0, str(ROOT / "scripts"))

import plot_ceilings

plot = Script("plot_ceilings.py")
fails = plot.fails

CURVE = "schema_version machine_id isa pattern pages core_kind threads working_set_bytes best median".split()
PICTURES = [f"ceilings_{name}.{suffix}" for name in ("memory", "compute") for suffix in ("svg", "png")]


@pytest.fixture
def probe(tmp_path):
    directory = shutil.copytree(RUN, tmp_path / "a probe")
    rows = []
    for threads in (1, 2):
        for pages in ("huge", "small"):
            for pattern in ("load", "copy"):
                for octave in range(12, 28):
                    rate = threads * (400 if octave < 16 else 200 if octave < 20 else 30)
                    fields = (1, "m", "AVX3", pattern, pages, "uniform", threads, 2**octave, rate, rate)
                    rows.append(dict(zip(CURVE, fields)))
    write(directory / "curve.csv", CURVE, rows)
    return directory


def test_two_pictures_are_made_from_the_directory_alone(probe):
    done = plot(probe)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{probe}/{name}" for name in PICTURES]
    assert (probe / "ceilings_memory.png").read_bytes().startswith(b"\x89PNG")


def test_out_names_the_files_and_threads_keeps_one_panel(probe, tmp_path):
    done = plot(probe, "--out", tmp_path / "one", "--threads", "2")
    assert done.returncode == 0, done.stderr
    assert not (probe / "ceilings_memory.svg").exists()
    for name in ("memory", "compute"):
        drawn = texts(tmp_path / f"one_{name}.svg")
        assert "2 threads" in drawn and "1 thread" not in drawn


def test_thread_counts_that_were_not_measured_are_refused_with_those_that_were(probe):
    assert "1, 2" in fails(probe, "--threads", "3")


def test_every_level_has_its_best_roof_written_on_it(probe):
    with open(probe / "ceilings.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "memory" and row["pages"] == "huge"]
    assert plot(probe).returncode == 0
    drawn = texts(probe / "ceilings_memory.svg")
    for level, threads in {(row["level"], row["threads"]) for row in rows}:
        best = max(float(row["best"]) for row in rows if (row["level"], row["threads"]) == (level, threads))
        assert f"{level} {plot_ceilings.value(best)} GB/s" in drawn


def test_the_knee_stands_beside_the_size_that_the_system_reports(probe):
    def change(rows):
        return [{**row, "knee_bytes": 55 * 1024, "reported_bytes": 48 * 1024} if row["level"] == "L1" else row
                for row in rows]

    rewrite(probe / "ceilings.csv", change, "knee_bytes", "reported_bytes")
    assert plot(probe).returncode == 0
    drawn = texts(probe / "ceilings_memory.svg")
    assert drawn.count("system 48 KiB") == 2 and drawn.count("curve 55 KiB") == 2


def test_every_compute_roof_has_a_bar_with_its_figure(probe):
    def change(rows):
        extra = {**next(row for row in rows if row["kind"] == "compute"), "dtype": "f64", "isa": "AVX2"}
        return rows + [{**extra, "op_mix": mix, "best": best, "flop_per_cycle": cycle}
                       for mix, best, cycle in (("fma", "61.5", "15.9"), ("fma_add", "77.7", ""))]

    rewrite(probe / "ceilings.csv", change, "flop_per_cycle")
    assert plot(probe).returncode == 0
    drawn = texts(probe / "ceilings_compute.svg")
    assert {"f64 AVX2", "61.5 (15.9)", "77.7"} <= set(drawn)


def test_the_legend_names_the_roofs_of_all_types(probe):
    def change(rows):
        extra = {**next(row for row in rows if row["kind"] == "compute"), "dtype": "s8", "op_mix": "dot"}
        return rows + [extra]

    rewrite(probe / "ceilings.csv", change)
    assert plot(probe).returncode == 0
    drawn = texts(probe / "ceilings_compute.svg")
    assert {"(roof of f32, f64)", "(roof of bf16, s8)"} <= set(drawn)


def test_kinds_of_cores_have_panels_of_their_own(probe):
    def change(rows):
        return rows + [{**row, "core_kind": "efficiency"} for row in rows if row["threads"] == "1"]

    for name in ("ceilings.csv", "curve.csv"):
        rewrite(probe / name, change)
    assert plot(probe).returncode == 0
    for name in ("memory", "compute"):
        assert {"1 thread", "1 thread, efficiency cores", "2 threads"} <= set(texts(probe / f"ceilings_{name}.svg"))


@pytest.mark.parametrize("name", ["ceilings.csv", "curve.csv"])
def test_a_missing_or_empty_file_says_what_to_run(probe, name):
    header = (probe / name).read_text().splitlines()[0] + "\n"
    (probe / name).write_text(header)
    assert name in (line := fails(probe)) and "run: hwprobe" in line
    (probe / name).write_text("")
    assert name in fails(probe)
    (probe / name).unlink()
    assert name in (line := fails(probe)) and "run: hwprobe" in line


def test_a_directory_that_is_no_probe_is_refused(tmp_path):
    assert "machine.json" in fails(tmp_path)


@pytest.mark.parametrize("kind, what", [("compute", "no compute roof"), ("memory", "no memory roof")])
def test_roofs_of_one_kind_alone_are_refused(probe, kind, what):
    rewrite(probe / "ceilings.csv", lambda rows: [row for row in rows if row["kind"] != kind])
    assert what in fails(probe)


def test_a_word_in_place_of_a_number_is_named(probe):
    rewrite(probe / "curve.csv", lambda rows: [{**rows[0], "best": "fast"}, *rows[1:]])
    assert "'fast'" in fails(probe)


def test_without_matplotlib_one_line_says_what_to_install(probe, tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError(\"No module named 'matplotlib'\")\n")
    assert "python3-matplotlib" in fails(probe, PYTHONPATH=str(tmp_path))


@pytest.mark.parametrize("size, text", [(4096, "4 KiB"), (48 * 1024, "48 KiB"), (1 << 20, "1 MiB"),
                                        (1000 * 1024, "0.977 MiB"), (1.25 * 2**20, "1.25 MiB"),
                                        (33 * 2**20, "33 MiB"), (2**30, "1 GiB")])
def test_sizes_are_written_in_the_unit_that_suits_them(size, text):
    assert plot_ceilings.bytes_text(size) == text
