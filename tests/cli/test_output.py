"""What is written goes where it was asked for, and what cannot be written is an error: what was cut off must not pass
for a result."""

import json
import os
import pathlib
import shutil
import subprocess
import threading

import pytest
from conftest import command

SMALL = pathlib.Path(__file__).parents[1] / "data" / "run_small"


@pytest.mark.parametrize("words", [("list",), ("columns",), ("--help",), ("gap", "run"),
                                   ("gap", "run", "--json", "-"), ("pareto", "run"),
                                   ("separable", "run", "--csv", "-"),
                                   ("ratio", "run", "--of", "direct", "--over", "onednn")])
def test_standard_output_that_takes_nothing_is_an_error(tmp_path, words):
    shutil.copytree(SMALL, tmp_path / "run")
    unwritable = tmp_path / "read only"
    unwritable.touch()
    with open(unwritable) as stdout:
        done = subprocess.run(command("harness/roofgap", *words), cwd=tmp_path, stdout=stdout, stderr=subprocess.PIPE,
                              text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("roofgap: cannot write to standard output")
    assert done.stderr.count("\n") == 1


def test_a_probe_whose_summary_cannot_be_printed_is_an_error(tmp_path):
    unwritable = tmp_path / "read only"
    unwritable.touch()
    with open(unwritable) as stdout:
        done = subprocess.run(command("hwprobe/hwprobe", "--quick", "--threads", "1", "--out", "probe"), cwd=tmp_path,
                              stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("hwprobe: cannot write to standard output")
    assert (tmp_path / "probe" / "ceilings.csv").exists(), "what was measured is kept"


EVERY_TABLE = [("gap", "run", "--csv"), ("gap", "run", "--json"), ("pareto", "run", "--csv"),
               ("separable", "run", "--csv"), ("compare", "run", "run", "--csv"), ("merge", "run", "--csv"),
               ("ratio", "run", "--of", "direct", "--over", "onednn", "--csv")]


@pytest.mark.parametrize("words", EVERY_TABLE, ids=lambda words: words[0] + words[-1])
def test_a_table_into_an_open_file_leaves_what_is_there(roofgap, tmp_path, words):
    """As of `roofgap ... --csv /dev/stdout >> log`: nothing is replaced, and what is printed follows."""
    shutil.copytree(SMALL, tmp_path / "run")
    roofgap(*words, "file")
    alone = roofgap(*words, "-").stdout
    assert alone == (tmp_path / "file").read_text()
    log = tmp_path / "log"
    log.write_text("before\n")
    with open(log, "a") as stdout:
        done = subprocess.run(command("harness/roofgap", *words, "/dev/stdout"), cwd=tmp_path, stdout=stdout,
                              stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.stderr == ""
    text = log.read_text()
    assert text.startswith("before\n" + alone)
    assert len(text) > len("before\n" + alone), "the table for people follows"


def test_a_table_goes_into_descriptors_pipes_and_terminals(roofgap, tmp_path):
    shutil.copytree(SMALL, tmp_path / "run")
    alone = roofgap("gap", "run", "--csv", "-").stdout
    for to in ("/dev/fd/{}", "/proc/self/fd/{}"):
        with open(tmp_path / "rows", "w+") as file:
            roofgap("gap", "run", "--csv", to.format(file.fileno()), pass_fds=(file.fileno(),))
            assert file.seek(0) == 0 and file.read() == alone
    os.mkfifo(tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text()))
    reader.start()
    roofgap("gap", "run", "--csv", "pipe")
    reader.join(60)
    assert read == [alone]
    terminal, name = os.openpty()
    reader = threading.Thread(target=lambda: read.append(read_terminal(terminal, len(alone))))
    reader.start()
    done = roofgap("gap", "run", "--csv", os.ttyname(name))
    reader.join(60)
    assert read[1].replace("\r\n", "\n") == alone, done.stderr


def read_terminal(terminal, size):
    text = b""
    while len(text.replace(b"\r\n", b"\n")) < size:
        text += os.read(terminal, 4096)
    return text.decode()


RUN = ("run", "--problem", "fc:ic64oc48", "--variant", "gemm", "--threads", "1", "--budget-s", "0.05", "--energy-s",
       "0", "--out", "out", "--benchmark-json")


def test_a_run_can_be_printed_as_benchmark_json(roofgap):
    done = roofgap(*RUN, "-")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["benchmarks"]
    assert "1 of 1 rows in out" in done.stderr


def test_a_pipe_gets_benchmark_json_once(roofgap, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text()))
    reader.start()
    done = roofgap(*RUN, "pipe")
    reader.join(60)
    assert done.returncode == 0, done.stderr
    assert json.loads(read[0])["benchmarks"]


def test_a_run_whose_json_cannot_be_written_leaves_nothing(roofgap, tmp_path):
    assert "nowhere" in roofgap.fails(*RUN, "nowhere/out.json")
    assert not (tmp_path / "out").exists()
