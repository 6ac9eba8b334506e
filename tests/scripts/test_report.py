"""scripts/report.py on the stored run tests/data/run_small, which is made up: what the page holds, what is refused."""
import csv
import html.parser
import json
import pathlib
import shutil

import pytest
from script import ROOT, Script, rewrite, write

RUN = ROOT / "tests" / "data" / "run_small"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \"quoted\" 'too' @@DATA@@ <!-- ]]>"
report = Script("report.py")
pytest.importorskip("plotly", reason="python3-plotly is not installed")


@pytest.fixture
def run_dir(tmp_path):
    return shutil.copytree(RUN, tmp_path / "a run")


@pytest.fixture
def two(run_dir, tmp_path):
    return run_dir, shutil.copytree(RUN, tmp_path / "b")


class Page(html.parser.HTMLParser):
    """Elements by name, texts, ids, what scripts hold; fails where tags do not match."""

    VOID = {"meta", "link", "input", "br", "img", "hr"}

    def __init__(self, path):
        super().__init__()
        self.source = path.read_text()
        self.open, self.tags, self.ids, self.links, self.texts, self.scripts = [], [], [], [], [], {}
        self.feed(self.source)
        assert self.open == []
        self.data = json.loads(self.scripts["data"])
        self.rows, self.pairs = self.unpacked("rows"), self.unpacked("pairs")
        self.text = " ".join(" ".join(self.texts).split())

    def unpacked(self, name):
        """Rows as dicts, as the page's script reads them."""
        packed = self.data[name]
        rows = [dict(zip(packed["columns"], row)) for row in packed["rows"]]
        return [{column: self.data["texts"][value] if column in packed["texts"] else value
                 for column, value in row.items()} for row in rows]

    def handle_starttag(self, tag, attributes):
        fields = dict(attributes)
        self.tags.append((tag, fields))
        self.ids += [fields["id"]] if "id" in fields else []
        self.links += [fields[name] for name in ("href", "src") if name in fields]
        if tag not in self.VOID:
            self.open.append((tag, fields))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, text):
        tag, fields = self.open[-1] if self.open else ("", {})
        if tag == "script":
            self.scripts[fields.get("id", "")] = self.scripts.get(fields.get("id", ""), "") + text
        elif tag != "style":
            self.texts.append(text)


def made(*words):
    done = report(*words)
    assert (done.returncode, done.stderr) == (0, "")
    return Page(pathlib.Path(done.stdout.strip()))


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def change(run_dir, **fields):
    rewrite(run_dir / "gap.csv", lambda rows: [{**rows[0], **fields}, *rows[1:]])


def write_comparison(path, rows):
    columns = ("schema_version run_a run_b problem label variant dtype isa_a isa_b threads cache verdict reason "
               "median_a_ns median_b_ns ratio ratio_low ratio_high p_adjusted machine_ratio kernel_ratio cause op "
               "op_mean_ratio op_mean_kernel_ratio").split()
    pair = dict.fromkeys(columns, "") | {"schema_version": "1", "run_a": "a", "run_b": "b", "problem": "fc:ic8oc8",
                                         "variant": "gemm", "threads": "1", "cache": "warm"}
    write(path, columns, [pair | row for row in rows])


def test_the_page_is_one_file_that_asks_for_nothing(run_dir):
    page = made(run_dir)
    assert (run_dir / "report.html").stat().st_size < 10e6
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links), page.links
    assert "default-src 'none'" in page.source
    assert len(set(page.ids)) == len(page.ids)
    parts = [tag for tag, _ in page.tags if tag in ("header", "h1", "nav", "main", "footer")]
    assert parts == ["header", "h1", "nav", "main", "footer"]
    assert {"findings", "roofline", "gaps", "ceilings", "machine"} <= set(page.ids)
    assert "comparison" not in page.ids


def test_every_row_and_roof_is_in_the_page_as_the_files_have_it(run_dir):
    page = made(run_dir)
    rows = page.rows
    expected = read(RUN / "gap.csv")
    assert [(row["problem"], row["variant"], row["status"]) for row in rows] == [
        (row["problem"], row["variant"], row["status"]) for row in expected]
    for row, written in zip(rows, expected):
        for column in ("median_ns", "roof_fraction", "flops_gap", "gap_implementation"):
            assert row[column] == (float(written[column]) if written[column] else None)
    assert [(roof["threads"], roof["peak"]) for roof in page.data["roofs"]] == [(1, 236.4), (2, 470.9)]
    assert set(page.data["roofs"][0]["bandwidths"]) == {"L1", "L2", "L3", "DRAM"}


def test_findings_are_sentences_with_the_numbers_of_the_files(run_dir):
    page = made(run_dir)
    assert "62 rows: 60 measured, 1 skipped, 1 wrong." in page.text
    assert "Of all timed rows, FLOPs put 110 of 1728 pairs in the wrong order (Kendall's tau 0.862, " in page.text
    assert "1 with a wrong result" in page.text
    rewrite(run_dir / "predictors.csv", lambda rows: [
        {**row, "median_factor": "1.5", "worst_factor": "20.5"} for row in rows], "median_factor", "worst_factor")
    assert "(Kendall's tau 0.862, off by a factor of 1.5 in the median, 20.5 at worst)" in made(run_dir).text
    assert "Largest gap" not in page.text, "it is not found anew: gap.json says it"
    assert "Example CPU 3.7 GHz" in page.text and "16 GiB" in page.text


def test_what_is_not_there_is_said(run_dir):
    (run_dir / "predictors.csv").unlink()
    (run_dir / "run.json").unlink()
    machine = json.loads((run_dir / "machine.json").read_text())
    for key in ("cpu_model", "governor", "memory_bytes", "caches"):
        machine.pop(key)
    (run_dir / "machine.json").write_text(json.dumps(machine))
    page = made(run_dir)
    assert f"for want of predictors.csv. Run: roofgap gap {run_dir}" in page.text
    assert "for want of gap.json" in page.text
    assert page.text.count("not known") >= 6


def test_pairs_that_flops_order_wrongly_come_from_gap_json(run_dir):
    pair = {"fewer_problem": "fc:ic8oc8", "fewer_variant": "gemm", "fewer_flops": 2e6, "fewer_median_ns": 5000,
            "more_problem": "fc:ic9oc9", "more_variant": "gemv", "more_flops": 3e9, "more_median_ns": 4000,
            "isa": "NEON", "threads": 4, "cache": "cold"}
    (run_dir / "gap.json").write_text(json.dumps({"misordered": [pair]}))
    assert "fc:ic8oc8, gemm, takes 5 µs for 2 MFLOP; fc:ic9oc9, gemv, 4 µs for 3 GFLOP (NEON, 4 threads, cold)." in (
        made(run_dir).text)
    assert f"is not known, for want of `findings` in gap.json. Run: roofgap gap {run_dir}" in made(run_dir).text
    told = [{"kind": "misordered", "text": "As C++ says it."}, {"kind": "nearest_roof", "text": "Near."}]
    (run_dir / "gap.json").write_text(json.dumps({"misordered": [pair], "findings": told}))
    page = made(run_dir)
    assert "As C++ says it." in page.text and "Near." in page.text and "fc:ic9oc9, gemv" not in page.text
    for wrong in ({"misordered": [{**pair, "more_flops": None}]}, {"misordered": [{}]}, {},
                  {"misordered": [pair], "findings": [{"kind": 1}]}):
        (run_dir / "gap.json").write_text(json.dumps(wrong))
        assert "gap.json" in report.fails(run_dir)


def test_a_row_without_a_roof_is_kept_and_said(run_dir):
    rewrite(run_dir / "ceilings.csv",
            lambda rows: [row for row in rows if row["kind"] != "memory" or row["threads"] != "2"])
    page = made(run_dir)
    assert len(page.rows) == 62
    assert "no memory roof" in page.data["roofs"][1]["missing"]


@pytest.mark.parametrize("column", "label problem variant op advice warnings reason isa run_id".split())
def test_hostile_texts_stay_texts(run_dir, column):
    plain = made(run_dir)
    rewrite(run_dir / "gap.csv", lambda rows: [{**row, column: HOSTILE} for row in rows])
    (run_dir / "run.json").write_text(json.dumps({"run_id": HOSTILE, "command": HOSTILE, "notes": [HOSTILE]}))
    rewrite(run_dir / "ceilings.csv", lambda rows: [{**row, "unit": HOSTILE} for row in rows])
    page = made(run_dir)
    scripts = [tag for tag, _ in page.tags].count("script")
    assert scripts == [tag for tag, _ in plain.tags].count("script")
    assert "img" not in {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, fields in page.tags for name in fields)
    if column != "run_id":
        assert page.rows[0][column] == HOSTILE
    assert HOSTILE in "".join(page.texts)


def test_several_runs_are_compared_with_what_was_written(two, tmp_path):
    write_comparison(tmp_path / "ab.csv", [
        {"verdict": "faster", "ratio": "1.5", "ratio_low": "1.4", "ratio_high": "1.6", "median_a_ns": "3",
         "median_b_ns": "2", "op": "fc", "op_mean_ratio": "1.25"},
        {"verdict": "not_comparable", "reason": "only one run has it"}])
    page = made(*two, "--comparison", tmp_path / "ab.csv", "-o", tmp_path / "ab.html")
    assert "2 pairs, 1 faster, 1 not comparable." in page.text
    assert "b is, in the geometric mean over its pairs, 1.25 times as fast in fc." in page.text
    assert [pair["ratio"] for pair in page.pairs] == [1.5, None]
    assert len({row["run"] for row in page.rows}) == 2, "a run and its copy are told apart"
    assert len(page.rows) == 124


def program(tmp_path, text):
    path = tmp_path / "roofgap stand-in"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_roofgap_compare_is_asked_where_nothing_was_written(two, tmp_path):
    write_comparison(tmp_path / "ab.csv", [{"verdict": "same", "ratio": "1.001"}])
    stand_in = program(tmp_path, f'[ "$1" = compare ] && cp "{tmp_path}/ab.csv" "$5" && echo "a < b: same"; exit 1')
    page = made(*two, "--roofgap", stand_in, "-o", tmp_path / "ab.html")
    assert "1 pairs, 1 same." in page.text and "a < b: same" in page.text


def test_a_comparison_that_failed_is_said_with_its_reason(two, tmp_path):
    stand_in = program(tmp_path, "echo 'nothing in common' >&2; exit 2")
    page = made(*two, "--roofgap", stand_in, "-o", tmp_path / "ab.html")
    assert "The runs are not compared: roofgap compare" in page.text and "nothing in common" in page.text


@pytest.mark.parametrize("column, value", [
    ("median_ns", "nan"), ("median_ns", ""), ("median_ns", "-1"), ("threads", "two"), ("flops_gap", "much"),
    ("roof_fraction", "inf"), ("schema_version", "2")])
def test_a_row_that_cannot_be_is_refused(run_dir, column, value):
    change(run_dir, **{column: value})
    assert column in report.fails(run_dir) and not (run_dir / "report.html").exists()


def test_bad_input_is_one_line(run_dir, two, tmp_path):
    assert "several runs need it" in report(*two).stderr and report(*two).returncode == 2
    assert "nowhere: there is no such directory" in report.fails(tmp_path / "nowhere")
    assert "is a directory" in report.fails(run_dir, "-o", tmp_path)
    assert f"cannot write {tmp_path}/no/x.html: No such" in report.fails(run_dir, "-o", tmp_path / "no" / "x.html")
    assert "cannot run" in report.fails(*two, "--roofgap", tmp_path / "none", "-o", tmp_path / "x.html")
    assert "roofgap compare" in report.fails(*two, "--comparison", tmp_path / "none.csv", "-o", tmp_path / "x.html")
    rewrite(run_dir / "gap.csv", lambda rows: [])
    assert "no row" in report.fails(run_dir)
    (run_dir / "gap.csv").unlink()
    assert f"run: roofgap gap {run_dir}" in report.fails(run_dir)


def test_without_plotly_one_line_says_what_to_install(run_dir, tmp_path):
    (tmp_path / "plotly.py").write_text("raise ImportError(\"No module named 'plotly'\")\n")
    assert "python3-plotly" in report.fails(run_dir, PYTHONPATH=str(tmp_path))


def test_a_large_suite_stays_under_ten_megabytes(run_dir):
    """4000 rows, more than all suites together have."""
    rewrite(run_dir / "gap.csv", lambda rows: [
        {**row, "problem": f"{row['problem']}mb{i}", "advice": row["advice"] or "x" * 150}
        for i in range(65) for row in rows])
    made(run_dir)
    assert (run_dir / "report.html").stat().st_size < 10e6
