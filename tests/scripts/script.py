"""What tests of scripts/ share: running a script as a person would, changing the CSV files
that it reads, and reading the pictures that it draws."""
import csv
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Script:
    def __init__(self, name):
        self.path = ROOT / "scripts" / name

    def __call__(self, *words, **environment):
        return subprocess.run([sys.executable, self.path, *words], capture_output=True, text=True,
                              env={**os.environ, **environment})

    def fails(self, *words, **environment):
        """Runs what must be refused: exit code 2, one line on stderr, nothing on stdout. Returns the line."""
        done = self(*words, **environment)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr


def write(path, columns, rows):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def rewrite(path, change, *more_columns):
    """Replaces the rows of a CSV file by what `change` makes of them."""
    with open(path, newline="") as file:
        reader = csv.DictReader(file)
        rows, columns = list(reader), list(reader.fieldnames)
    write(path, columns + list(more_columns), change(rows))


def texts(svg):
    """The words of a picture."""
    return re.findall(r"<!-- (.*?) -->", pathlib.Path(svg).read_text())


def markers(svg):
    """Markers drawn, panel by panel: those of lines that are no axis ticks."""
    root = xml.etree.ElementTree.parse(svg).getroot()
    name = "{http://www.w3.org/2000/svg}"
    axes = [group for group in root.iter(name + "g") if group.get("id", "").startswith("axes_")]
    lines = [[group for group in panel if group.get("id", "").startswith("line2d")] for panel in axes]
    return [sum(1 for line in panel for _ in line.iter(name + "use")) for panel in lines]
