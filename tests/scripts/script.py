"""What tests of scripts/ share: running a script as a person would, and changing the CSV files that it reads."""
import csv
import os
import pathlib
import subprocess
import sys

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
