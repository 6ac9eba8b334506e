"""scripts/report.py with what the programs themselves write: the page and the files agree on their columns."""
import json
import pathlib
import shutil
import subprocess
import sys

import pytest
from conftest import BUILD, EMULATOR

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN = ROOT / "tests" / "data" / "run_small"


@pytest.mark.skipif(bool(EMULATOR), reason="the script starts roofgap itself, which needs an emulator here")
def test_a_run_and_its_copy_are_joined_compared_and_reported(roofgap, tmp_path):
    pytest.importorskip("plotly", reason="python3-plotly is not installed")
    for name in ("a", "b"):
        shutil.copytree(RUN, tmp_path / name)
        (tmp_path / name / "gap.csv").unlink()
        assert roofgap("gap", name, "--json", f"{name}/gap.json").returncode == 1  # it has a wrong row
    done = subprocess.run([sys.executable, ROOT / "scripts" / "report.py", "a", "b", "-o", "ab.html", "--roofgap",
                           BUILD / "harness" / "roofgap"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "ab.html").read_text()
    data = json.loads(page.split('<script type="application/json" id="data">')[1].split("</script>")[0])
    assert len(data["rows"]["rows"]) == 2 * 62 and len(data["pairs"]["rows"]) == 62
    verdict = data["pairs"]["columns"].index("verdict")
    assert {data["texts"][pair[verdict]] for pair in data["pairs"]["rows"]} == {"same", "not_comparable"}
    misordered = json.loads((tmp_path / "a" / "gap.json").read_text())["misordered"]
    assert page.count("Fewer FLOPs, more time") == 2 * min(3, len(misordered)) > 0
    assert "not known, for want of" not in page
