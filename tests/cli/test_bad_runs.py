"""Run directories that cannot be right: every command that reads them says why, in one line, and exits with 2."""

import pathlib
import shutil

import pytest

ROOT = pathlib.Path(__file__).parents[2]
SMALL = ROOT / "tests" / "data" / "run_small"
SIDES = ("--of", "direct", "--over", "onednn")
READERS = [("gap",), ("ratio", *SIDES), ("separable",), ("pareto",),
           ("budgets", "--budgets", ROOT / "configs" / "budgets.json"), ("compare", "good"),
           ("merge", "good", "--csv", "all.csv")]


@pytest.fixture(params=READERS, ids=lambda words: words[0])
def fails(request, roofgap, tmp_path):
    """Runs one of the commands on what it is given, which must be refused; returns the message."""
    shutil.copytree(SMALL, tmp_path / "good")
    return lambda run: roofgap.fails(*request.param, run)


@pytest.fixture
def bad(tmp_path):
    shutil.copytree(SMALL, tmp_path / "bad")
    return tmp_path / "bad" / "measurements.csv"


def change_line(path, number, change):
    lines = path.read_text().split("\n")
    lines[number - 1] = change(lines[number - 1])
    path.write_text("\n".join(lines))


def column(path, name):
    return path.read_text().split("\n")[0].split(",").index(name)


def with_field(path, number, name, text):
    at = column(path, name)
    change_line(path, number, lambda line: ",".join([*line.split(",")[:at], text, *line.split(",")[at + 1:]]))


def test_a_missing_directory_a_file_in_its_place_and_an_empty_one(fails, tmp_path):
    assert "nowhere: there is no such directory" in fails("nowhere")
    (tmp_path / "file").write_text("")
    message = fails("file")
    assert "file: it is a file; allowed is a run directory" in message or \
        "file: neither a run directory nor Google Benchmark's JSON" in message
    (tmp_path / "empty").mkdir()
    assert "empty: it holds no measurements.csv" in fails("empty")


def test_a_torn_last_row_names_resume(fails, bad):
    bad.write_text(bad.read_text()[:-20])
    message = fails("bad")
    assert "the last row is torn" in message and "`roofgap run --resume bad`" in message


def test_another_schema_version(fails, bad):
    change_line(bad, 3, lambda line: "2" + line[1:])
    assert "measurements.csv:3: column 'schema_version' is '2'; allowed is 1" in fails("bad")


def test_two_machines_in_one_file(fails, bad):
    with_field(bad, 4, "machine_id", "ba9876543210")
    message = fails("bad")
    assert "measurements.csv:4: column 'machine_id' is 'ba9876543210'" in message and "line 2" in message


def test_not_a_number(fails, bad):
    with_field(bad, 2, "flops", "nan")
    assert "measurements.csv:2: column 'flops' is 'nan'; allowed is a number or nothing" in fails("bad")


def test_duplicate_rows(fails, bad):
    lines = bad.read_text().split("\n")
    bad.write_text("\n".join([*lines[:4], lines[2], *lines[4:]]))
    message = fails("bad")
    assert "measurements.csv:5: a second row of" in message and "after line 3" in message


def test_two_machines_in_the_ceilings(roofgap, bad):
    ceilings = bad.parent / "ceilings.csv"
    with_field(ceilings, 3, "machine_id", "ba9876543210")
    assert "ceilings.csv:3: column 'machine_id'" in roofgap.fails("gap", "bad")
