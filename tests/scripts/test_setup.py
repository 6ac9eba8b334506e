"""scripts/setup.sh against stand-ins for dpkg and apt: what it asks for, and that it leaves a complete system alone."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "setup.sh"


@pytest.fixture
def system(tmp_path):
    """A PATH of stand-ins. `installed` names the packages that are there; apt's calls are kept in `calls`."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tmp_path / "installed").touch()

    def tool(name, text):
        (tools / name).write_text(f"#!/bin/bash\n{text}\n")
        (tools / name).chmod(0o755)

    tool("dpkg", 'case $1 in --print-architecture) echo amd64 ;; --print-foreign-architectures) echo arm64 ;; esac')
    tool("dpkg-query", f'grep -qx "${{@: -1}}" "{tmp_path}/installed" && echo "amd64 installed"')
    tool("apt-get", f'echo "$@" >> "{tmp_path}/calls"')
    tool("apt-cache", "exit 0")
    tool("cmake", "echo cmake version 3.25.1")
    tool("id", 'echo "${USER_ID:-0}"')
    tool("sudo", "exit 1")

    def run(*words, path=f"{tools}:/usr/bin:/bin", **environment):
        return subprocess.run(["/bin/bash", SCRIPT, *words], capture_output=True, text=True,
                              env={**os.environ, "PATH": path, **environment})

    run.tmp_path = tmp_path
    run.tool = tool
    run.calls = lambda: (tmp_path / "calls").read_text().splitlines() if (tmp_path / "calls").exists() else []
    return run


def needed(system, *words):
    """The packages that setup.sh names on a system that has none."""
    return system(*words).stdout.splitlines()[0].removeprefix("setup.sh: installing ").split()


def test_what_is_missing_is_installed_after_one_update(system):
    done = system("--tests")
    assert done.returncode == 0, done.stderr
    update, install = system.calls()
    assert update.endswith("update")
    assert {"cmake", "libhwy-dev", "libdnnl-dev", "libgtest-dev", "python3-pytest", "chromium"} <= set(install.split())


def test_without_options_all_that_the_build_asks_for_is_installed(system):
    asked = set()
    for path in (ROOT / "CMakeLists.txt", *ROOT.glob("[a-z]*/CMakeLists.txt")):
        if path.parent.name != "build":
            text = path.read_text()
            asked |= set(re.findall(r"^ *roofgap_require\(\w+ ([\w.+-]+)", text, re.MULTILINE))
            asked |= set(re.findall(r"apt-get install ([\w.+-]+)", text))
    assert {"libhwy-dev", "libhwloc-dev", "libdnnl-dev", "libgtest-dev"} <= asked
    assert asked <= set(needed(system))


def test_the_cross_build_gets_what_its_programs_load(system):
    # The native libraries are there, which says nothing of the arm64 ones.
    (system.tmp_path / "installed").write_text("libgomp1\nlibhwy-dev\nlibgtest-dev\n")
    packages = set(needed(system, "--aarch64"))
    assert {"g++-aarch64-linux-gnu", "qemu-user", "libhwy-dev:arm64", "libgomp1:arm64", "libstdc++6:arm64"} <= packages
    assert "libhwy-dev" not in packages
    # Both architectures of this one cannot be installed together.
    assert "libdnnl-dev:arm64" not in packages
    assert not any(":arm64" in package for package in needed(system))


def test_the_cross_build_adds_the_architecture_where_it_is_missing(system):
    system.tool("dpkg", f'[[ $1 != --print-architecture ]] || echo amd64; echo "$@" >> "{system.tmp_path}/dpkg"')
    done = system("--aarch64")
    if "ID=ubuntu" in pathlib.Path("/etc/os-release").read_text().split():
        assert done.returncode == 2 and "ports.ubuntu.com" in done.stderr
    else:
        assert done.returncode == 0, done.stderr
        assert "--add-architecture arm64" in (system.tmp_path / "dpkg").read_text()


def test_a_complete_system_is_left_alone(system):
    (system.tmp_path / "installed").write_text("\n".join(needed(system, "--tests")) + "\n")
    (system.tmp_path / "calls").unlink()
    done = system("--tests")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert system.calls() == []


def test_only_what_is_missing_is_installed(system):
    packages = needed(system)
    packages.remove("libhwloc-dev")
    (system.tmp_path / "installed").write_text("\n".join(packages) + "\n")
    system()
    assert system.calls()[-1].endswith("--no-install-recommends libhwloc-dev")


def test_without_root_the_command_to_type_is_printed(system):
    done = system(USER_ID="1000")
    assert done.returncode == 2
    assert "sudo apt-get install" in done.stderr and "libhwy-dev" in done.stderr
    assert system.calls() == []


def test_a_system_without_onednn_gets_the_rest(system):
    system.tool("apt-cache", "exit 1")
    done = system()
    assert done.returncode == 0
    assert "without the oneDNN variants" in done.stdout
    assert "libdnnl-dev" not in system.calls()[-1]


def test_a_system_without_chromium_gets_the_rest(system):
    system.tool("apt-cache", '[[ $2 != chromium ]]')
    done = system("--tests")
    assert done.returncode == 0
    assert "no chromium; the report is not tested in a browser" in done.stdout
    assert {"libdnnl-dev", "python3-pytest"} <= set(system.calls()[-1].split())
    assert "chromium" not in system.calls()[-1].split()


def test_a_failing_installation_shows_why(system):
    system.tool("apt-get", "echo E: no such host; exit 100")
    done = system()
    assert done.returncode == 2
    assert "E: no such host" in done.stderr


def test_another_distribution_is_told_what_to_install(system, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    done = system(path=str(empty))
    assert done.returncode == 2
    assert "not Debian" in done.stderr and "libhwy-dev" in done.stderr


def test_an_unknown_option_is_refused(system):
    done = system("--everything")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
