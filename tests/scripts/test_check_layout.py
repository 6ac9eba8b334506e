"""scripts/check_layout.py on made-up trees: a clean one passes, each rule fires once on its breach."""
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "check_layout.py"

CLEAN = {
    "CMakeLists.txt": "project(roofgap)\n",
    "kernels/api/problem.h": """#ifndef ROOFGAP_KERNELS_API_PROBLEM_H_
#define ROOFGAP_KERNELS_API_PROBLEM_H_
#include "kernels/fc/fc.h"
#endif  // ROOFGAP_KERNELS_API_PROBLEM_H_
""",
    "kernels/fc/fc.h": """#ifndef ROOFGAP_KERNELS_FC_FC_H_
#define ROOFGAP_KERNELS_FC_FC_H_
#include <vector>
#include "kernels/api/dtype.h"
#endif  // ROOFGAP_KERNELS_FC_FC_H_
""",
    "kernels/fc/fc.cc": '#include "kernels/fc/fc.h"\n',
    "kernels/fc/direct.cc": """#define HWY_TARGET_INCLUDE "kernels/fc/direct.cc"
#include "hwy/foreach_target.h"
#include "kernels/api/registry.h"
#include "kernels/simd/gemm_tile-inl.h"
[[maybe_unused]] const bool kRegistered = Register<Fc>({
    .name = "direct",
});
""",
    "kernels/fc/onednn_best.cc": """#include <oneapi/dnnl/dnnl.hpp>
#include "kernels/onednn/session.h"
const bool kRegistered = Register<Fc>({.name = "onednn_best", .summary = "x"});
""",
    "kernels/simd/gemm_tile-inl.h": """// What it is for.
#if defined(ROOFGAP_KERNELS_SIMD_GEMM_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#include "hwy/highway.h"
#endif
""",
    "harness/measure/engine.cc": '#include <benchmark/benchmark.h>\n#include "kernels/api/error.h"\n',
    "harness/record/json.cc": '#include <nlohmann/json.hpp>\n#include "harness/record/record.h"\n',
    "harness/analysis/gap.cc": '#include "kernels/api/error.h"\n#include "harness/record/record.h"\n',
    "harness/run/run.cc": '#include "harness/plan/plan.h"\n#include "kernels/api/registry.h"\n',
    "harness/cli.cc": '#include <CLI/CLI.hpp>\n#include "harness/run/run.h"\n',
    "hwprobe/topology.cc": '#include <hwloc.h>\n#include "harness/measure/host.h"\n',
    "hwprobe/compute_kernels.cc": '#include "hwy/highway.h"\n',
    "tests/kernels/fc_test.cc": '#include "hwprobe/topology.h"\n#include "kernels/fc/fc.h"\n',
}


def check(tree, files):
    for path, text in files.items():
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return subprocess.run([sys.executable, SCRIPT, tree], capture_output=True, text=True)


def test_a_clean_tree_passes(tmp_path):
    result = check(tmp_path, CLEAN)
    assert result.stdout == ""
    assert result.returncode == 0


def test_this_tree_passes():
    result = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True)
    assert result.stdout == ""
    assert result.returncode == 0


BREACHES = {
    "a file of 400 lines": ("scripts/long.py", "x = 1\n" * 400, 400, "400 lines"),
    "the api knows an op": ("kernels/api/work.cc", '#include "kernels/fc/fc.h"\n', 1, "may not be included"),
    "problem.h includes more than contracts": (
        "kernels/api/problem.h",
        CLEAN["kernels/api/problem.h"].replace("fc/fc.h", "fc/blocks.h"),
        3,
        '"kernels/fc/blocks.h" may not be included',
    ),
    "a contract includes problem.h": (
        "kernels/fc/fc.h",
        CLEAN["kernels/fc/fc.h"].replace("dtype.h", "problem.h"),
        4,
        '"kernels/api/problem.h" may not be included',
    ),
    "an op reaches into another": ("kernels/fc/fc.cc", '#include "kernels/conv2d/conv2d.h"\n', 1, "conv2d.h"),
    "a kernel knows the harness": ("kernels/fc/fc.cc", '#include "harness/measure/measure.h"\n', 1, "measure.h"),
    "simd knows an op": ("kernels/simd/tile.cc", '#include "kernels/fc/fc.h"\n', 1, "fc.h"),
    "the record knows a kernel": ("harness/record/csv.cc", '#include "kernels/api/registry.h"\n', 1, "registry.h"),
    "measure knows a problem": ("harness/measure/cold.cc", '#include "kernels/api/problem.h"\n', 1, "problem.h"),
    "the harness includes hwprobe": ("harness/run/roofs.cc", '#include "hwprobe/topology.h"\n', 1, "topology.h"),
    "hwprobe includes an op": ("hwprobe/cli.cc", '#include "kernels/fc/fc.h"\n', 1, "fc.h"),
    "analysis includes measure": ("harness/analysis/gap.cc", '#include "harness/measure/host.h"\n', 1, "host.h"),
    "an include without its folder": ("harness/run/run.cc", '#include "plan.h"\n', 1, '"plan.h"'),
    "Google Benchmark elsewhere": ("harness/measure/clock.cc", "#include <benchmark/benchmark.h>\n", 1, "Google"),
    "CLI11 elsewhere": ("harness/main.cc", "\n#include <CLI/CLI.hpp>\n", 2, "CLI11"),
    "JSON elsewhere": ("harness/record/csv.cc", "#include <nlohmann/json.hpp>\n", 1, "nlohmann_json"),
    "hwloc elsewhere": ("harness/measure/host.cc", "#include <hwloc.h>\n", 1, "hwloc"),
    "oneDNN elsewhere": (
        "kernels/fc/direct.cc",
        CLEAN["kernels/fc/direct.cc"] + "#include <dnnl.hpp>\n",
        8,
        "oneDNN",
    ),
    "Highway in the api": ("kernels/api/isa.cc", "#include <hwy/targets.h>\n", 1, "Highway"),
    "Highway in the harness": ("harness/measure/clock.cc", '#include "hwy/highway.h"\n', 1, "Highway"),
    "another file's target include": (
        "kernels/fc/direct.cc",
        CLEAN["kernels/fc/direct.cc"].replace("fc/direct.cc", "fc/other.cc"),
        1,
        "HWY_TARGET_INCLUDE",
    ),
    "no registration": ("kernels/fc/tiled.cc", '#include "kernels/fc/fc.h"\n', 1, "registers 0 variants"),
    "two registrations": (
        "kernels/fc/onednn_best.cc",
        CLEAN["kernels/fc/onednn_best.cc"] * 2,
        6,
        "registers 2 variants",
    ),
    "a registration in the op's own file": ("kernels/fc/fc.cc", "bool b = Register<Fc>({});\n", 1, "no variant"),
    "a name that is not the file's": (
        "kernels/fc/onednn_best.cc",
        CLEAN["kernels/fc/onednn_best.cc"].replace('"onednn_best"', '"onednn"'),
        3,
        'named "onednn"',
    ),
    "a wrong header guard": ("harness/cli.h", "#ifndef CLI_H\n#define CLI_H\n#endif\n", 1, "ROOFGAP_HARNESS_CLI_H_"),
    "no header guard": ("harness/cli.h", "struct Cli;\n", 1, "ROOFGAP_HARNESS_CLI_H_"),
    "native code in CMake": ("hwprobe/CMakeLists.txt", "\nadd_compile_options(-march=native)\n", 2, "native code"),
    "native code in a preset": ("CMakePresets.json", '{"CMAKE_CXX_FLAGS": "-mcpu=native"}\n', 1, "native code"),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_named_once_with_its_place(tmp_path, breach):
    path, text, line, words = BREACHES[breach]
    result = check(tmp_path, {**CLEAN, path: text})
    assert result.returncode == 1
    (report,) = result.stdout.splitlines()
    assert report.startswith(f"{path}:{line}: ")
    assert words in report


def test_build_outputs_are_not_looked_at(tmp_path):
    result = check(tmp_path, {**CLEAN, "build/generated.h": "struct X;\n"})
    assert (result.stdout, result.returncode) == ("", 0)


def test_a_folder_that_is_no_tree_is_refused_in_one_line(tmp_path):
    result = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
