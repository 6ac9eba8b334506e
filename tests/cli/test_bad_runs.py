"""Run directories that cannot be right: every command that reads them says why, in one line, and exits with 2.

A table: each command (COMMANDS) on a run with each fault (FAULTS) of a file that the command reads.
"""

import csv
import json
import pathlib
import shutil

import pytest

ROOT = pathlib.Path(__file__).parents[2]
SMALL = ROOT / "tests" / "data" / "run_small"
SIDES = ("--of", "direct", "--over", "onednn")
BUDGETS = ("--budgets", ROOT / "configs" / "budgets.json")
CSV = ("--csv", "out.csv")

# Name: words before the run, words behind it, and the files that the command reads beside measurements.csv.
COMMANDS = {
    "gap": (("gap",), (*CSV, "--json", "out.json"), "ceilings.csv ceilings_end.csv"),
    "ratio": (("ratio", *SIDES), CSV, "ceilings.csv ceilings_end.csv"),
    "separable": (("separable",), CSV, "ceilings.csv ceilings_end.csv"),
    "pareto": (("pareto",), CSV, "ceilings.csv ceilings_end.csv"),
    "budgets": (("budgets", *BUDGETS), CSV, "ceilings.csv ceilings_end.csv"),
    "compare as b": (("compare", "good"), CSV, "ceilings.csv machine.json run.json"),
    "compare as a": (("compare",), ("good", *CSV), "ceilings.csv machine.json run.json"),
    "merge": (("merge", "good"), CSV, "ceilings.csv ceilings_end.csv machine.json run.json"),
}
# They need what the problem says, not only how it is called.
PARSING = ("gap", "separable", "pareto", "budgets")


def change_line(path, number, change):
    lines = path.read_text().split("\n")
    lines[number - 1] = change(lines[number - 1])
    path.write_text("\n".join(lines))


def with_field(path, number, name, text):
    """Sets a field of a line; `text` as it stands in the file."""
    names = path.read_text().split("\n")[0].split(",")
    quote = lambda word: '"' + word.replace('"', '""') + '"' if "," in word or '"' in word else word

    def change(line):
        fields = next(csv.reader([line]))
        return ",".join(text if column == name else quote(word) for column, word in zip(names, fields))

    change_line(path, number, change)


def field(number, name, text):
    return lambda path: with_field(path, number, name, text)


def again(line, at):
    """Line `line` once more, as line `at`."""
    def change(path):
        lines = path.read_text().split("\n")
        path.write_text("\n".join([*lines[:at - 1], lines[line - 1], *lines[at - 1:]]))
    return change


def without_column(name):
    def change(path):
        at = path.read_text().split("\n")[0].split(",").index(name)
        lines = [line.split(",") for line in path.read_text().splitlines()[:2]]
        path.write_text("".join(",".join(words[:at] + words[at + 1:]) + "\n" for words in lines))
    return change


def folder_instead(path):
    path.unlink()
    path.mkdir()


def with_key(name, value):
    return lambda path: path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))


def bytes_instead(contents):
    return lambda path: path.write_bytes(contents)


def cut(count):
    return lambda path: path.write_text(path.read_text()[:-count])


# Name: the file, what is done to it, and what the message has to say.
FAULTS = {
    "torn last row": ("measurements.csv", cut(20), [":63: the last row is torn", "`roofgap run --resume bad`"]),
    "torn in its last field": ("measurements.csv", cut(1), [":63: the last row is torn", "got no line end after it"]),
    "torn in a quote": ("measurements.csv", bytes_instead(b'schema_version,op\n1,"a\n'), [":2:", "no closing quote"]),
    "other schema version": ("measurements.csv", lambda path: change_line(path, 3, lambda line: "2" + line[1:]),
                             [":3: column 'schema_version' is '2'; allowed is 1"]),
    "two machines": ("measurements.csv", field(4, "machine_id", "ba9876543210"),
                     [":4: column 'machine_id' is 'ba9876543210'", "in line 2", "allowed is one machine"]),
    "NaN": ("measurements.csv", field(2, "flops", "nan"), [":2: column 'flops' is 'nan'; allowed is a number"]),
    "NaN time": ("measurements.csv", field(2, "median_ns", "NaN"), [":2: column 'median_ns' is 'NaN'; allowed is"]),
    "time of 0": ("measurements.csv", field(2, "median_ns", "0"), [":2: column 'median_ns' is '0'", "a time above 0"]),
    "endless time": ("measurements.csv", field(2, "min_ns", "inf"), [":2: column 'min_ns' is 'inf'", "above 0"]),
    "number too large": ("measurements.csv", field(2, "n", "99999999999999999999"), [":2: column 'n'", "an integer"]),
    "number with a tail": ("measurements.csv", field(2, "flops", "0x1p3"), [":2: column 'flops' is '0x1p3'"]),
    "duplicate row": ("measurements.csv", again(3, 5), [":5: a second row of", "after line 3", "allowed is one row"]),
    "unknown status": ("measurements.csv", field(2, "status", "fine"), [":2: column 'status' is 'fine'", "measured"]),
    "fields too many": ("measurements.csv", lambda path: change_line(path, 2, lambda line: line + ",1"),
                        [":2: the row has", "as in the header"]),
    "column missing": ("measurements.csv", without_column("median_ns"), [":1: column 'median_ns' is missing"]),
    "column twice": ("measurements.csv", bytes_instead(b"op,op\n"), [":1: column 'op' stands twice"]),
    "empty file": ("measurements.csv", bytes_instead(b""), [":1: the file is empty; expected a header"]),
    "program in its place": ("measurements.csv", bytes_instead(b"\x7fELF\x02\x00\x01\n\x00\xff\n"),
                             [":1: column 'schema_version' is missing"]),
    "long field": ("measurements.csv", field(2, "flops", "9" * 100000), [":2: column 'flops' is '999", "...'"]),
    "line end in a field": ("measurements.csv", field(2, "flops", '"1\n2"'), [":2: column 'flops' is '1\\n2'"]),
    "folder in its place": ("measurements.csv", folder_instead, ["it is a directory; allowed is a file"]),
    "problem": ("measurements.csv", field(2, "problem", "conv2d:ic3ih8oc4khx"),
                [", row 1: problem 'conv2d:ic3ih8oc4khx': expected a whole number after 'khx'"]),
    "problem of another op": ("measurements.csv", field(2, "problem", "fc:ic8oc8"), [", row 1:", "not of op 'conv2d'"]),
    "torn ceiling": ("ceilings.csv", cut(3), [":97: the last row is torn"]),
    "ceilings of other schema": ("ceilings.csv", lambda path: change_line(path, 3, lambda line: "7" + line[1:]),
                                 [":3: column 'schema_version' is '7'; allowed is 1"]),
    "ceilings of two machines": ("ceilings.csv", field(3, "machine_id", "ba9876543210"), [":3: column 'machine_id'"]),
    "NaN ceiling": ("ceilings.csv", field(2, "best", "nan"), [":2: column 'best' is 'nan'; allowed is a number"]),
    "negative ceiling": ("ceilings.csv", field(2, "best", "-1"), [":2: column 'best' is '-1'; allowed is"]),
    "endless ceiling": ("ceilings.csv", field(2, "median", "inf"), [":2: column 'median' is 'inf'; allowed is"]),
    "ceilings are a folder": ("ceilings.csv", folder_instead, ["it is a directory; allowed is a file"]),
    "torn ceilings after the run": ("ceilings_end.csv", bytes_instead(b"schema_version,machine_id"), [":1: the last"]),
    "machine.json cut": ("machine.json", cut(40), ["machine.json: not JSON: parse error at line"]),
    "machine of other schema": ("machine.json", with_key("schema_version", 2), ["/schema_version is 2; allowed is 1"]),
    "machine that is a list": ("machine.json", bytes_instead(b"[1]"), ["machine.json: the document is [1]"]),
    "cores that are a text": ("machine.json", with_key("cores", "two"), ['/cores is "two"; allowed is an integer']),
    "deeply nested machine": ("machine.json", bytes_instead(b"[" * 200000), ["nested deeper", "allowed is 100"]),
    "key twice": ("machine.json", bytes_instead(b'{"cores": 1, "cores": 2}'), ["machine.json /cores: the key stands"]),
    "run.json cut": ("run.json", cut(40), ["run.json: not JSON: parse error at line"]),
    "run of other schema": ("run.json", with_key("schema_version", 2), ["/schema_version is 2; allowed is 1"]),
    "run of unknown status": ("run.json", with_key("status", "odd"), ['/status is "odd"', "complete partial"]),
}


def readers_of(fault):
    name = FAULTS[fault][0]
    if fault.startswith("problem"):
        return PARSING
    return [command for command, (_, _, files) in COMMANDS.items() if name == "measurements.csv" or name in files]


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def bad(tmp_path):
    shutil.copytree(SMALL, tmp_path / "good")
    return shutil.copytree(SMALL, tmp_path / "bad")


def refused(roofgap, command):
    """The message of the command on `bad`, which has to leave everything as it is."""
    before, after, _ = COMMANDS[command]
    was = contents(roofgap.cwd)
    message = roofgap.fails(*before, "bad", *after)
    assert contents(roofgap.cwd) == was, "nothing may be written"
    assert len(message) < 600, message
    return message


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_file_is_refused_by_every_command_that_reads_it(roofgap, bad, fault):
    name, change, said = FAULTS[fault]
    change(bad / name)
    for command in readers_of(fault):
        message = refused(roofgap, command)
        assert f"bad/{name}" in message, (command, message)
        for words in said:
            assert words in message, (command, message)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_directory_a_file_in_its_place_and_an_empty_one(roofgap, bad, command):
    shutil.rmtree(bad)
    assert "bad: there is no such directory; allowed is a run directory" in refused(roofgap, command)
    bad.mkdir()
    assert "bad: it holds no measurements.csv" in refused(roofgap, command)
    bad.rmdir()
    bad.write_text("")
    message = refused(roofgap, command)
    assert "bad: it is a file; allowed is a run directory" in message or (
        command.startswith("compare") and "bad: not JSON" in message and
        "allowed are a run directory and Google Benchmark's JSON" in message), message


@pytest.mark.parametrize("command", COMMANDS)
def test_ceilings_of_another_machine_are_refused(roofgap, bad, command):
    ceilings = bad / "ceilings.csv"
    ceilings.write_text(ceilings.read_text().replace("0123456789ab", "ba9876543210"))
    assert "bad/ceilings.csv: the ceilings are of machine ba9876543210, the measurements of machine 0123456789ab" in \
        refused(roofgap, command)


def test_gap_without_ceilings_says_what_to_run(roofgap, bad):
    (bad / "ceilings.csv").unlink()
    message = refused(roofgap, "gap")
    assert "bad/ceilings.csv: not there; run `hwprobe`" in message


def test_what_a_spreadsheet_adds_is_read(roofgap, bad):
    path = bad / "measurements.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert roofgap("gap", "bad", "--csv", "-").stdout == roofgap("gap", "good", "--csv", "-").stdout


@pytest.fixture(scope="module")
def partial_run(tmp_path_factory):
    """A run of this machine that was stopped before its last row."""
    from conftest import Tool
    folder = tmp_path_factory.mktemp("partial")
    roofgap = Tool("harness/roofgap", folder)
    words = ("--problem", "fc:ic8oc8", "--problem", "fc:ic9oc9", "--variant", "reference,gemm", "--threads", "1",
             "--budget-s", "0.05", "--energy-s", "0", "--out", "run")
    assert roofgap("run", *words).returncode == 0
    with_key("status", "partial")(folder / "run" / "run.json")
    path = folder / "run" / "measurements.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    return folder / "run"


RESUMED = {fault: FAULTS[fault] for fault in (
    "other schema version", "two machines", "NaN", "time of 0", "unknown status", "fields too many", "folder in its place",
    "machine.json cut", "machine of other schema", "key twice", "run.json cut", "run of other schema")}
RESUMED |= {
    "duplicate row": ("measurements.csv", again(3, 4), [":4: a second row of", "after line 3"]),
    "columns in another order": ("measurements.csv", lambda path: path.write_text(
        "".join(",".join(reversed(line.split(","))) + "\n" for line in path.read_text().splitlines())),
        [":1: the columns are not those"]),
    "row of no case": ("measurements.csv", field(2, "problem", "fc:ic7oc7"), ["is none of those that suite.json asks"]),
    "suite cut": ("suite.json", cut(9), ["suite.json: not JSON: parse error"]),
    "unknown key": ("suite.json", with_key("thread", 1), ["suite.json /: unknown key 'thread'; allowed are cases"]),
    "problem": ("suite.json", lambda path: path.write_text(path.read_text().replace("fc:ic8oc8", "fc:ic8oc")),
                ["suite.json /cases/0/problem: problem 'fc:ic8oc': expected a whole number after 'oc'"]),
}


@pytest.mark.parametrize("fault", RESUMED)
def test_a_bad_file_is_not_resumed(roofgap, tmp_path, partial_run, fault):
    name, change, said = RESUMED[fault]
    shutil.copytree(partial_run, tmp_path / "bad")
    change(tmp_path / "bad" / name)
    was = contents(tmp_path)
    message = roofgap.fails("run", "--resume", "bad")
    assert f"bad/{name}" in message and all(words in message for words in said), message
    assert contents(tmp_path) == was


RECHECKED = [fault for fault, (name, _, _) in FAULTS.items()
             if name in ("measurements.csv", "ceilings.csv") and not fault.startswith("problem")]


@pytest.mark.parametrize("fault", RECHECKED)
def test_a_bad_file_is_not_rechecked(hwprobe, tmp_path, fault):
    name, change, said = FAULTS[fault]
    shutil.copytree(SMALL, tmp_path / "bad")
    change(tmp_path / "bad" / name)
    was = contents(tmp_path)
    message = hwprobe.fails("--recheck", "bad")
    assert f"bad/{name}" in message and all(words in message for words in said), message
    assert contents(tmp_path) == was


def test_directories_that_are_none_are_not_rechecked(hwprobe, tmp_path):
    assert "bad: there is no such directory" in hwprobe.fails("--recheck", "bad")
    (tmp_path / "bad").write_text("")
    assert "bad: it is a file; allowed is a run directory" in hwprobe.fails("--recheck", "bad")
