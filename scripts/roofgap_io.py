"""Reads run directories: what `roofgap run` and `roofgap gap` wrote, as plain dicts of strings. Derives nothing."""
import csv
import io
import json
import math
import os

SCHEMA_VERSION = "1"


class InputError(Exception):
    """A fault of the input, in one line: what, where, and what to do."""


class Row(dict):
    """A row of a table, which knows where it stands, for messages."""

    where = ""


def check_dir(path):
    """Raises where the folder of a file is none, which is more to the point than that the file is missing."""
    folder = os.path.dirname(path) or "."
    if not os.path.exists(folder):
        raise InputError(f"{folder}: there is no such directory; allowed is a run directory")
    if not os.path.isdir(folder):
        raise InputError(f"{folder}: it is a file; allowed is a run directory")


def refuse_constant(name):
    raise ValueError(f"{name} is no number")


def read_json(path):
    check_dir(path)
    try:
        with open(path, encoding="utf-8-sig") as file:
            contents = json.load(file, parse_constant=refuse_constant)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except RecursionError as error:
        raise InputError(f"{path} is nested too deeply") from error
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}") from error
    if not isinstance(contents, dict):
        raise InputError(f"{path} holds no JSON object")
    if str(contents.get("schema_version", SCHEMA_VERSION)) != SCHEMA_VERSION:
        raise InputError(f"{path}: schema_version is {contents['schema_version']}; allowed is {SCHEMA_VERSION}")
    return contents


def read_text(path, what_to_run):
    check_dir(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return file.read()
    except FileNotFoundError as error:
        raise InputError(f"{path} is not there; run: {what_to_run}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error


def read_table(path, needed, what_to_run):
    """The rows of a CSV file. `needed` names the columns that must be there, `what_to_run` makes the file."""
    text = read_text(path, what_to_run)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval=None)
        rows, columns = [Row(row) for row in reader], reader.fieldnames or []
    except csv.Error as error:
        raise InputError(f"cannot read {path}: {error}") from error
    if text and (not text.endswith("\n") or text.count('"') % 2 == 1):
        raise InputError(f"{path}: row {len(rows)} is torn: got no end of it; run: {what_to_run}")
    missing = [name for name in needed if name not in columns]
    if missing:
        raise InputError(f"{path} lacks the column {missing[0]}; run: {what_to_run}")
    for number_of_row, row in enumerate(rows, 1):
        row.where = f"{path}: row {number_of_row}"
        if "" in row or None in row.values():
            raise InputError(f"{row.where} has not as many fields as the header")
        if row.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
            raise InputError(f"{row.where} has schema_version {row['schema_version']}, not {SCHEMA_VERSION}")
        if row.get("machine_id") != rows[0].get("machine_id"):
            raise InputError(f"{row.where} is of machine {row['machine_id']}, row 1 of {rows[0]['machine_id']}; "
                             "allowed is one machine in a file")
    return rows


def read_measurements(run_dir):
    needed = "op problem label variant dtype isa threads cache status flops executed_flops intensity gflops".split()
    path = os.path.join(run_dir, "measurements.csv")
    rows = read_table(path, needed, f"roofgap run --out {run_dir} ..., or roofgap run --resume {run_dir}")
    seen = set()
    for row in rows:
        case = tuple(row[column] for column in "problem variant dtype isa threads cache".split())
        if case in seen:
            raise InputError(f"{row.where} is a second one of {' '.join(case)}; allowed is one for each case")
        seen.add(case)
    return rows


def read_gaps(run_dir, *more_columns):
    needed = (
        "op problem label variant dtype isa threads cache status flops median_ns t_flops_ns t_attainable_ns flops_gap "
        "gap_algorithm gap_memory gap_implementation"
    ).split()
    return read_table(os.path.join(run_dir, "gap.csv"), needed + list(more_columns), f"roofgap gap {run_dir}")


def read_comparison(path, *more_columns):
    needed = (
        "run_a run_b problem label variant dtype isa_a isa_b threads cache verdict reason median_a_ns median_b_ns "
        "ratio ratio_low ratio_high p_adjusted machine_ratio kernel_ratio cause"
    ).split()
    return read_table(path, needed + list(more_columns), f"roofgap compare RUN_DIR RUN_DIR --csv {path}")


def read_predictors(run_dir):
    needed = (
        "predictor of dtype isa threads cache tau wrong_pairs ordered_pairs median_error worst_error scale scaled_error"
    ).split()
    return read_table(os.path.join(run_dir, "predictors.csv"), needed, f"roofgap gap {run_dir}")


def read_pareto(run_dir):
    needed = "problem label variant dtype isa threads cache status group verdict dims units value_1 value_2".split()
    return read_table(os.path.join(run_dir, "pareto.csv"), needed, f"roofgap pareto {run_dir} --dims latency,memory")


def read_separable(run_dir):
    needed = (
        "comparison mb ic oc ih iw kh kw sh sw bia act dtype isa threads cache status reason promised latency_ratio "
        "standard_algorithm separable_algorithm standard_intensity separable_intensity standard_gflops "
        "separable_gflops standard_level separable_level"
    ).split()
    return read_table(os.path.join(run_dir, "separable.csv"), needed, f"roofgap separable {run_dir}")


def read_attention(run_dir):
    """The rows of attention and its approximations, and the exponents fitted to them; none where no row is in a sweep.
    """
    family = "sweep b h kvh d causal dtype isa threads cache op variant k m".split()
    needed = family + "problem n status median_ns workspace_bytes speedup distance_from_exact".split()
    rows = read_table(os.path.join(run_dir, "attention.csv"), needed, f"roofgap gap {run_dir}")
    fits = os.path.join(run_dir, "complexity.csv")
    needed = family + "quantity range exponent half_width".split()
    return rows, read_table(fits, needed, f"roofgap gap {run_dir}") if os.path.exists(fits) else []


def read_ceilings(run_dir):
    """The roofs before the run and, where they were measured again, after it: a roof then has two rows."""
    key = "kind isa dtype op_mix level pattern pages core_kind threads".split()
    needed = key + ["best", "unit"]
    rows = read_table(
        os.path.join(run_dir, "ceilings.csv"), needed, "hwprobe, then roofgap run, which copies the ceilings"
    )
    again = os.path.join(run_dir, "ceilings_end.csv")
    if os.path.exists(again):
        roofs = {tuple(row[column] for column in key) for row in rows}
        end = read_table(again, needed, f"hwprobe --recheck {run_dir}")
        rows += [row for row in end if tuple(row[column] for column in key) in roofs]
    return rows


def read_curve(directory):
    """Bandwidth over working set, of a probe or of a run that was made with one."""
    needed = "pattern pages core_kind threads working_set_bytes best".split()
    return read_table(os.path.join(directory, "curve.csv"), needed, f"hwprobe --out {directory}")


def number(row, column):
    """A field as a float, None where it is empty."""
    text = row[column]
    if text == "":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        where = f"{row.where}: " if isinstance(row, Row) else ""
        raise InputError(f"{where}column {column} holds '{text}', not a number")
    return value


def check_timed(row):
    """Raises unless the row has what every timed row has."""
    for column in ("threads", "intensity", "gflops"):
        value = number(row, column)
        if value is None or value <= 0 or (column == "threads" and not row[column].isdecimal()):
            raise InputError(
                f"{row['problem']} {row['variant']} is {row['status']}, but its {column} is '{row[column]}'; "
                "allowed is a positive number"
            )


def choose(rows, column, wanted, preferred):
    """`wanted`, or the first of `preferred` that the rows have; an error that lists what they have."""
    present = sorted({row[column] for row in rows})
    for value in [wanted] if wanted else list(preferred) + present:
        if value in present:
            return value
    raise InputError(f"no measured row has {column} {wanted} (there is: {', '.join(present)})")
