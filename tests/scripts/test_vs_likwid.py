"""scripts/vs_likwid.py against stand-ins for both programs: what it compares, what it keeps, its exit codes."""
import csv
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN = ROOT / "tests" / "data" / "run_small"
sys.path.insert(0, str(ROOT / "scripts"))

import vs_likwid

# Lists three kernels, and prints the rate that the file `rate` holds for every other call.
LIKWID = """#!/bin/bash
echo "$@" >> "{0}/calls"
if [[ $1 == -a ]]; then
  printf '%s - a kernel\\n' load_avx512 store_mem_avx512 peakflops_sp_avx512_fma
else
  IFS=: read -r _ size threads <<< "$6"
  printf 'Size (Byte):\\t\\t%s\\nMByte/s:\\t\\t%s\\nMFlops/s:\\t\\t%s\\n' "${{size%kB}}000" $(<"{0}/rate") $(<"{0}/rate")
fi
"""


@pytest.fixture
def compare(tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()

    def tool(name, text):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)

    tool("likwid-bench", LIKWID.format(tmp_path))
    tool("hwprobe", f'#!/bin/bash\necho "hwprobe $*" >> "{tmp_path}/calls"\ncp "{RUN}"/*.* "${{@: -1}}"\n')

    def run(*words, rate=1000.0, path=f"{tools}:{os.environ['PATH']}"):
        """`rate`: in 1e6 per second, as likwid-bench prints it."""
        (tmp_path / "rate").write_text(str(rate))
        script = ROOT / "scripts" / "vs_likwid.py"
        return subprocess.run([sys.executable, script, "--hwprobe", tools / "hwprobe", *words], capture_output=True,
                              text=True, cwd=tmp_path, env={**os.environ, "PATH": path})

    run.calls = lambda: (tmp_path / "calls").read_text().splitlines()
    run.tools = tools
    return run


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def best(level, threads):
    rows = [row for row in table(RUN / "ceilings.csv") if (row["level"], row["threads"]) == (level, threads)]
    return max(float(row["best"]) for row in rows if row["kind"] == "memory")


def test_both_take_turns_and_best_goes_against_best(compare, tmp_path):
    done = compare("--rounds", "2", "--threads", "1", "--ceilings", "L1,f32", "--out", tmp_path / "out.csv")
    assert (done.returncode, done.stderr) == (0, "")
    programs = [call.split()[0] for call in compare.calls()]
    first, second = (i for i, name in enumerate(programs) if name == "hwprobe")
    assert "-t" in programs[first + 1 : second] and "-t" in programs[second + 1 :]
    rows = table(tmp_path / "out.csv")
    expected = [(ceiling, round_) for ceiling in ("L1", "f32") for round_ in ("1", "2", "all")]
    assert [(row["ceiling"], row["round"]) for row in rows] == expected
    assert float(rows[0]["hwprobe_best"]) == best("L1", "1")
    assert float(rows[0]["likwid_best"]) == 1.0 and rows[0]["likwid_kernel"] == "load_avx512"
    assert float(rows[0]["ratio"]) == pytest.approx(best("L1", "1"), abs=1e-4)


def test_a_ceiling_that_likwid_finds_higher_is_a_finding(compare):
    done = compare("--rounds", "1", "--threads", "1", "--ceilings", "L1", rate=best("L1", "1") * 1e3 / 0.97)
    assert done.returncode == 1
    assert "0.970  <" in done.stdout
    done = compare("--rounds", "1", "--threads", "1", "--ceilings", "L1", rate=best("L1", "1") * 1e3 / 0.99)
    assert done.returncode == 0


def test_what_was_not_compared_is_an_error(compare, tmp_path):
    done = compare("--rounds", "1", "--threads", "1", "--ceilings", "L1,f64")
    assert done.returncode == 1
    assert done.stderr == "vs_likwid.py: not compared: f64 on 1 thread(s), hwprobe has no figure for it\n"
    done = compare("--rounds", "1", "--threads", "64", "--ceilings", "L1")
    assert done.returncode == 1 and "L1 on 64 thread(s)" in done.stderr


def test_the_median_stands_beside_the_best(compare, tmp_path):
    compare("--rounds", "1", "--threads", "1", "--ceilings", "L1", "--out", tmp_path / "out.csv")
    row = table(tmp_path / "out.csv")[0]
    rows = [r for r in table(RUN / "ceilings.csv") if (r["kind"], r["level"], r["threads"]) == ("memory", "L1", "1")]
    assert row["hwprobe_median"] == max(rows, key=lambda r: float(r["best"]))["median"]


def test_the_best_of_all_rounds_decides(compare, tmp_path):
    arguments = ["--rounds", "1", "--threads", "1", "--ceilings", "L1", "--out", tmp_path / "out.csv"]
    assert compare(*arguments, rate=best("L1", "1") * 2e3).returncode == 1
    assert compare(*arguments).returncode == 1
    rows = table(tmp_path / "out.csv")
    assert [row["round"] for row in rows] == ["1", "2", "all"]
    assert float(rows[-1]["ratio"]) == 0.5


def test_later_rounds_repeat_the_fastest_tries_alone(compare, tmp_path):
    machine = {"isa": ["AVX3"], "caches": []}
    before = [{"tool": "likwid", "kernel": f"k{i}", "working_set_bytes": "8000", "value": str(i)} for i in range(20)]
    chosen = vs_likwid.candidates(before, "L1", 1, machine, set())
    assert chosen == [(f"k{i}", 8) for i in range(19, 19 - vs_likwid.KEPT, -1)]


def test_kernels_past_the_caches_run_in_dram_alone(compare):
    available = {"load_avx512", "load_avx", "store", "store_mem_avx512", "stream_avx512", "stream_avx512_fma", "sum"}
    chosen = vs_likwid.kernels("L2", ["AVX3", "AVX2"], available)
    assert chosen == ["load_avx512", "load_avx", "store", "stream_avx512_fma", "sum"]
    assert "store_mem_avx512" in vs_likwid.kernels("DRAM", ["AVX3"], available)
    assert vs_likwid.kernels("L1", ["SSE4"], available) == ["store", "sum"]


def test_sets_live_in_their_level():
    machine = {"caches": [{"level": "L1", "bytes": 48 << 10, "shared_by": 1, "count": 2},
                          {"level": "L2", "bytes": 1 << 20, "shared_by": 1, "count": 2},
                          {"level": "L3", "bytes": 32 << 20, "shared_by": 2, "count": 1}]}
    for threads in (1, 2):
        nearer = 0
        for level, own in (("L1", threads * 48), ("L2", threads * 1024), ("L3", 32 * 1024)):
            for size in vs_likwid.sizes(level, machine, threads):
                assert 1.5 * nearer < size * 1000 / 1024 < own
            nearer = own
        assert all(size * 1000 >= 4 * (32 << 20) for size in vs_likwid.sizes("DRAM", machine, threads))


def test_threads_skip_the_siblings_of_a_core(compare, tmp_path):
    assert compare("--rounds", "1", "--threads", "2", "--ceilings", "L1").returncode == 0
    groups = [call.split()[5] for call in compare.calls() if call.startswith("-t")]
    machine = vs_likwid.roofgap_io.read_json(RUN / "machine.json")
    tail = ":2:1:2" if machine["hardware_threads"] == 2 * machine["cores"] else ":2"
    assert groups and all(group.startswith("N:") and group.endswith("kB" + tail) for group in groups)


def test_without_likwid_one_line_names_the_package(compare, tmp_path):
    for needed in ("bash",):
        os.symlink(shutil.which(needed), tmp_path / needed)
    done = compare(path=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "vs_likwid.py: likwid-bench is not there; on Debian and Ubuntu: apt-get install likwid\n"


def test_a_program_that_fails_is_one_line(compare):
    (compare.tools / "hwprobe").write_text("#!/bin/bash\necho 'hwprobe: no memory' >&2\nexit 2\n")
    done = compare()
    assert (done.returncode, done.stdout) == (2, "")
    assert "hwprobe: no memory" in done.stderr and done.stderr.count("\n") == 1
