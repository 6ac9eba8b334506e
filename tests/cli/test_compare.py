"""roofgap compare: run against run."""

import csv
import json
import math
import pathlib
import shutil

import pytest
from conftest import read_rows, rewrite_rows

SMALL = pathlib.Path(__file__).parents[1] / "data" / "run_small"


@pytest.fixture
def runs(tmp_path):
    """Two copies of the stored run; the second has another name, and no wrong row in either."""
    for name in ("old", "new"):
        shutil.copytree(SMALL, tmp_path / name)
        rewrite_rows(tmp_path / name / "measurements.csv", lambda row: {
            **row, "run_id": name, "status": "skipped" if row["status"] == "wrong" else row["status"]})
    return tmp_path


def change(run, wanted, **fields):
    """Overwrites fields of the rows that `wanted` picks; functions are called with the old value."""
    path = run / "measurements.csv"
    rows = [{**{key: "" for key in fields}, **row} for row in read_rows(path)]
    for row in filter(wanted, rows):
        row.update({key: value(row[key]) if callable(value) else value for key, value in fields.items()})
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def times(factor):
    """What makes a row take `factor` times as long."""
    return {key: lambda ns: ns and repr(float(ns) * factor)
            for key in ("min_ns", "p05_ns", "median_ns", "p95_ns", "p99_ns", "ci_low_ns", "ci_high_ns")}


def is_case(problem, variant, threads):
    return lambda row: (row["problem"], row["variant"], row["threads"]) == (problem, variant, threads)


FC = "fc:mb16ic768oc3072"


def test_a_run_is_the_same_as_its_copy(roofgap, runs):
    done = roofgap("compare", "old", "new", "--fail-over", "1")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert "the same machine and program" in done.stdout
    assert "0 regressions beyond 1.0%" in done.stdout
    assert "slower " not in done.stdout.split("\n\n")[1]
    done = roofgap("compare", "old", "old")
    assert done.returncode == 0, done.stderr


def test_verdicts_ratios_and_exit_codes_of_known_changes(roofgap, runs):
    change(runs / "new", is_case(FC, "direct", "1"), **times(1.25))
    change(runs / "new", is_case(FC, "onednn", "1"), **times(0.5))
    words = ("compare", "old", "new", "--csv", "compared.csv")
    done = roofgap(*words, "--fail-over", "20")
    assert done.returncode == 1, done.stderr
    assert "1 regression beyond 20.0%: fc:mb16ic768oc3072 direct, 1 thread, takes 25.0% longer." in \
        " ".join(done.stdout.split())
    assert roofgap(*words, "--fail-over", "30").returncode == 0
    assert roofgap(*words).returncode == 0, "slower is no fault unless --fail-over says so"
    rows = read_rows(runs / "compared.csv")
    assert (rows[0]["variant"], rows[0]["verdict"], float(rows[0]["ratio"])) == ("direct", "slower", pytest.approx(0.8))
    pairs = [row for row in rows if row["verdict"] != "not_comparable"]
    assert (pairs[-1]["variant"], pairs[-1]["verdict"], float(pairs[-1]["ratio"])) == ("onednn", "faster", 2)
    assert {row["verdict"] for row in pairs[1:-1]} == {"same"}
    assert len(rows) == len(read_rows(runs / "old" / "measurements.csv")), "no row vanishes"
    for row in pairs:
        assert float(row["ratio_low"]) <= float(row["ratio"]) <= float(row["ratio_high"])
    ratios = [float(row["ratio"]) for row in pairs if row["op"] == "fc"]
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    line = next(line for line in done.stdout.splitlines() if line.startswith("fc "))
    assert f"{mean:.3f}" in line.split(), line


def test_what_the_canary_explains_is_the_machines(roofgap, runs):
    change(runs / "old", lambda row: row["median_ns"], canary_ns="30000")
    change(runs / "new", lambda row: row["median_ns"], canary_ns="37500", **times(1.25))
    done = roofgap("compare", "old", "new", "--fail-over", "5", "--csv", "compared.csv")
    pairs = [row for row in read_rows(runs / "compared.csv") if row["verdict"] != "not_comparable"]
    assert {row["verdict"] for row in pairs} == {"slower"}
    followers = [row for row in pairs if row["kernel_ratio"]]
    assert followers and {row["cause"] for row in followers} == {"machine"}
    for row in followers:
        assert float(row["kernel_low"]) < 1 < float(row["kernel_high"])
        assert float(row["kernel_ratio"]) == pytest.approx(1)
    others = [row for row in pairs if not row["kernel_ratio"]]
    assert others and {row["cause"] for row in others} == {""}, "they wait for what the canary does not measure"
    assert done.returncode == 1 and f"{len(others)} regressions beyond 5.0%" in done.stdout


def test_a_gate_counts_what_is_unstable_or_gone(roofgap, runs):
    words = ("compare", "old", "new", "--fail-over", "5")
    change(runs / "new", is_case(FC, "direct", "1"), status="unstable", **times(1.25))
    done = roofgap(*words)
    assert done.returncode == 0 and "0 regressions beyond 5.0%. Slower by as much, but unstable" in done.stdout
    change(runs / "new", is_case(FC, "onednn", "1"), status="skipped", reason="no memory", **{
        key: "" for key in times(1)})
    done = roofgap(*words)
    assert done.returncode == 1 and "skipped in b, which fails too: 1." in " ".join(done.stdout.split())


def test_another_isa_is_said_and_is_the_cause(roofgap, runs):
    for name in ("old", "new"):
        change(runs / name, lambda row: row["median_ns"], canary_ns="30000")
    change(runs / "new", lambda row: True, isa="AVX2")
    change(runs / "new", is_case(FC, "direct", "1"), **times(1.25))
    done = roofgap("compare", "old", "new", "--csv", "compared.csv")
    assert "they differ in: isa AVX3 / AVX2." in done.stdout
    assert "f32 AVX3 / AVX2 warm\n" in done.stdout
    assert {row["cause"] for row in read_rows(runs / "compared.csv") if row["verdict"] == "slower"} == {"isa"}


def test_runs_without_ceilings_compare_and_say_so(roofgap, runs):
    (runs / "new" / "ceilings.csv").unlink()
    done = roofgap("compare", "old", "new")
    assert done.returncode == 0, done.stderr
    assert "Roofs are not compared: only one of the runs has a ceilings.csv" in done.stdout
    (runs / "old" / "ceilings.csv").unlink()
    (runs / "old" / "run.json").unlink()
    (runs / "old" / "machine.json").unlink()
    done = roofgap("compare", "old", "new")
    assert done.returncode == 0, done.stderr
    assert "neither run has" in done.stdout


def test_roofs_of_both_machines_are_compared(roofgap, runs):
    path = runs / "new" / "ceilings.csv"
    rewrite_rows(path, lambda row: {**row, "median": row["median"] and repr(float(row["median"]) * 2)}
                 if row["kind"] == "compute" else row)
    done = roofgap("compare", "old", "new")
    line = next(line for line in done.stdout.splitlines() if "compute f32, 1 thread" in line)
    assert line.split()[-1] == "2.000"
    line = next(line for line in done.stdout.splitlines() if "L1 load, 1 thread" in line)
    assert line.split()[-1] == "1.000"


def test_roofs_of_one_probe_are_compared_where_they_were_measured_again(roofgap, runs):
    assert "both runs hold those of one probe" in " ".join(roofgap("compare", "old", "new").stdout.split())
    for run, factor in (("old", 1), ("new", 2)):
        shutil.copy(runs / run / "ceilings.csv", runs / run / "ceilings_end.csv")
        rewrite_rows(runs / run / "ceilings_end.csv",
                     lambda row: {**row, "median": row["median"] and repr(float(row["median"]) * factor)})
    text = roofgap("compare", "old", "new").stdout
    assert "Roofs, of one probe, measured again after each run" in text
    assert next(line for line in text.splitlines() if "L1 load, 1 thread" in line).split()[-1] == "2.000"


def test_what_differs_is_not_comparable_and_says_so(roofgap, runs):
    change(runs / "new", is_case(FC, "direct", "2"), threads="8")
    change(runs / "new", is_case(FC, "direct", "1"), flops="1")
    change(runs / "new", is_case(FC, "onednn", "1"), status="wrong", reason="output 3", median_ns="", ci_low_ns="",
           ci_high_ns="", min_ns="")
    done = roofgap("compare", "old", "new", "--csv", "compared.csv")
    assert done.returncode == 1, "a row is wrong"
    for words in ("not comparable, threads 2 / 8:", "/ 1: fc:mb16ic768oc3072 direct, 1 thread",
                  "not comparable, wrong in b: output 3"):
        assert words in done.stdout, done.stdout


def test_other_runs_of_the_same_isa_less_key(roofgap, runs):
    change(runs / "new", lambda row: True, isa="NEON", machine_id="ba9876543210")
    (runs / "new" / "ceilings.csv").unlink()
    done = roofgap("compare", "old", "new", "--csv", "compared.csv")
    assert done.returncode == 0, done.stderr
    assert "they differ in: machine" in done.stdout
    assert "only one of the runs has a ceilings.csv" in done.stdout
    pairs = [row for row in read_rows(runs / "compared.csv") if row["ratio"]]
    assert pairs and {row["verdict"] for row in pairs} == {"same"}


def test_several_runs_and_csv_on_standard_output(roofgap, runs):
    shutil.copytree(runs / "new", runs / "third")
    change(runs / "third", lambda row: True, run_id="third")
    done = roofgap("compare", "old", "new", "third")
    assert "a against b" in done.stdout and "a against c" in done.stdout
    alone = roofgap("compare", "old", "new", "third", "--csv", "-")
    roofgap("compare", "old", "new", "third", "--csv", "all.csv")
    assert alone.stdout == (runs / "all.csv").read_text()
    assert {row["run_b"] for row in read_rows(runs / "all.csv")} == {"new", "third"}


def test_regressions_means_and_exit_code_are_of_each_pair_of_runs(roofgap, runs):
    shutil.copytree(runs / "new", runs / "third")
    change(runs / "third", lambda row: True, run_id="third")
    change(runs / "third", is_case(FC, "direct", "1"), **times(1.25))
    assert roofgap("compare", "old", "new", "--fail-over", "10").returncode == 0
    done = roofgap("compare", "old", "new", "third", "--fail-over", "10")
    assert done.returncode == 1, "of any pair"
    of_new, of_third = done.stdout.split("\na against ")[1:]
    assert "0 regressions beyond 10.0%." in of_new
    assert "1 regression beyond 10.0%: fc:mb16ic768oc3072 direct, 1 thread, takes 25.0% longer." in of_third
    means = [next(line for line in part.splitlines() if line.startswith("fc ")) for part in (of_new, of_third)]
    assert means[0].split()[6] == "1.000" != means[1].split()[6], means


def test_json_says_what_the_csv_and_the_table_say(roofgap, runs):
    change(runs / "new", is_case(FC, "direct", "1"), **times(1.25))
    rewrite_rows(runs / "new" / "ceilings.csv", lambda row: {**row, "clock_ghz": "3.25"})
    words = ("compare", "old", "new", "--fail-over", "10")
    done = roofgap(*words, "--json", "-", "--csv", "compared.csv")
    assert (done.returncode, done.stderr) == (1, "")
    found = json.loads(done.stdout)
    rows = read_rows(runs / "compared.csv")
    assert [list(row) for row in found["rows"]] == [list(row) for row in rows]
    for one, other in zip(found["rows"], rows):
        assert (one["problem"], one["verdict"]) == (other["problem"], other["verdict"])
        assert one["ratio"] == (float(other["ratio"]) if other["ratio"] else None)
    of_all = found["summary"][-1]
    assert (of_all["run_b"], of_all["op"], of_all["pairs"]) == ("new", "", sum(1 for row in rows if row["p_value"]))
    ratios = [float(row["ratio"]) for row in rows if row["p_value"]]
    assert of_all["mean_ratio"] == pytest.approx(math.exp(sum(map(math.log, ratios)) / len(ratios)))
    assert {roof["ratio"] for roof in found["roofs"]} == {1}
    assert [(row["problem"], row["variant"], row["threads"]) for row in found["regressions"]] == [(FC, "direct", 1)]
    roofgap(*words, "--json", "compared.json")
    assert (runs / "compared.json").read_text() == done.stdout
    assert "only one" in roofgap.fails(*words, "--json", "-", "--csv", "-")


def test_several_runs_of_a_side_are_separated_by_commas(roofgap, runs):
    for name, factor in (("old,2", 1.02), ("new2", 0.99)):
        shutil.copytree(runs / "new", runs / name)
        change(runs / name, lambda row: True, run_id=name)
        change(runs / name, lambda row: row["variant"] == "direct", **times(factor))
    for name in ("new", "new2"):
        change(runs / name, is_case(FC, "onednn", "1"), **times(0.5))
    (runs / "old,2").rename(runs / "again")
    done = roofgap("compare", "old,again", "new,new2", "--csv", "compared.csv")
    assert done.returncode == 0, done.stderr
    assert "a2: again, run old,2" in done.stdout and "b1: new, run new" in done.stdout
    rows = [row for row in read_rows(runs / "compared.csv") if row["ratio"]]
    assert {row["runs_a"] + row["runs_b"] + row["test"] for row in rows} == {"22runs"}
    assert all(float(row["run_spread"]) >= 0 for row in rows)
    assert [row["problem"] for row in rows if row["verdict"] == "faster"] == [FC]
    (runs / "again").rename(runs / "old,2")
    done = roofgap("compare", "old", "old,2")
    assert done.returncode == 0 and "b: old,2, run old,2" in done.stdout, "what exists under its name is one run"
    assert "nowhere" in roofgap.fails("compare", "old,nowhere", "new")
    change(runs / "new2", lambda row: True, machine_id="ba9876543210")
    for roofs in runs.glob("new2/ceilings*.csv"):
        roofs.unlink()
    assert "of one build on one machine" in roofgap.fails("compare", "old", "new,new2")


def test_variants_that_are_the_same_code_tell_what_is_chance(roofgap, runs):
    done = roofgap("compare", "old", "new", "--unchanged", "onednn", "--csv", "compared.csv")
    assert done.returncode == 0 and "runs of one build do, by 0" in " ".join(done.stdout.split())
    assert all(row["run_spread"] for row in read_rows(runs / "compared.csv") if row["ratio"])


def test_two_fresh_runs_are_tested_by_their_turns(roofgap, tmp_path):
    for name in ("one", "two"):
        done = roofgap("run", "--problem", "fc:ic64oc48", "--variant", "gemm,gemv", "--threads", "1", "--budget-s",
                       "0.3", "--energy-s", "0", "--out", name)
        assert done.returncode == 0, done.stderr
    rows = read_rows(tmp_path / "one" / "measurements.csv")
    for row in rows:
        turns = [float(ns) for ns in row["turns_ns"].split()]
        assert turns and min(turns) >= float(row["min_ns"]) * 0.999
    done = roofgap("compare", "one", "two", "--csv", "compared.csv")
    assert done.returncode == 0, done.stderr
    fewest = {row["variant"]: len(row["turns_ns"].split()) for row in rows}
    for row in read_rows(tmp_path / "two" / "measurements.csv"):
        fewest[row["variant"]] = min(fewest[row["variant"]], len(row["turns_ns"].split()))
    tests = {row["variant"]: row["test"] for row in read_rows(tmp_path / "compared.csv")}
    assert set(tests) == {"gemm", "gemv"}
    for variant, test in tests.items():
        assert (test in ("ranks", "welch")) == (fewest[variant] >= 6), fewest


def benchmark(name, times_ns):
    return [{"name": name, "run_name": name, "run_type": "iteration", "repetitions": len(times_ns),
             "repetition_index": i, "threads": 1, "iterations": 100, "real_time": ns / 1000, "cpu_time": ns / 1000,
             "time_unit": "us"} for i, ns in enumerate(times_ns)]


def test_google_benchmarks_json_is_compared(roofgap, tmp_path):
    old = [1000 + i for i in range(10)]
    for name, factor in (("old", 1), ("new", 1.5)):
        benchmarks = benchmark("BM_A/8", [ns * factor for ns in old]) + benchmark("BM_B", old) + benchmark("BM_C", [9])
        (tmp_path / f"{name}.json").write_text(
            json.dumps({"context": {"host_name": "board"}, "benchmarks": benchmarks}))
    done = roofgap("compare", "old.json", "new.json", "--fail-over", "10", "--csv", "compared.csv")
    assert done.returncode == 1, done.stderr
    rows = {row["problem"]: row for row in read_rows(tmp_path / "compared.csv")}
    assert rows["BM_A/8"]["verdict"] == "slower"
    assert float(rows["BM_A/8"]["ratio"]) == pytest.approx(1 / 1.5)
    assert rows["BM_B"]["verdict"] == "same"
    assert rows["BM_C"]["verdict"] == "not_comparable" and "too few" in rows["BM_C"]["reason"]
    assert "a against b: the same machine; what the programs were is not known." in done.stdout
    (tmp_path / "text.json").write_text("no json")
    assert "allowed are a run directory and Google Benchmark's JSON" in roofgap.fails("compare", "old.json", "text.json")


def test_what_google_benchmark_says_of_its_program_is_told(roofgap, tmp_path):
    for name, build in (("old", "debug"), ("new", "release")):
        (tmp_path / f"{name}.json").write_text(json.dumps({
            "context": {"host_name": "board", "date": "2026-01-02T03:04:05+00:00", "executable": "./bench",
                        "library_build_type": build}, "benchmarks": benchmark("BM_A", list(range(100, 110)))}))
    done = roofgap("compare", "old.json", "new.json")
    text = " ".join(done.stdout.split())
    assert "they differ in: build of Google Benchmark debug / release; what the programs were is not known." in text
    assert "of 2026-01-02T03:04:05+00:00, executable ./bench, Google Benchmark's own build: debug" in text


def test_a_run_written_as_google_benchmarks_json_is_the_run(roofgap, tmp_path):
    done = roofgap("run", "--problem", "fc:ic64oc48", "--variant", "gemm,gemv", "--threads", "1", "--budget-s", "0.2",
                   "--energy-s", "0", "--out", "out", "--benchmark-json", "out.json")
    assert done.returncode == 0, done.stderr
    entries = json.loads((tmp_path / "out.json").read_text())["benchmarks"]
    names = {entry["run_name"] for entry in entries}
    isa = read_rows(tmp_path / "out" / "measurements.csv")[0]["isa"]
    assert names == {f"fc:ic64oc48/{variant}/f32/{isa}/threads:1/warm" for variant in ("gemm", "gemv")}
    for row in read_rows(tmp_path / "out" / "measurements.csv"):
        of_row = [entry for entry in entries if f"/{row['variant']}/" in entry["run_name"]]
        repetitions = [entry["real_time"] for entry in of_row if entry["run_type"] == "iteration"]
        assert repetitions == [float(ns) for ns in row["turns_ns"].split()]
        assert [entry["real_time"] for entry in of_row if entry["run_type"] == "aggregate"] == [float(row["median_ns"])]
    done = roofgap("compare", "out", "out.json", "--csv", "compared.csv")
    assert done.returncode == 0, done.stderr
    assert {row["ratio"] for row in read_rows(tmp_path / "compared.csv")} == {"1"}
    assert "nowhere" in roofgap.fails("run", "--problem", "fc:ic8oc8", "--out", "other", "--benchmark-json",
                                      "nowhere/out.json")


def test_faulty_options_are_refused(roofgap, runs):
    assert "RUN" in roofgap.fails("compare", "old")
    assert "--fail-over" in roofgap.fails("compare", "old", "new", "--fail-over", "-1")
    assert "--same-within" in roofgap.fails("compare", "old", "new", "--same-within", "nan")
    assert "nowhere" in roofgap.fails("compare", "old", "new", "--csv", "nowhere/compared.csv")


def test_help_shows_examples(roofgap):
    done = roofgap("compare", "--help")
    assert done.returncode == 0
    assert "roofgap compare old-run new-run --fail-over 5" in done.stdout
