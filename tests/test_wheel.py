"""The built wheel, in an empty environment, renders a page: templates are in it."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from shepherd.views.feeds import snapshot_json
from tests.inv import ROOT
from tests.views.factory import snapshot

pytestmark = pytest.mark.real

RENDER = """
import sys, msgspec
from pathlib import Path
import shepherd
from shepherd.snapshot import Snapshot
from shepherd.situation import Situation
from shepherd.views.page import branch_page
assert Path(shepherd.__file__).is_relative_to(sys.prefix), shepherd.__file__
print(branch_page(msgspec.json.decode(sys.stdin.buffer.read(), type=Snapshot), Situation()))
"""


def test_the_wheel_renders_a_page(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "empty", with_pip=False, symlinks=True)
    python = tmp_path / "empty" / "bin" / "python"
    site = subprocess.run(
        [python, "-c", "import site; print(site.getsitepackages()[0])"], capture_output=True, text=True
    ).stdout.strip()
    # The wheel itself, unpacked as an installer does; what it depends on comes from this environment.
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), site], check=True)
    here = subprocess.run(
        [sys.executable, "-c", "import site; print(site.getsitepackages()[0])"],
        capture_output=True,
        text=True,
    ).stdout.strip()
    Path(site, "dependencies.pth").write_text(here + "\n")
    done = subprocess.run(
        [python, "-P", "-c", RENDER], cwd=tmp_path, input=snapshot_json(snapshot()), capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"<h1" in done.stdout and done.stdout.rstrip().endswith(b"</html>")
