"""What is left of a run that ends badly: killed at any moment, a full disk, other hands."""

import json
import os
import random
import signal
import subprocess
import time

import pytest
from conftest import command, read_rows

KEY = ("problem", "variant", "dtype", "isa", "threads", "cache")


def start(cwd, *words):
    return subprocess.Popen(command("harness/roofgap", "run", *words), cwd=cwd, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def wait_for(what, seconds=120):
    deadline = time.time() + seconds
    while not what():
        assert time.time() < deadline
        time.sleep(0.01)


def lines_of(path):
    return path.read_text().count("\n") if path.exists() else 0


def whole_rows(path, copy):
    """The rows of the file without a torn last one, read from a copy; each has every column."""
    text = path.read_text()
    copy.write_text(text[: text.rfind("\n") + 1])
    rows = read_rows(copy)
    assert all(None not in row and None not in row.values() for row in rows)
    return rows


@pytest.mark.parametrize("seed", [1, 2])
def test_kill_at_any_moment_loses_no_row_that_was_written(roofgap, tmp_path, seed):
    when = random.Random(seed)
    words = [word for n in range(8, 28) for word in ("--problem", f"fc:ic{n}oc{n}")]
    words += ["--variant", "gemm,gemv,reference", "--threads", "1", "--budget-s", "0.1", "--out", "out"]
    out, measurements = tmp_path / "out", tmp_path / "out" / "measurements.csv"
    process = start(tmp_path, *words)
    wait_for(lambda: lines_of(measurements) > 1)
    seen = {}
    kills = 0
    for _ in range(4):
        time.sleep(when.uniform(0, 0.8))
        if process.poll() is not None:
            break
        before = measurements.read_text()
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        kills += 1
        assert measurements.read_text().startswith(before)
        rows = {tuple(row[k] for k in KEY): row for row in whole_rows(measurements, tmp_path / "copy.csv")}
        assert seen.items() <= rows.items()
        seen = rows
        assert json.loads((out / "run.json").read_text())["status"] == "partial"
        process = start(tmp_path, "--resume", "out")
        wait_for(lambda: lines_of(measurements) > len(seen) + 1 or process.poll() is not None)
    assert kills > 0
    assert process.wait(timeout=300) == 0, process.stderr.read()
    process.communicate()

    rows = read_rows(measurements)
    info = json.loads((out / "run.json").read_text())
    assert info["status"] == "complete"
    keys = [tuple(row[k] for k in KEY) for row in rows]
    assert len(set(keys)) == len(keys) == info["cases"] == 60
    assert seen.items() <= dict(zip(keys, rows)).items()
    # Whoever was done first, and however often it was killed: the rows stand in the order of the request.
    assert [row["problem"] for row in rows[::3]] == [f"fc:ic{n}oc{n}" for n in range(8, 28)]


def partial_run(roofgap, tmp_path):
    """A run of two rows that was killed before its end."""
    assert roofgap("run", "--problem", "fc:ic8oc8", "--variant", "gemm,gemv", "--threads", "1", "--budget-s", "0.02",
                   "--out", "out").returncode == 0
    info = json.loads((tmp_path / "out" / "run.json").read_text())
    info["status"] = "partial"
    return tmp_path / "out" / "run.json", info


@pytest.mark.parametrize("name", ["machine_id", "roofgap_version", "compiler", "build_type", "program"])
def test_resume_refuses_another_machine_or_build(roofgap, tmp_path, name):
    path, info = partial_run(roofgap, tmp_path)
    path.write_text(json.dumps({**info, name: "0123456789ab"}))
    before = (tmp_path / "out" / "measurements.csv").read_bytes()
    assert f"{name} was '0123456789ab'" in roofgap.fails("run", "--resume", "out")
    assert (tmp_path / "out" / "measurements.csv").read_bytes() == before
    path.write_text(json.dumps(info))
    assert roofgap("run", "--resume", "out").returncode == 0


def test_resume_refuses_other_cores_than_those_of_the_run(roofgap, tmp_path):
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        pytest.skip("one CPU only")
    words = ("--problem", "fc:ic8oc8", "--variant", "gemm,gemv", "--threads", "1,all", "--budget-s", "0.02")
    assert roofgap("run", *words, "--out", "out").returncode == 0
    path, measurements = tmp_path / "out" / "run.json", tmp_path / "out" / "measurements.csv"
    info = json.loads(path.read_text())
    if info["max_threads"] < 2:
        pytest.skip("one core only")
    assert info["cases"] == 4 and len(info["cores"]) >= info["max_threads"]
    path.write_text(json.dumps({**info, "status": "partial"}))
    measurements.write_text("".join(measurements.read_text().splitlines(keepends=True)[:2]))
    before = measurements.read_bytes()
    for cpu in cpus[:2]:
        line = roofgap.fails("run", "--resume", "out", preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
        assert f"max_threads was '{info['max_threads']}' and is '1'" in line
    assert measurements.read_bytes() == before
    path.write_text(json.dumps({**info, "status": "partial", "cores": info["cores"][::-1]}))
    assert "cores was" in roofgap.fails("run", "--resume", "out")
    path.write_text(json.dumps({**info, "status": "partial"}))
    assert roofgap("run", "--resume", "out").returncode == 0
    assert len(read_rows(measurements)) == 4


def test_resume_refuses_a_plan_that_is_not_the_one_of_the_run(roofgap, tmp_path):
    path, info = partial_run(roofgap, tmp_path)
    suite = tmp_path / "out" / "suite.json"
    asked = suite.read_text()
    path.write_text(json.dumps({**info, "cases": 3}))
    assert "suite.json: asks for 2 cases; run.json planned 3" in roofgap.fails("run", "--resume", "out")
    path.write_text(json.dumps(info))
    suite.write_text(asked.replace("fc:ic8oc8", "fc:ic8oc9"))
    line = roofgap.fails("run", "--resume", "out")
    assert "measurements.csv: the row of fc:ic8oc8|gemm|" in line and "none of those that suite.json asks for" in line
    assert json.loads(path.read_text())["status"] == "partial"


@pytest.mark.parametrize("cut", ["no file", "nothing written", "torn header", "header alone"])
def test_resume_after_a_kill_before_the_first_row_begins_with_it(roofgap, tmp_path, cut):
    path, info = partial_run(roofgap, tmp_path)
    path.write_text(json.dumps(info))
    measurements = tmp_path / "out" / "measurements.csv"
    header = measurements.read_text().splitlines(keepends=True)[0]
    measurements.write_text({"torn header": header[:20], "header alone": header}.get(cut, ""))
    if cut == "no file":
        measurements.unlink()
    done = roofgap("run", "--resume", "out")
    assert done.returncode == 0, done.stderr
    assert [row["variant"] for row in read_rows(measurements)] == ["gemm", "gemv"]
    assert json.loads(path.read_text())["status"] == "complete"


def test_resume_removes_what_a_killed_process_did_not_finish_to_write(roofgap, tmp_path):
    path, info = partial_run(roofgap, tmp_path)
    path.write_text(json.dumps(info))
    dead = subprocess.Popen(["true"])
    dead.wait()
    left = [tmp_path / "out" / f"{name}.tmp.{dead.pid}" for name in ("run.json", "measurements.csv")]
    for file in left:
        file.write_text("torn")
    kept = tmp_path / "out" / f"run.json.tmp.{os.getpid()}"
    kept.write_text("of a process that lives")
    assert roofgap("run", "--resume", "out").returncode == 0
    assert not any(file.exists() for file in left) and kept.exists()


def test_energy_window_is_kept_for_the_rest_of_the_run(roofgap, tmp_path):
    assert roofgap("run", "--problem", "fc:ic8oc8", "--variant", "gemm", "--threads", "1", "--budget-s", "0.02",
                   "--energy-s", "0", "--out", "out").returncode == 0
    measurements = tmp_path / "out" / "measurements.csv"
    assert [row["energy_status"] for row in read_rows(measurements)] == ["switched off"]
    info = json.loads((tmp_path / "out" / "run.json").read_text())
    assert info["energy_s"] == 0
    (tmp_path / "out" / "run.json").write_text(json.dumps({**info, "status": "partial"}))
    measurements.write_text(measurements.read_text().splitlines(keepends=True)[0])
    assert roofgap("run", "--resume", "out").returncode == 0
    assert [row["energy_status"] for row in read_rows(measurements)] == ["switched off"]


@pytest.mark.parametrize("value", ["-1", "nan", "1e9"])
def test_energy_window_is_checked(roofgap, tmp_path, value):
    assert "--energy-s" in roofgap.fails("run", "--problem", "fc:ic8oc8", "--energy-s", value, "--out", "out")
    assert not (tmp_path / "out").exists()


def test_full_disk_is_one_line_and_the_run_goes_on_when_there_is_room(roofgap, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk],
                                           capture_output=True).returncode != 0:
        pytest.skip("no file system may be mounted here")
    try:
        (disk / "ballast").write_bytes(b"x" * (32 << 10))
        words = [word for n in range(8, 72) for word in ("--problem", f"fc:ic{n}oc8")]
        line = roofgap.fails("run", *words, "--variant", "gemm", "--threads", "1", "--budget-s", "0.01", "--out",
                             "disk/out")
        assert "disk/out/measurements.csv: No space left on device; the" in line and "rows before it are whole" in line
        kept = whole_rows(disk / "out" / "measurements.csv", tmp_path / "copy.csv")
        assert 0 < len(kept) < 64
        (disk / "ballast").unlink()
        done = roofgap("run", "--resume", "disk/out")
        assert done.returncode == 0, done.stderr
        rows = read_rows(disk / "out" / "measurements.csv")
        assert len(rows) == 64 and rows[: len(kept)] == kept
    finally:
        subprocess.run(["umount", disk], check=True)
