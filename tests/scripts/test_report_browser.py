"""The page of scripts/report.py in a headless Chromium: it loads, is quiet, filters, sorts, and fits a phone."""
import json
import os
import shutil

import chromium
import pytest
from script import ROOT, Script, rewrite
from test_report import write_comparison

RUN = ROOT / "tests" / "data" / "run_small"
HOSTILE = "</script><img src=x onerror=alert(2)> <b>&amp;</b> \"'"
pytest.importorskip("plotly", reason="python3-plotly is not installed")
pytestmark = pytest.mark.skipif(not chromium.PROGRAM, reason="chromium is not installed (scripts/setup.sh --tests)")
report = Script("report.py")

# Points of the roofline that are drawn, and rows of the table in sight.
POINTS = "document.querySelectorAll('#plot .scatterlayer .points path').length"
ROWS = "document.querySelectorAll('#rows tbody tr').length"
COLUMN = "[...document.querySelectorAll('#rows tbody tr')].map((row) => row.children[%d].textContent)"
SELECT = """(() => {
  const field = document.querySelector('#filters [name=%s]');
  field.value = %s;
  field.dispatchEvent(new Event('input', {bubbles: true}));
})()"""
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def write_report(folder, *words):
    path = folder / "report.html"
    done = report(*words, "-o", path)
    assert (done.returncode, done.stderr) == (0, "")
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = chromium.Chromium(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return write_report(tmp_path_factory.mktemp("report"), RUN)


def quiet(browser, path):
    assert browser.errors == []
    assert [url for url in browser.requests if url != path.resolve().as_uri() and not url.startswith("data:")] == []


def choose(browser, name, value):
    browser.run(SELECT % (name, json.dumps(value)))


@pytest.mark.parametrize("width, dark", [(1280, False), (1280, True), (390, False), (390, True)])
def test_it_loads_without_an_error_or_a_request_and_fits(browser, page, width, dark):
    browser.open(page, width=width, height=844, dark=dark)
    assert browser.run("document.getElementById('fault').hidden")
    assert browser.run(POINTS) == 30, "one point for each timed row of the most threads"
    assert browser.run(WIDE) == 0, "the page scrolls down alone"
    quiet(browser, page)
    folder = os.environ.get("ROOFGAP_SCREENSHOTS")
    if folder:
        browser.screenshot(f"{folder}/report-{width}-{'dark' if dark else 'light'}.png", whole=True)


def test_filters_choose_points_and_rows(browser, page):
    browser.open(page)
    assert browser.run(ROWS) == 31
    choose(browser, "threads", "")
    assert (browser.run(ROWS), browser.run(POINTS)) == (62, 60)
    choose(browser, "status", "wrong")
    assert (browser.run(ROWS), browser.run(POINTS)) == (1, 0)
    assert browser.run("document.getElementById('shown').textContent") == "1 of 62 rows, 0 points; no point for 1 wrong"
    choose(browser, "status", "")
    choose(browser, "search", "ResNet-50 3x3, 56")
    assert set(browser.run(COLUMN % 0)) == {"ResNet-50 3x3, 56" + "conv2d:mb1ic64ih56oc64kh3ph1"}
    choose(browser, "search", "no such problem")
    assert (browser.run(ROWS), browser.run(POINTS)) == (0, 0)
    choose(browser, "search", "")
    browser.run("document.querySelectorAll('#filters [value=conv2d]').forEach((box) => box.click())")
    assert not any("conv2d:" in name and "dwconv2d" not in name for name in browser.run(COLUMN % 0))
    assert 0 < browser.run(POINTS) < 60
    quiet(browser, page)


def test_a_head_sorts_by_numbers_and_the_keyboard_presses_it(browser, page):
    browser.open(page)
    choose(browser, "status", "measured")
    heads = browser.run("[...document.querySelectorAll('#rows thead th')].map((head) => head.textContent)")
    at = heads.index("gap")
    button = f"document.querySelectorAll('#rows thead button')[{at}]"
    browser.run(button + ".focus()")
    browser.press("Enter")
    gaps = [float(text) for text in browser.run(COLUMN % at)]
    assert gaps == sorted(gaps, reverse=True) and len(set(gaps)) > 5
    assert browser.run(button + ".closest('th').getAttribute('aria-sort')") == "descending"
    browser.press("Enter")
    assert [float(text) for text in browser.run(COLUMN % at)] == sorted(gaps)


def test_what_is_not_known_is_sorted_last_and_is_empty(browser, page):
    browser.open(page)
    choose(browser, "threads", "")
    heads = browser.run("[...document.querySelectorAll('#rows thead th')].map((head) => head.textContent)")
    at = heads.index("median")
    for _ in range(2):
        browser.run(f"document.querySelectorAll('#rows thead button')[{at}].click()")
        cells = browser.run(COLUMN % at)
        assert cells[-2:] == ["", ""] and all(cells[:-2])


def test_hovering_tells_problem_variant_latency_and_fractions(browser, page):
    browser.open(page)
    last = browser.run("document.getElementById('plot').data.length - 1")
    browser.run(f"Plotly.Fx.hover('plot', [{{curveNumber: {last}, pointNumber: 0}}])")
    browser.until("document.querySelector('#plot .hovertext')")
    text = browser.run("document.querySelector('#plot .hovertext').textContent")
    assert all(word in text for word in ("2 threads", "GFLOP/s", "roof ", "attainable ", "gap ")), text


def test_at_first_the_points_are_of_threads_that_every_run_has(browser, tmp_path):
    runs = [shutil.copytree(RUN, tmp_path / name) for name in "ab"]
    rewrite(runs[1] / "gap.csv", lambda rows: [{**row, "threads": row["threads"].replace("2", "16")} for row in rows])
    write_comparison(tmp_path / "ab.csv", [])
    browser.open(write_report(tmp_path, *runs, "--comparison", tmp_path / "ab.csv"))
    assert (browser.run("document.querySelector('#filters [name=threads]').value"), browser.run(POINTS)) == ("1", 60)


def test_machines_are_told_apart_by_colour_letter_and_named_roofs(browser, tmp_path):
    runs = [shutil.copytree(RUN, tmp_path / name) for name in "ab"]
    machine = json.loads((RUN / "machine.json").read_text())
    (runs[1] / "machine.json").write_text(json.dumps(machine | {"cpu_model": "Other CPU", "machine_id": "0123456789ab"}))
    rewrite(runs[1] / "ceilings.csv", lambda rows: [{**row, "best": str(2 * float(row["best"]))} for row in rows])
    write_comparison(tmp_path / "ab.csv", [])
    page = write_report(tmp_path, *runs, "--comparison", tmp_path / "ab.csv")
    browser.open(page)
    assert "B: Other CPU, 2 cores (0123456789ab)" in browser.run("document.getElementById('key').textContent")
    names = browser.run("[...document.querySelectorAll('#plot .annotation-text')].map((note) => note.textContent)")
    assert {name.split()[0] + name.split()[1] for name in names} == {
        letter + roof for letter in "AB" for roof in ("FMA", "L1", "L2", "L3", "DRAM")}
    colours = ("new Set(document.getElementById('plot').data.filter((trace) => trace.mode === 'markers')"
               ".map((trace) => trace.marker.color)).size")
    assert browser.run(colours) == 2
    choose(browser, "colour", "operation")
    assert browser.run(colours) == 5, "one for each operation"
    choose(browser, "machine", "Other CPU, 2 cores (0123456789ab)")
    assert browser.run(POINTS) == 30
    quiet(browser, page)


def test_of_runs_on_one_machine_the_best_roofs_are_drawn_until_one_is_chosen(browser, tmp_path):
    runs = [shutil.copytree(RUN, tmp_path / name) for name in "ab"]
    rewrite(runs[1] / "ceilings.csv", lambda rows: [{**row, "best": str(2 * float(row["best"]))} for row in rows])
    write_comparison(tmp_path / "ab.csv", [])
    browser.open(write_report(tmp_path, *runs, "--comparison", tmp_path / "ab.csv"))
    peak = "document.querySelector('#plot .annotation-text').textContent"
    assert browser.run(peak) == "FMA peak 942 GFLOP/s"
    assert "choose a run" in browser.run("document.getElementById('roofs-of').textContent")
    choose(browser, "run", f"20260102T030405Z-default ({runs[0]})")
    assert browser.run(peak) == "FMA peak 471 GFLOP/s"
    assert browser.run("document.getElementById('roofs-of').textContent") == ""


def test_the_tables_of_a_topic_sort_and_are_drawn_when_opened(browser, tmp_path):
    run_dir = shutil.copytree(RUN, tmp_path / "a")
    browser.open(write_report(tmp_path, run_dir))
    details = "[...document.querySelectorAll('details[id^=table]')].find((one) => /All ceilings/.test(one.textContent))"
    assert browser.run(details + ".querySelectorAll('tr').length") == 0
    browser.run(details + ".querySelector('summary').focus()")
    browser.press("Enter")
    browser.until(details + ".querySelectorAll('tbody tr').length > 20")
    heads = browser.run(f"[...{details}.querySelectorAll('thead button')].map((head) => head.textContent)")
    at = heads.index("best")
    browser.run(f"{details}.querySelectorAll('thead button')[{at}].click()")
    cells = browser.run(f"[...{details}.querySelectorAll('tbody tr')].map((row) => row.children[{at}].textContent)")
    values = [float(cell.replace(",", "")) for cell in cells]
    assert values == sorted(values, reverse=True) and len(set(values)) > 10


def test_several_runs_with_hostile_names_are_compared(browser, tmp_path):
    runs = [shutil.copytree(RUN, tmp_path / name) for name in "ab"]
    for run_dir in runs:
        rewrite(run_dir / "gap.csv", lambda rows: [{**row, "label": HOSTILE, "variant": HOSTILE} for row in rows])
    write_comparison(tmp_path / "ab.csv", [
        {"verdict": verdict, "ratio": ratio, "ratio_low": "0.5", "ratio_high": "2", "label": HOSTILE}
        for verdict, ratio in (("slower", "0.6"), ("same", "1"), ("faster", "1.9"))] + [{"verdict": "not_comparable"}])
    page = write_report(tmp_path, *runs, "--comparison", tmp_path / "ab.csv")
    browser.open(page)
    assert browser.run("document.querySelectorAll('#pairs tbody tr').length") == 4
    assert browser.run("document.querySelectorAll('#ratios .points path').length") == 3
    assert browser.run("document.querySelectorAll('img').length") == 0
    choose(browser, "run", f"20260102T030405Z-default ({runs[1]})")
    assert (browser.run(ROWS), browser.run(POINTS)) == (31, 30)
    quiet(browser, page)


def test_an_old_browser_is_told_and_keeps_its_tables(browser, page, tmp_path):
    """Without a way to unpack plotly.js the tables are there, and a line says what is not."""
    old = tmp_path / "old.html"
    old.write_text(page.read_text().replace("DecompressionStream(", "NoSuchStream("))
    browser.open(old)
    assert "cannot be drawn" in browser.run("document.getElementById('fault').textContent")
    assert browser.run(ROWS) == 31
