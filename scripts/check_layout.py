#!/usr/bin/python3
"""Checks the rules that the compiler cannot: where things lie and what may know what.

Usage: check_layout.py [ROOT]
Prints "file:line: rule" for each breach. Exit codes: 0 none, 1 some, 2 not a source tree.
"""
import os
import re
import sys

MAX_LINES = 400
CODE = (".cc", ".h", ".py", ".sh")
CPP_FOLDERS = ("kernels/", "harness/", "hwprobe/")

# What of the project code in a folder may include; the first prefix that fits counts. "OP" stands for the file's own
# op, API for kernels/api without the headers that know the ops. Everything may use the type of error.
API = "kernels/api/(?!problem|variant|registry)"
BASE = f"{API}|harness/(record|measure)/"
LAYERS = (
    ("kernels/api/problem.h", r"kernels/api/|kernels/(\w+)/\1\.h"),
    ("kernels/api/", "kernels/api/"),
    ("kernels/simd/", "kernels/(api|simd)/"),
    ("kernels/onednn/", "kernels/(api|onednn)/"),
    ("kernels/", "kernels/(api|simd|onednn)/|kernels/OP/"),
    ("harness/record/", f"{API}|harness/record/"),
    ("harness/measure/", f"{API}|harness/measure/"),
    ("hwprobe/", f"{BASE}|hwprobe/"),
    ("harness/plan/", "kernels/api/|harness/(record|measure|plan)/"),
    ("harness/analysis/", "harness/(record|analysis)/"),
    ("harness/run/", "kernels/api/|harness/(record|measure|plan|analysis|run)/"),
    ("harness/", "kernels/api/|harness/"),
)
ERROR = "kernels/api/error.h"

# Where a package may show: its includes, and the files.
PACKAGES = (
    ("Google Benchmark", r"benchmark/", r"harness/measure/engine\.cc"),
    ("CLI11", r"CLI/", r"(harness|hwprobe)/cli\.cc"),
    ("nlohmann_json", r"nlohmann/", r"harness/record/\w*json\w*\.(cc|h)|harness/plan/.*"),
    ("hwloc", r"hwloc", r"hwprobe/topology\.cc"),
    ("oneDNN", r"(oneapi/)?dnnl|oneapi/", r"kernels/onednn/.*|kernels/\w+/onednn\w*\.cc"),
    ("Highway", r"hwy/", r"kernels/(?!api/).*|hwprobe/\w+_kernels\.cc|harness/measure/(isa_scope|canary)\.cc"),
)

INCLUDE = re.compile(r'\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')
TARGET_INCLUDE = re.compile(r'\s*#\s*define\s+HWY_TARGET_INCLUDE\s+"([^"]*)"')
REGISTRATION = re.compile(r"\bRegister<\w+>\(")
NAME = re.compile(r'\.name\s*=\s*"([^"]*)"')
NATIVE = re.compile(r"-m(arch|cpu|tune)=native")


def source_files(root):
    """Paths of the tree's own text files, relative to root, sorted; build outputs and hidden folders left out."""
    for folder, folders, names in os.walk(root):
        at = os.path.relpath(folder, root)
        hidden = {".git", ".github", ".pytest_cache", "__pycache__", "build", "results"}
        folders[:] = sorted(name for name in folders if name not in hidden and not (at == "." and name == "shared"))
        for name in sorted(names):
            if name.endswith(CODE + (".json", ".cmake")) or name == "CMakeLists.txt" or at == ".ci":
                yield os.path.normpath(os.path.join(at, name)).replace(os.sep, "/")


def length(path, lines):
    if path.endswith(CODE) and len(lines) >= MAX_LINES:
        yield MAX_LINES, f"{len(lines)} lines; a file stays under {MAX_LINES}"


def include_direction(path, lines):
    layer, allowed = next(((prefix, rule) for prefix, rule in LAYERS if path.startswith(prefix)), (None, None))
    if layer is None:
        return
    allowed = allowed.replace("OP", path.split("/")[1])
    if re.fullmatch(r"kernels/(\w+)/\1\.h", path):
        layer, allowed = "the contract of an op, which kernels/api/problem.h includes", API
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if not include or not include[1] or include[1] == ERROR or is_package(include[1]):
            continue
        if not re.match(allowed, include[1]):
            yield number, f'"{include[1]}" may not be included from {layer}'


def is_package(header):
    return any(re.match(headers, header) for _, headers, _ in PACKAGES)


def packages(path, lines):
    if not path.startswith(CPP_FOLDERS):
        return
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        for name, headers, files in PACKAGES:
            if re.match(headers, include[1] or include[2]) and not re.fullmatch(files, path):
                yield number, f"{name} may only show in {files}"


def target_include(path, lines):
    for number, line in enumerate(lines, 1):
        target = TARGET_INCLUDE.match(line)
        if target and target[1] != path:
            yield number, f'HWY_TARGET_INCLUDE is "{target[1]}", not the file\'s own path'


def registration(path, lines):
    """A file that registers, and every .cc of an op but the op's own, registers one variant with the file's name."""
    variant = re.fullmatch(r"kernels/(?!api/|simd/|onednn/)(\w+)/(\w+)\.cc", path)
    if not variant:
        return
    at = [number for number, line in enumerate(lines, 1) if REGISTRATION.search(line)]
    if variant[1] == variant[2]:
        if at:
            yield at[0], "the op's own file registers no variant: a variant is a file of its own"
        return
    if len(at) != 1:
        yield (at[1] if at else 1), f"registers {len(at)} variants; a variant's file registers exactly one"
        return
    name = NAME.search("\n".join(lines[at[0] - 1 :]))
    if not name or name[1] != variant[2]:
        yield at[0], f'the variant is named "{name[1] if name else ""}", the file "{variant[2]}"'


def header_guard(path, lines):
    if not path.endswith(".h"):
        return
    guard = "ROOFGAP_" + re.sub(r"[^A-Z0-9]", "_", path.upper()) + "_"
    conditional = [number for number, line in enumerate(lines, 1) if line.startswith("#")][:1]
    if not conditional or not re.search(rf"\b{guard}\b", lines[conditional[0] - 1]):
        yield (conditional or [1])[0], f"the header guard is not {guard}"


def native_code(path, lines):
    if path.endswith("check_layout.py") or path.startswith("tests/scripts/"):
        return
    for number, line in enumerate(lines, 1):
        if NATIVE.search(line):
            yield number, "native code: the instruction set is chosen at run time"


RULES = (length, include_direction, packages, target_include, registration, header_guard, native_code)


def check(root):
    """Yields (path, line number, message) for each breach."""
    for path in source_files(root):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            lines = file.read().splitlines()
        for rule in RULES:
            for number, message in rule(path, lines):
                yield path, number, message


def main(arguments):
    root = arguments[0] if arguments else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    if not os.path.isfile(os.path.join(root, "CMakeLists.txt")):
        print(f"check_layout.py: '{root}' holds no CMakeLists.txt: not a source tree", file=sys.stderr)
        return 2
    breaches = list(check(root))
    for path, number, message in breaches:
        print(f"{path}:{number}: {message}")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
