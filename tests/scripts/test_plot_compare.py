"""scripts/plot_compare.py on comparisons that are made up here, as `roofgap compare --csv` writes them."""
import pytest
from script import Script, markers, texts, write

COLUMNS = (
    "schema_version run_a run_b machine_a machine_b op problem label variant dtype isa_a isa_b threads cache verdict "
    "reason median_a_ns median_b_ns ratio ratio_low ratio_high test p_value p_adjusted machine_ratio machine_from "
    "kernel_ratio cause status_a status_b warnings same_within op_mean_ratio op_mean_kernel_ratio"
).split()
plot = Script("plot_compare.py")
fails = plot.fails


def pair(ratio, /, **fields):
    """A pair of which B's row is so many times faster."""
    verdict = "faster" if ratio > 1.03 else "slower" if ratio < 0.97 else "same"
    return dict.fromkeys(COLUMNS, "") | dict(
        schema_version="1", run_a="old", run_b="new", machine_a="m1", machine_b="m1", op="fc",
        problem=f"fc:ic8oc{ratio}", variant="gemm", dtype="f32", isa_a="AVX3", isa_b="AVX3", threads="1",
        cache="warm", verdict=verdict, median_a_ns=str(100 * ratio), median_b_ns="100", ratio=str(ratio),
        ratio_low=str(ratio * 0.98), ratio_high=str(ratio * 1.02), status_a="measured", status_b="measured",
        same_within="0.03", op_mean_ratio="1.25") | fields


def apart(reason, **fields):
    return pair(1) | dict(verdict="not_comparable", reason=reason, ratio="", ratio_low="", ratio_high="",
                          op_mean_ratio="") | fields


@pytest.fixture
def file(tmp_path):
    return tmp_path / "a b.csv"


def shown(file, *options):
    done = plot(file, *options)
    assert (done.returncode, done.stderr) == (0, "")
    return texts(file.with_suffix(".svg"))


def test_both_pictures_are_made_with_a_dot_for_each_pair_and_the_mean_of_its_op(file, tmp_path):
    write(file, COLUMNS, [pair(0.5), pair(1.01), pair(2), pair(3, op="conv2d", problem="conv2d:x", op_mean_ratio="3")])
    done = plot(file)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{tmp_path}/a b.svg", f"{tmp_path}/a b.png"]
    assert (tmp_path / "a b.png").read_bytes().startswith(b"\x89PNG")
    assert markers(tmp_path / "a b.svg") == [4 + 2]
    words = texts(tmp_path / "a b.svg")
    assert {"old (A) and new (B)", "slower", "same", "faster", "within 3 %", "conv2d", "fc", "3.00", "1.25"} <= {*words}
    assert "fc:ic8oc0.5 · gemm" in words
    assert any(text.startswith("all 4 pairs · 1 slower, 1 same, 2 faster") for text in words)
    assert not {"hollow: unstable", "the machine's part", "kernel"} & set(words), "none is there"


def test_of_many_pairs_those_that_differ_most_have_a_line_and_the_rest_is_counted(file):
    write(file, COLUMNS, [pair(i / 100) for i in range(40, 240)])
    words = shown(file)
    assert markers(file.with_suffix(".svg")) == [40 + 1]
    assert any("the 40 of 200 pairs that differ most" in text for text in words)
    assert "fc:ic8oc2.39 · gemm" in words and "fc:ic8oc0.4 · gemm" in words and "fc:ic8oc1.5 · gemm" not in words
    shown(file, "--all")
    assert markers(file.with_suffix(".svg")) == [200 + 1]
    shown(file, "--most", "3")
    assert markers(file.with_suffix(".svg")) == [3 + 1]


def test_a_pair_that_differs_comes_before_one_that_is_not_shown_to(file):
    write(file, COLUMNS, [pair(5, verdict="same"), pair(1.05)])
    assert "fc:ic8oc1.05 · gemm" in shown(file, "--most", "1")


def test_rows_without_a_pair_are_counted_with_their_reasons(file):
    reasons = ["only in a"] * 3 + ["threads 16 / 2"] * 2 + ["flops", "bytes", "x" * 300]
    write(file, COLUMNS, [pair(2)] + [apart(reason) for reason in reasons])
    assert "8 not comparable: 3 only in a, 2 threads 16 / 2, 1 flops, 2 for other reasons" in shown(file)


def test_the_machines_part_stands_beside_the_kernels_where_it_is_known(file):
    machine = dict(machine_ratio="1.5", machine_from="roofs", kernel_ratio="1.33", op_mean_kernel_ratio="1.33",
                   machine_b="m2")
    write(file, COLUMNS, [pair(2, **machine), pair(1.5)])
    words = shown(file)
    assert {"the machine's part", "kernel", "1.33"} <= set(words)
    assert any("by the roofs of both" in text for text in words)
    assert any("machines m1 (A), m1, m2 (B)" in text for text in words)


def test_unstable_pairs_are_hollow_and_counted(file):
    write(file, COLUMNS, [pair(2, status_a="unstable"), pair(3, status_b="unstable"), pair(4)])
    words = shown(file)
    assert "hollow: unstable" in words
    assert any("(2 with an unstable row)" in text for text in words)


def test_an_op_of_unstable_pairs_has_no_mean(file):
    write(file, COLUMNS, [pair(ratio, status_a="unstable", op_mean_ratio="") for ratio in (2, 4)])
    assert "1.25" not in shown(file)
    assert markers(file.with_suffix(".svg")) == [2]


def test_what_all_pairs_share_is_said_once_and_the_rest_with_each(file):
    write(file, COLUMNS, [pair(2, threads="2", cache="cold"), pair(3, isa_a="AVX2", label="a $ layer")])
    words = shown(file)
    assert "fc:ic8oc2 · gemm · 2 threads · AVX3 · cold" in words and "a $ layer · gemm · 1 thread · AVX2" in words
    assert "f32 · AVX2, AVX3 (A), AVX3 (B) · machine m1" in words
    assert "a $ layer · gemm" in shown(file, "--threads", "1")
    assert "fc:ic8oc2 · gemm" in shown(file, "--match", "oc2$")


def test_each_run_that_is_compared_has_a_panel_and_any_can_be_chosen(file):
    write(file, COLUMNS, [pair(2), pair(2, run_b="newer", ratio="4"), pair(3, run_b="newer")])
    words = shown(file)
    assert markers(file.with_suffix(".svg")) == [1 + 1, 2 + 1]
    assert {"new", "newer", "old (A) and what came after it (B)"} <= set(words)
    assert "old (A) and newer (B)" in shown(file, "--against", "newer")
    line = fails(file, "--against", "newest")
    assert "newest" in line and "new, newer" in line
    write(file, COLUMNS, [pair(2, run_b=f"run{i}") for i in range(5)])
    assert "5 runs" in (line := fails(file)) and "--against run0" in line


def test_the_same_comparison_gives_the_same_bytes(file):
    write(file, COLUMNS, [pair(2), pair(3)])
    pictures = []
    for _ in range(2):
        shown(file)
        pictures.append([file.with_suffix(suffix).read_bytes() for suffix in (".svg", ".png")])
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("column, value", [("ratio", ""), ("ratio", "0"), ("ratio_low", "nan"), ("ratio_high", "-1"),
                                           ("op_mean_ratio", "0"), ("machine_ratio", "fast"), ("same_within", "inf")])
def test_a_pair_without_a_positive_number_is_refused(file, column, value):
    write(file, COLUMNS, [pair(2), pair(3, **{column: value})])
    assert column in fails(file)


def test_what_cannot_be_drawn_is_one_line(file, tmp_path):
    write(file, COLUMNS, [apart("only in a")])
    assert "no pair that could be compared" in fails(file)
    write(file, COLUMNS, [pair(2)])
    assert "for 'conv'" in fails(file, "--match", "conv")
    assert "with 8 threads" in fails(file, "--threads", "8")
    write(file, [column for column in COLUMNS if column != "same_within"], [])
    assert "same_within; run: roofgap compare" in fails(file)
    write(file, COLUMNS, [pair(2, schema_version="9")])
    assert "schema_version 9" in fails(file)
    write(file, COLUMNS, [pair(2, problem=f"fc:ic8oc{i}") for i in range(2001)])
    assert "2001 pairs are too many" in fails(file, "--all")
    assert "cannot read" in fails(tmp_path)
    assert "run: roofgap compare" in fails(tmp_path / "none.csv")


def test_without_matplotlib_one_line_says_what_to_install(file, tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError(\"No module named 'matplotlib'\")\n")
    assert "python3-matplotlib" in fails(file, PYTHONPATH=str(tmp_path))
