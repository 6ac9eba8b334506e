"""What the report's topics share: a topic is about one file or several that a run may have, its tables are sortable."""
import os
from typing import NamedTuple

import roofgap_io
from gap_rows import threads_text
from report_text import short
from roofgap_io import number


class Table(NamedTuple):
    """`columns`: pairs of name and form, which is `text`, `problem` or one of report_tables.js's FORMS."""

    caption: str
    columns: list
    rows: list


class Topic(NamedTuple):
    """`important`: the first sentence may be one of a run's first findings."""

    key: str
    title: str
    sentences: list
    tables: list
    important: bool = False


def read(run_dir, name, columns, command):
    """The rows of a file that need not be there."""
    path = os.path.join(run_dir, name)
    return roofgap_io.read_table(path, columns.split(), f"{command} {run_dir}") if os.path.exists(path) else []


def table(caption, rows, *columns):
    """`columns`: name, form, and where the value is from: a column of the rows, or a function of the row.

    What a column of texts says of every row alike is said in the caption instead.
    """
    def cell(row, form, source):
        if callable(source):
            return source(row)
        return row[source] if form == "text" else number(row, source)

    made = [[cell(row, form, source) for row in rows] for _, form, source in columns]
    alike = [at for at, (_, form, _) in enumerate(columns) if at and form == "text" and len(set(made[at])) == 1]
    kept = [at for at in range(len(columns)) if at not in alike or len(rows) == 1]
    words = [made[at][0] for at in alike if at not in kept and made[at][0]]
    return Table(", ".join([caption, *words]), [columns[at][:2] for at in kept], list(zip(*(made[at] for at in kept))))


def least_to_most(rows, column, form=short):
    """"2" or "2 to 3", of the rows that have a number."""
    known = [number(row, column) for row in rows if row[column]]
    if not known:
        return "not known"
    low, high = form(min(known)), form(max(known))
    return low if low == high else f"{low} to {high}"


def extreme(rows, column, choose=max):
    """At least one row has a number."""
    return choose((row for row in rows if row[column]), key=lambda row: number(row, column))


def groups(rows, *columns):
    """The rows by their values in the columns, as found."""
    found = {}
    for row in rows:
        found.setdefault(tuple(row[column] for column in columns), []).append(row)
    return found


def threads(row):
    return threads_text(int(number(row, "threads") or 0))


def conditions(row):
    return f"{row['dtype']} {row['isa']} {row['cache']}"


def plural(count, noun):
    return f"{count} {noun}{'' if count == 1 else 's'}"
