"""Files that cannot be right: every script that reads them says why, in one line, and exits with 2.

A table: each script (READERS) with each file that it needs, in each bad state (FAULTS).
"""
import importlib
import json
import shutil
import sys

import pytest
from script import ROOT, rewrite

SMALL = ROOT / "tests" / "data" / "run_small"
ATTENTION = ROOT / "tests" / "data" / "run_attention"
sys.path.insert(0, str(ROOT / "scripts"))

# Script: a stored run, and the files that it needs, with a column of numbers that it draws.
READERS = {
    "plot_roofline": (SMALL, {"measurements.csv": "gflops", "ceilings.csv": "best", "machine.json": None}),
    "plot_gap": (SMALL, {"gap.csv": "gap_memory", "machine.json": None}),
    "plot_predictors": (SMALL, {"gap.csv": "t_flops_ns", "predictors.csv": "tau", "machine.json": None}),
    "plot_pareto": (SMALL, {"pareto.csv": "value_1", "machine.json": None}),
    "plot_separable": (SMALL, {"separable.csv": "latency_ratio", "ceilings.csv": None, "machine.json": None}),
    "plot_attention": (ATTENTION, {"attention.csv": "median_ns", "complexity.csv": "exponent", "machine.json": None}),
    "plot_ceilings": (SMALL, {"ceilings.csv": None, "machine.json": None}),
    "report": (SMALL, {"gap.csv": "median_ns", "ceilings.csv": "best", "machine.json": None}),
}
TABLES = [(script, name) for script, (_, files) in READERS.items() for name in files if name.endswith(".csv")]
NUMBERS = [(script, name) for script, name in TABLES if READERS[script][1][name]]


@pytest.fixture
def refused(tmp_path, capsys):
    """Runs a script on `run`, which has to leave it as it is; returns the message."""
    def run(script):
        was = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        assert importlib.import_module(script).main([str(tmp_path / "run")]) == 2
        shown = capsys.readouterr()
        assert shown.out == "" and shown.err.count("\n") == 1 and len(shown.err) < 600, shown.err
        assert {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == was
        return shown.err
    return run


@pytest.fixture
def run_of(tmp_path):
    return lambda script: shutil.copytree(READERS[script][0], tmp_path / "run")


@pytest.mark.parametrize("script", READERS)
def test_a_missing_directory_and_a_file_in_its_place(refused, tmp_path, script):
    assert "run: there is no such directory; allowed is a run directory" in refused(script)
    (tmp_path / "run").write_text("")
    assert "run: it is a file; allowed is a run directory" in refused(script)


@pytest.mark.parametrize("script, name", TABLES)
def test_broken_tables(refused, run_of, script, name):
    path = run_of(script) / name
    text = path.read_text()
    rows = text.count("\n") - 1
    faults = {
        f"run/{name}: row {rows} is torn": text[:-1],
        f"run/{name}: row {rows} is torn: ": text[:-9],
        f"run/{name}: row {rows + 1} is torn": text + '1,"a',
        f"run/{name}: row 1 has schema_version 2, not 1": text.replace("\n1,", "\n2,", 1),
        f"run/{name}: row {rows} is of machine ba98": "ba98".join(text.rsplit("0123456789ab", 1)),
        f"run/{name}: row {rows + 1} has not as many fields": text + "1,2,3\n",
        f"run/{name} lacks the column": "a,b\n",
        f"run/{name} lacks the column ": "",
    }
    for said, contents in faults.items():
        path.write_text(contents)
        assert said in refused(script), (said, name)
    path.write_bytes(b"\xff\xfe" + text.encode())
    assert f"cannot read {path}" in refused(script)
    path.unlink()
    path.mkdir()
    assert f"cannot read {path}" in refused(script)


@pytest.mark.parametrize("script, name", NUMBERS)
@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "fast"])
def test_what_is_no_number(refused, run_of, script, name, text):
    path = run_of(script) / name
    column = READERS[script][1][name]
    rewrite(path, lambda rows: [{**row, column: text if row[column] else ""} for row in rows])
    message = refused(script)
    assert column in message and f"'{text}'" in message
    assert f"run/{name}: row " in message


@pytest.mark.parametrize("script", READERS)
def test_a_broken_machine_file(refused, run_of, script):
    path = run_of(script) / "machine.json"
    machine = json.loads(path.read_text())
    faults = {
        "machine.json is not JSON": path.read_text()[:-20],
        "machine.json is not JSON: NaN is no number": '{"cores": NaN}',
        "machine.json is nested too deeply": "[" * 200000,
        "machine.json holds no JSON object": "[1]",
        "machine.json: schema_version is 2; allowed is 1": json.dumps({**machine, "schema_version": 2}),
    }
    for said, contents in faults.items():
        path.write_text(contents)
        assert said in refused(script), said


def test_a_row_twice_in_the_measurements(refused, run_of):
    path = run_of("plot_roofline") / "measurements.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:4], lines[2], *lines[4:]]))
    assert "run/measurements.csv: row 4 is a second one of conv2d:" in refused("plot_roofline")


def test_what_a_spreadsheet_adds_is_read(run_of, capsys):
    path = run_of("plot_gap") / "gap.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert importlib.import_module("plot_gap").main([str(path.parent)]) == 0, capsys.readouterr().err
