"""hwprobe, then roofgap run with its ceilings, then roofgap gap: the road once."""

import json
import pathlib
import shutil

import pytest
from conftest import read_rows

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
    run = shutil.copytree(pathlib.Path(__file__).parents[1] / "data" / "run_small", tmp_path / "run")
    stored = read_rows(run / "gap.csv")
    done = roofgap("gap", "run")
    assert done.returncode in (0, 1), done.stderr
    gaps = read_rows(run / "gap.csv")
    assert {gap["status"] for gap in gaps} == {"measured", "skipped", "wrong"}
    key = ("problem", "variant", "threads", "status", "roof_level", "bound")
    assert [[gap[c] for c in key] for gap in gaps] == [[gap[c] for c in key] for gap in stored]


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
