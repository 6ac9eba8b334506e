"""The bundle that `cmake --install` and the target `package` make: it runs from any folder, with no library but its
own, and in a folder that holds nothing else; what it measures compares with what the build measures."""
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess

import pytest
from conftest import BUILD, EMULATOR

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = dict(re.findall(r"^(\w+):\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.MULTILINE))
RUN = ("run", "--problem", "conv2d:ic8ih6oc8kh3ph1", "--threads", "1", "--budget-s", "0.01", "--energy-s", "0", "--out")
# The folder is none that the install knew, and its name none that programs expect.
FOLDER = "moved: it's here"

pytestmark = [
    pytest.mark.skipif(bool(EMULATOR), reason="an emulated launcher cannot start the loader"),
    pytest.mark.skipif(bool(CACHE.get("ROOFGAP_SANITIZE")), reason="sanitized programs are not to be distributed"),
    pytest.mark.skipif(not CACHE.get("ROOFGAP_STATIC_LIBC"), reason="this system has no static C library"),
]


def do(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The archive, unpacked in the only folder of a root directory."""
    folder = tmp_path_factory.mktemp("packed")
    do("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder)
    version = CACHE["CMAKE_PROJECT_VERSION"]
    name = f"roofgap-{version}-linux-{platform.machine()}"
    (folder / "root").mkdir()
    do("tar", "-xzf", folder / f"{name}.tar.gz", "-C", folder / "root")
    (folder / "root" / name).rename(folder / "root" / FOLDER)
    return folder / "root" / FOLDER


@pytest.fixture
def start(packed, tmp_path):
    """Runs a program of the bundle with no environment but `variables`, in an empty folder."""
    def run(program, *words, **variables):
        return subprocess.run([packed / "bin" / program, *words], cwd=tmp_path, env=variables, capture_output=True,
                              text=True, timeout=60)
    return run


def names(folder):
    """All that lies below the folder, and whether it can be started."""
    return {(str(path.relative_to(folder)), os.access(path, os.X_OK)) for path in folder.rglob("*")}


def test_installing_and_unpacking_give_the_same_tree(packed, tmp_path):
    do("cmake", "--install", BUILD, "--prefix", tmp_path / "installed")
    assert names(tmp_path / "installed") == names(packed)


def test_what_a_person_needs_is_in_it(packed):
    held = {name for name, _ in names(packed)}
    source = {str(path.relative_to(ROOT)) for folder in ("configs", "scripts") for path in (ROOT / folder).rglob("*")
              if path.is_file() and "__pycache__" not in path.parts}
    left_out = {name for name in source if re.match(r"scripts/(bundle/|setup\.sh|test\.sh|check_)", name)}
    assert source - left_out <= held and not left_out & held
    assert {"bin/roofgap", "bin/hwprobe", "README.md", "LICENSE", "results/README.md"} <= held


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="packages and their licences are Debian's")
def test_every_library_comes_with_its_licence(packed):
    packages = {line.split()[0] for line in (packed / "licenses" / "packages.txt").read_text().splitlines()}
    assert {"libc6", "libgomp1", "libcli11-dev", "nlohmann-json3-dev"} <= packages
    libraries = [path.name for path in packed.glob("lib/*.so*") if not path.is_symlink()]
    owners = subprocess.run(["dpkg-query", "--search", *(f"*/{name}" for name in libraries)], capture_output=True,
                            text=True).stdout
    for name in libraries:
        owner = set(re.findall(rf"^([^:, ]+).*/{re.escape(name)}$", owners, re.MULTILINE))
        assert not owner or owner & packages, name
    for package in packages:
        text = (packed / "licenses" / package / "copyright").read_text(errors="replace")
        for licence in re.findall(r"/usr/share/common-licenses/([\w-]+(?:\.\d)?)", text):
            assert (packed / "licenses" / "common-licenses" / licence).exists(), (package, licence)


def test_nothing_in_it_knows_where_it_was_built(packed):
    folders = [os.fsencode(f"{path}/") for path in {ROOT, BUILD.resolve()}]
    for path in packed.rglob("*"):
        if path.is_file() and ".so" not in path.name:
            assert not any(folder in path.read_bytes() for folder in folders), path


def test_the_programs_keep_their_names(start):
    done = start("roofgap", "--help")
    assert done.returncode == 0 and "\nUsage: roofgap [OPTIONS] SUBCOMMAND" in done.stdout
    done = start("hwprobe", "--help")
    assert done.returncode == 0 and "\nUsage: hwprobe [OPTIONS]" in done.stdout
    assert start("roofgap", "list", "--op", "fc").stdout.startswith("fc\n")
    assert start("roofgap", "list", "--op", "dance").returncode == 2


@pytest.mark.parametrize("words", [("roofgap", *RUN, "run"), ("hwprobe", "--recheck", "nowhere")])
def test_no_library_is_loaded_from_elsewhere(start, packed, words):
    done = start(*words, LD_DEBUG="libs", LD_PRELOAD="libutil.so.1", LD_LIBRARY_PATH="/usr/lib")
    loaded = re.findall(r"calling init: (.*)", done.stderr)
    assert len(loaded) > 5, done.stderr
    assert {os.path.dirname(path) for path in loaded} == {str(packed / "lib")}


def test_it_runs_through_links_from_a_folder_that_nobody_may_write(packed, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "link").symlink_to(packed)
    (tmp_path / "bin" / "rg").symlink_to("../link/bin/roofgap")
    before = names(packed)
    packed.chmod(0o555)
    try:
        done = subprocess.run(["rg", *RUN, "mine"], cwd=tmp_path, env={"PATH": str(tmp_path / "bin")},
                              capture_output=True, text=True)
    finally:
        packed.chmod(0o755)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads((tmp_path / "mine" / "run.json").read_text())["command"] == " ".join(["rg", *RUN, "mine"])
    assert names(packed) == before


def test_suites_and_budgets_that_came_along_are_found_from_anywhere(start, tmp_path):
    done = start("roofgap", "run", "--suite", "configs/suites/smoke.json", "--dry-run")
    assert done.returncode == 0 and done.stdout.endswith(" cases\n"), done.stderr
    done = start("roofgap", "run", "--suite", "configs/suites/none.json", "--dry-run")
    assert (done.returncode, done.stderr) == (
        2, "roofgap: cannot read configs/suites/none.json: No such file or directory\n")
    shutil.copytree(ROOT / "tests" / "data" / "run_small", tmp_path / "run")
    assert "mobile" in start("roofgap", "budgets", "run").stdout
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "budgets.json").write_text('{"targets": [{"target": "mine", "latency_ms": 1}]}')
    done = start("roofgap", "budgets", "run")
    assert "mine" in done.stdout and "mobile" not in done.stdout


@pytest.fixture(scope="module")
def jail(packed):
    """The command that starts what follows with the bundle's parent as the root directory."""
    places = "/usr/sbin:/usr/bin:/sbin:/bin"
    command = [shutil.which("chroot", path=places), str(packed.parent)]
    if os.geteuid() != 0:
        command = [shutil.which("unshare", path=places), "--map-root-user", *command]
        if subprocess.run([*command[:2], "true"], capture_output=True).returncode != 0:
            pytest.skip("chroot needs root, or user namespaces, which this system refuses")
    return command


def test_a_run_in_an_empty_root_directory_compares_with_one_of_the_build(jail, packed, roofgap, tmp_path):
    def inside(program, *words):
        return subprocess.run([*jail, f"/{FOLDER}/bin/{program}", *words], env={}, capture_output=True, text=True)

    done = inside("roofgap", *RUN, "/inside")
    assert done.returncode == 0, done.stderr
    shutil.move(packed.parent / "inside", tmp_path / "inside")
    assert inside("hwprobe", "--recheck", "/nowhere").returncode == 2
    assert [path.name for path in packed.parent.iterdir()] == [FOLDER]

    assert roofgap(*RUN, "outside").returncode == 0
    runs = [json.loads((tmp_path / name / "run.json").read_text()) for name in ("inside", "outside")]
    assert [run["command"] for run in runs] == [" ".join(["roofgap", *RUN, out]) for out in ("/inside", "outside")]
    for same in ("program", "roofgap_version", "compiler", "build_type", "libraries"):
        assert runs[0][same] == runs[1][same] != ""
    done = roofgap("compare", "inside", "outside", "--csv", "pairs.csv")
    assert (done.returncode, done.stderr) == (0, "")
    rows = (tmp_path / "pairs.csv").read_text().splitlines()
    assert len(rows) == len((tmp_path / "inside" / "measurements.csv").read_text().splitlines()) > 3
