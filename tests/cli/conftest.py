"""The command line, end to end: every test runs the built programs as a person would.

ROOFGAP_BUILD names the build folder; CTest sets it.
"""

import csv
import os
import pathlib
import subprocess

import pytest

BUILD = pathlib.Path(os.environ["ROOFGAP_BUILD"])
# For cross-built programs: what runs them, "qemu-aarch64 -L /usr/aarch64-linux-gnu".
EMULATOR = os.environ.get("ROOFGAP_EMULATOR", "").split()


def command(program, *words):
    return [*EMULATOR, str(BUILD / program), *map(str, words)]


class Tool:
    """Runs one of the programs in `cwd` and returns the finished process."""

    def __init__(self, program, cwd):
        self.program = program
        self.cwd = cwd

    def __call__(self, *words, **options):
        return subprocess.run(command(self.program, *words), cwd=self.cwd, capture_output=True, text=True, timeout=300,
                              **options)

    def fails(self, *words, **options):
        """Runs what must be refused as bad input: exit code 2, one line on stderr, nothing on stdout. Returns it."""
        done = self(*words, **options)
        assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr.strip()


@pytest.fixture
def roofgap(tmp_path):
    return Tool("harness/roofgap", tmp_path)


@pytest.fixture
def hwprobe(tmp_path):
    return Tool("hwprobe/hwprobe", tmp_path)


def read_rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def rewrite_rows(path, change):
    """Replaces the rows of a CSV file by what `change` makes of each."""
    rows = read_rows(path)
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(change, rows))
