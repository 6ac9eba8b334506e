"""scripts/compare_probes.py on the made-up ceilings of tests/data/run_small."""
import csv
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN = ROOT / "tests" / "data" / "run_small"


@pytest.fixture
def compare(tmp_path):
    """Compares the stored probe with one whose rows of `level` are changed: best scaled, interval set."""

    def run(level="", scale=1.0, interval=None):
        other = shutil.copytree(RUN, tmp_path / "other", dirs_exist_ok=True)
        with open(RUN / "ceilings.csv", newline="") as file:
            reader = csv.DictReader(file)
            rows, columns = list(reader), reader.fieldnames
        for row in rows:
            if level in (row["level"], row["kind"]):
                row["best"] = str(float(row["best"]) * scale)
                if interval:
                    low, high = (float(row[end]) * interval for end in ("ci_low", "ci_high"))
                    row["ci_low"], row["ci_high"] = str(low), str(high)
        with open(other / "ceilings.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        script = ROOT / "scripts" / "compare_probes.py"
        return subprocess.run([sys.executable, script, RUN, other], capture_output=True, text=True)

    return run


def test_a_probe_is_as_good_as_itself(compare):
    done = compare()
    assert (done.returncode, done.stderr) == (0, "")
    assert {"L1", "L2", "L3", "DRAM"} <= {line.split(",")[0] for line in done.stdout.splitlines()}


@pytest.mark.parametrize("level", ["compute", "L1", "L2"])
@pytest.mark.parametrize("scale, code", [(0.96, 0), (1.04, 0), (0.94, 1), (1.06, 1)])
def test_roofs_that_are_the_cores_own_agree_within_five_percent(compare, level, scale, code):
    done = compare(level, scale)
    assert done.returncode == code
    assert ("differs" in done.stdout) == (code == 1)


@pytest.mark.parametrize("level", ["L3", "DRAM"])
def test_shared_roofs_may_differ_when_their_intervals_overlap(compare, level):
    assert compare(level, 0.8).returncode == 0
    done = compare(level, 0.8, interval=0.5)
    assert done.returncode == 1
    assert "intervals apart" in done.stdout


@pytest.mark.parametrize("scale, code", [(0.8, 0), (1.2, 0), (0.7, 1), (10, 1)])
def test_latencies_agree_within_a_quarter(compare, scale, code):
    assert compare("latency", scale).returncode == code


@pytest.mark.parametrize("swap", [False, True])
def test_a_roof_that_one_probe_lacks_is_reported(tmp_path, swap):
    other = shutil.copytree(RUN, tmp_path / "other")
    lines = (RUN / "ceilings.csv").read_text().splitlines(keepends=True)
    (other / "ceilings.csv").write_text("".join(line for line in lines if ",L3," not in line))
    probes = [other, RUN] if swap else [RUN, other]
    done = subprocess.run([sys.executable, ROOT / "scripts" / "compare_probes.py", *probes], capture_output=True,
                          text=True)
    assert (done.returncode, done.stderr) == (1, "")
    missing = [line.split(",")[0] for line in done.stdout.splitlines() if "missing in the" in line]
    assert set(missing) == {"L3", "latency L3"}


def test_what_is_no_probe_is_refused_in_one_line(tmp_path):
    script = ROOT / "scripts" / "compare_probes.py"
    done = subprocess.run([sys.executable, script, RUN, tmp_path], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and "ceilings.csv" in done.stderr
