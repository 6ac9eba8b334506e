"""Output that cannot be written is an error: what was cut off must not pass for a result."""

import pathlib
import shutil
import subprocess

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
