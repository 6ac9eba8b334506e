"""hwprobe, then roofgap run with its ceilings, then roofgap gap: the road once."""

import json
import pathlib
import shutil

import pytest
from conftest import read_rows

SMALL = pathlib.Path(__file__).parents[1] / "data" / "run_small"
QUICK = ("--budget-s", "0.05")


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    from conftest import Tool
    folder = tmp_path_factory.mktemp("probe")
    done = Tool("hwprobe/hwprobe", folder)("--quick", "--out", "P")
    assert done.returncode == 0, done.stderr
    return folder / "P"


def test_probe_run_gap(roofgap, probe, tmp_path):
    done = roofgap("run", "--problem", "conv2d:ic16ih14oc32kh3ph1", "--problem", "fc:ic256oc200", "--probe", probe,
                   *QUICK, "--out", "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "ceilings.csv").read_bytes() == (probe / "ceilings.csv").read_bytes()
    done = roofgap("gap", "out")
    assert done.returncode in (0, 1), done.stderr  # 1: a row above its roof, which a busy machine can bring about
    assert max(map(len, done.stdout.splitlines())) <= 100
    rows = read_rows(tmp_path / "out" / "measurements.csv")
    gaps = read_rows(tmp_path / "out" / "gap.csv")
    assert [(g["problem"], g["variant"], g["threads"]) for g in gaps] == \
           [(r["problem"], r["variant"], r["threads"]) for r in rows]
    variants = {(row["op"], row["variant"]) for row in rows if row["status"] in ("measured", "unstable")}
    assert {("conv2d", "direct"), ("fc", "gemm")} <= variants
    if "onednn" in roofgap("list").stdout:
        assert {("conv2d", "onednn"), ("fc", "onednn")} <= variants
    for gap in gaps:
        if gap["status"] == "skipped":
            continue
        assert gap["status"] in ("measured", "unstable")
        assert float(gap["roof_fraction"]) > 0
        parts = float(gap["gap_algorithm"]) * float(gap["gap_memory"]) * float(gap["gap_implementation"])
        assert parts == pytest.approx(float(gap["flops_gap"]), rel=1e-6)
        assert gap["bound"] and gap["roof_level"]


def test_gap_of_the_stored_run(roofgap, tmp_path):
    run = shutil.copytree(SMALL, tmp_path / "run")
    stored = read_rows(run / "gap.csv")
    done = roofgap("gap", "run")
    assert done.returncode in (0, 1), done.stderr
    gaps = read_rows(run / "gap.csv")
    assert {gap["status"] for gap in gaps} == {"measured", "skipped", "wrong"}
    key = ("problem", "variant", "threads", "status", "roof_level", "bound")
    assert [[gap[c] for c in key] for gap in gaps] == [[gap[c] for c in key] for gap in stored]


@pytest.fixture
def run_small(tmp_path):
    return shutil.copytree(SMALL, tmp_path / "run")


def test_each_row_has_a_lever_and_a_sentence_about_it(roofgap, run_small):
    done = roofgap("gap", "run")
    assert done.returncode == 1, "a wrong row is among them"
    assert max(map(len, done.stdout.splitlines())) <= 100
    gaps = read_rows(run_small / "gap.csv")
    for gap in gaps:
        assert bool(gap["lever"]) == bool(gap["advice"]) == bool(gap["median_ns"]), gap
    levers = {(gap["problem"], gap["variant"], gap["threads"]): gap["lever"] for gap in gaps}
    assert levers["conv2d:mb1ic256ih14oc256kh3ph1", "onednn", "1"] == "flops", "87 % of attainable, on the flat"
    assert levers["fc:mb16ic768oc3072", "onednn", "1"] == "code", "75 % of attainable"
    words = {gap["lever"] for gap in gaps} - {""}
    assert {"bytes", "flops", "code"} <= words
    for word in words:
        assert f"lever {word} (" in done.stdout
    one = next(gap for gap in gaps if gap["problem"] == "fc:mb1ic2048oc1000" and gap["variant"] == "direct")
    assert one["advice"].startswith("on the slope of L3, 86.3% of attainable: fewer bytes (") and \
        "win up to 4.54 x" in one["advice"]


def test_predictors_are_stored_for_the_run_and_each_setting(roofgap, run_small):
    done = roofgap("gap", "run")
    rows = read_rows(run_small / "predictors.csv")
    assert [(row["threads"], row["of"], row["predictor"]) for row in rows] == [
        (threads, of, predictor)
        for threads in ("", "1", "2") for of in ("all", "fastest") for predictor in ("flops", "attainable")]
    for row in rows:
        assert -1 <= float(row["tau"]) <= 1
        assert float(row["scaled_error"]) <= float(row["median_error"]) <= float(row["worst_error"])
        assert 1 <= float(row["median_factor"]) <= float(row["worst_factor"])
        assert float(row["scaled_factor"]) >= 1 and row["farthest_problem"] and row["unstable_rows"] == "0"
    line = next(line for line in done.stdout.splitlines() if line.startswith("FLOPs, all rows"))
    assert line.split()[3:6] == [rows[0]["rows"], "0", f"{float(rows[0]['tau']):.2f}"]


def test_price_of_each_row(roofgap, run_small):
    done = roofgap("gap", "run", "--usd-per-hour", "3.6", "--utilisation", "0.5")
    assert done.returncode == 1, done.stderr
    assert "at $3.6 per hour and utilisation 0.50" in " ".join(done.stdout.split())
    for gap in read_rows(run_small / "gap.csv"):
        if not gap["median_ns"]:
            assert gap["usd_per_1k"] == ""
            continue
        batch = 16 if "mb16" in gap["problem"] else 1
        assert float(gap["batch"]) == batch
        assert float(gap["usd_per_1k"]) == pytest.approx(float(gap["median_ns"]) / batch * 1e-9 * 2)


@pytest.mark.parametrize("words, part", [
    (("--usd-per-hour", "-1"), "--usd-per-hour: got -1"), (("--usd-per-hour", "nan"), "--usd-per-hour"),
    (("--usd-per-hour", "cheap"), "--usd-per-hour"), (("--utilisation", "0"), "--utilisation: got 0"),
    (("--utilisation", "1.5"), "up to 1"), (("--csv", "-", "--json", "-"), "only one"),
    (("--json", "nowhere/gap.json"), "nowhere")])
def test_bad_options_are_refused(roofgap, run_small, words, part):
    assert part in roofgap.fails("gap", "run", *words)


def test_json_and_csv_say_what_the_files_say(roofgap, run_small, tmp_path):
    done = roofgap("gap", "run", "--json", "-", "--csv", "copy.csv")
    assert (done.returncode, done.stderr) == (1, "")
    found = json.loads(done.stdout)
    rows = read_rows(run_small / "gap.csv")
    assert (tmp_path / "copy.csv").read_bytes() == (run_small / "gap.csv").read_bytes()
    assert [row["problem"] for row in found["rows"]] == [row["problem"] for row in rows]
    assert list(found["rows"][0]) == list(rows[0])
    for one, other in zip(found["rows"], rows):
        assert one["median_ns"] == (float(other["median_ns"]) if other["median_ns"] else None)
    assert [row["tau"] for row in found["predictors"]] == \
           [float(row["tau"]) for row in read_rows(run_small / "predictors.csv")]
    said = " ".join(roofgap("gap", "run").stdout.split())
    for finding in found["findings"]:
        is_prediction = finding["kind"].startswith(("flops", "attainable"))  # a line of a table on the terminal
        assert (f"{finding['numbers']['tau']:.2f}" if is_prediction else finding["text"]) in said
        assert all(row["problem"] in finding["text"] for row in finding["rows"] if finding["kind"] != "above_roof")
    kinds = [finding["kind"] for finding in found["findings"]]
    assert {"rows", "flops_all", "attainable_fastest", "largest_gap", "nearest_roof"} <= set(kinds)
    gap = next(finding for finding in found["findings"] if finding["kind"] == "largest_gap")["numbers"]
    assert gap["flops_gap"] == pytest.approx(gap["gap_algorithm"] * gap["gap_memory"] * gap["gap_implementation"])
    for pair in found["misordered"]:
        assert pair["fewer_flops"] < pair["more_flops"] and pair["fewer_median_ns"] > pair["more_median_ns"]
    assert roofgap("gap", "run", "--csv", "-").stdout == (run_small / "gap.csv").read_text()


def test_gap_without_ceilings_says_what_to_run(roofgap, tmp_path):
    assert roofgap("run", "--problem", "fc:ic8oc8", *QUICK, "--out", "out").returncode == 0
    assert "hwprobe" in roofgap.fails("gap", "out")
    assert not (tmp_path / "out" / "gap.csv").exists()


def test_gap_of_what_is_no_run(roofgap, tmp_path):
    assert "nowhere" in roofgap.fails("gap", "nowhere")
    (tmp_path / "empty").mkdir()
    assert "empty" in roofgap.fails("gap", "empty")


def test_ceilings_of_another_machine_are_refused(roofgap, probe, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    machine = json.loads((probe / "machine.json").read_text())
    text = (probe / "ceilings.csv").read_text().replace(machine["machine_id"], "0123456789ab")
    (other / "ceilings.csv").write_text(text)
    (other / "machine.json").write_text(json.dumps({**machine, "machine_id": "0123456789ab"}))
    assert "0123456789ab" in roofgap.fails("run", "--problem", "fc:ic8oc8", "--probe", other, "--out", "out")
    assert not (tmp_path / "out").exists()

    assert roofgap("run", "--problem", "fc:ic8oc8", *QUICK, "--probe", probe, "--out", "out").returncode == 0
    (tmp_path / "out" / "ceilings.csv").write_text(text)
    assert "0123456789ab" in roofgap.fails("gap", "out")


def test_missing_probe_is_an_error_when_it_was_named(roofgap, tmp_path):
    assert "nowhere" in roofgap.fails("run", "--problem", "fc:ic8oc8", "--probe", "nowhere", "--out", "out")
    assert not (tmp_path / "out").exists()
