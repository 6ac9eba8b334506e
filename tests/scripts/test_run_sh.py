"""scripts/run.sh in a tree of stand-ins for the programs: what it calls, and what it makes of their exit codes."""
import os
import pathlib
import shutil
import subprocess

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def tree(tmp_path):
    """A built tree. Every program writes its call into `calls` and returns what `codes` has for its first word."""
    root = tmp_path / "tree"
    (root / "scripts").mkdir(parents=True)
    for name in ("run.sh", "common.sh"):
        shutil.copy(SCRIPTS / name, root / "scripts")
    suite = root / "configs" / "suites" / "default.json"
    suite.parent.mkdir(parents=True)
    suite.write_text("{}")
    probe = root / "results" / "0123456789ab" / "probe" / "machine.json"
    probe.parent.mkdir(parents=True)
    probe.write_text("{}")

    def tool(path, name):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"""#!/bin/bash
echo "$0 $*" >> "{tmp_path}/calls"
for word in {name} "$1"; do
  [[ ! -f "{tmp_path}/$word" ]] || exit "$(<"{tmp_path}/$word")"
done
""")
        path.chmod(0o755)

    tool(root / "build/release/hwprobe/hwprobe", "hwprobe")
    tool(root / "build/release/harness/roofgap", "roofgap")
    tool(tmp_path / "bin" / "cmake", "cmake")
    plotly = tmp_path / "modules" / "plotly.py"
    plotly.parent.mkdir()
    plotly.touch()
    for name in ("plot_roofline", "plot_ceilings", "plot_separable", "plot_attention", "plot_gap", "plot_predictors",
                 "report"):
        code = tmp_path / name
        (root / "scripts" / f"{name}.py").write_text(
            f"import os, sys\nopen('{tmp_path}/drawn', 'a').write('{name} ')\n"
            f"sys.exit(int(open('{code}').read()) if os.path.exists('{code}') else 0)\n")

    def run(*words, cwd=root, **codes):
        for name, code in codes.items():
            (tmp_path / name).write_text(str(code))
        environment = {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
                       "PYTHONPATH": str(plotly.parent)}
        return subprocess.run([root / "scripts" / "run.sh", "--no-setup", *words], cwd=cwd, env=environment,
                              capture_output=True, text=True)

    run.root, run.plotly = root, plotly
    run.drawn = lambda: (tmp_path / "drawn").read_text().split()
    run.calls = lambda: [line for line in (tmp_path / "calls").read_text().splitlines() if "/bin/cmake" not in line]
    return run


def test_paths_inside_of_the_tree_are_passed_relative_to_it(tree):
    (tree.root / "configs" / "own.json").write_text("{}")
    done = tree("--suite", "own.json", "--out", "../results/mine", cwd=tree.root / "configs")
    assert done.returncode == 0, done.stderr
    assert tree.calls() == [
        "build/release/hwprobe/hwprobe ",
        "build/release/harness/roofgap run --suite configs/own.json --out results/mine",
        "build/release/hwprobe/hwprobe --recheck results/mine",
        "build/release/harness/roofgap gap results/mine --json results/mine/gap.json",
    ]


def test_the_run_lies_beside_the_probe_by_default(tree, tmp_path):
    assert tree(cwd=tmp_path).returncode == 0
    words = tree.calls()[1].split()
    assert words[:5] == ["build/release/harness/roofgap", "run", "--suite", "configs/suites/default.json", "--out"]
    assert words[5].startswith("results/0123456789ab/") and words[5].endswith("-default")


def test_standard_and_separable_convolutions_are_compared_where_there_are_both(tree):
    out = tree.root / "mine"
    out.mkdir()
    (out / "measurements.csv").write_text("op,problem\n1,fc,fc:ic8oc8\n")
    assert tree("--out", out).returncode == 0
    assert len(tree.calls()) == 4 and "plot_separable" not in tree.drawn()
    (out / "measurements.csv").write_text("run,op,problem\n1,dwsep,dwsep:ic8ih8oc8kh3\n")
    assert tree("--out", out).returncode == 0
    assert tree.calls()[-1] == "build/release/harness/roofgap separable mine"
    assert "plot_separable" not in tree.drawn(), "nothing is in separable.csv"
    (out / "separable.csv").write_text("run,status,oc\n1,unstable,8\n")
    assert tree("--out", out).returncode == 0
    assert "plot_separable" in tree.drawn()


def test_attention_over_its_length_is_drawn_where_there_are_exponents(tree):
    out = tree.root / "mine"
    out.mkdir()
    assert tree("--out", out).returncode == 0
    (out / "complexity.csv").write_text("variant,status,reason\nflash,skipped,2 lengths\n")
    assert tree("--out", out).returncode == 0
    assert "plot_attention" not in tree.drawn()
    (out / "complexity.csv").write_text("variant,status,reason\nflash,measured,\n")
    assert tree("--out", out).returncode == 0
    assert "plot_attention" in tree.drawn()


def test_the_gap_is_drawn_where_there_is_one(tree):
    out = tree.root / "mine"
    out.mkdir()
    (out / "predictors.csv").write_text("run_id,predictor,of\n")
    assert tree("--out", out).returncode == 0
    assert not {"plot_gap", "plot_predictors"} & set(tree.drawn())
    (out / "predictors.csv").write_text("run_id,predictor,of\nrun,flops,all\n")
    assert tree("--out", out).returncode == 0
    assert {"plot_gap", "plot_predictors"} <= set(tree.drawn())


def test_the_report_comes_last_and_its_path_is_the_last_line(tree):
    done = tree("--out", tree.root / "mine")
    assert done.returncode == 0, done.stderr
    assert tree.drawn()[-1] == "report"
    assert done.stdout.endswith("\n== Done: mine/report.html\n")


def test_without_plotly_the_rest_is_done_and_one_line_says_how_to_get_the_report(tree):
    tree.plotly.write_text("raise ImportError\n")
    done = tree("--out", tree.root / "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert tree.drawn() == ["plot_roofline", "plot_ceilings"]
    assert done.stdout.splitlines()[-1] == (
        "== Done: mine; without plotly no report.html. Install python3-plotly, then run: scripts/report.py mine")


def test_a_finding_is_kept_for_the_end(tree):
    done = tree(run=1)
    assert done.returncode == 1
    assert "== Done" in done.stdout and len(tree.calls()) == 4


@pytest.mark.parametrize("name", ["hwprobe", "plot_roofline", "plot_ceilings", "report"])
def test_what_cannot_find_anything_fails_with_its_name(tree, name):
    done = tree(**{name: 1})
    assert done.returncode == 2
    assert "== Done" not in done.stdout
    assert "this step failed: " in done.stderr


@pytest.mark.parametrize("code", [2, 130])
def test_a_failing_run_ends_the_job_with_its_code(tree, code):
    done = tree(run=code)
    assert done.returncode == code
    assert len(tree.calls()) == 2


@pytest.fixture
def bundle(tree, tmp_path):
    """The tree as a bundle, started in `tmp_path`."""
    (tree.root / "build").rename(tmp_path / "elsewhere")
    (tree.root / "bin").mkdir()
    for program in ("hwprobe/hwprobe", "harness/roofgap"):
        shutil.copy(tmp_path / "elsewhere" / "release" / program, tree.root / "bin")
    shutil.copytree(tree.root / "results", tmp_path / "results")
    return lambda *words, **options: tree(*words, cwd=tmp_path, **options)


def test_a_bundle_measures_into_the_current_directory_and_builds_nothing(bundle, tree, tmp_path):
    (tmp_path / "bin" / "cmake").unlink()
    done = bundle()
    assert done.returncode == 0, done.stderr
    probe, run, again, gap = tree.calls()
    assert probe == f"{tree.root}/bin/hwprobe "
    assert run.startswith(f"{tree.root}/bin/roofgap run --suite configs/suites/default.json --out results/0123456789ab")
    out = run.split()[-1]
    assert again == f"{tree.root}/bin/hwprobe --recheck {out}"
    assert gap == f"{tree.root}/bin/roofgap gap {out} --json {out}/gap.json"
    assert "Building" not in done.stdout


def test_a_bundle_takes_its_own_suites_and_those_of_the_current_directory(bundle, tree, tmp_path):
    (tmp_path / "own.json").write_text("{}")
    for suite in ("configs/suites/default.json", "own.json"):
        assert bundle("--suite", suite, "--out", "mine").returncode == 0
    assert [line.split()[3] for line in tree.calls() if " run " in line] == ["configs/suites/default.json", "own.json"]
    assert bundle("--suite", "nowhere.json").returncode == 2


@pytest.mark.parametrize("text", ["raise ImportError", "rcParams = {}"], ids=["missing", "too old"])
def test_a_bundle_without_matplotlib_measures_all_the_same_and_says_so(bundle, tree, text):
    (tree.plotly.parent / "matplotlib.py").write_text(text)
    done = bundle("--out", "mine")
    assert done.returncode == 0, done.stderr
    assert "Nothing drawn, for want of matplotlib 3.6" in done.stdout
    assert len(tree.calls()) == 4 and tree.drawn() == ["report"]
    assert done.stdout.endswith("\n== Done: mine/report.html\n")


def test_a_suite_that_is_not_there_is_refused(tree):
    done = tree("--suite", "nowhere.json")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
