"""The built wheel, in an empty environment: the command `shepherd`, from any folder, with its templates."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from shepherd import __version__
from shepherd.views.feeds import snapshot_json
from tests.gitrepo import Repo
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


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def python(wheel: Path) -> Path:
    """The interpreter of an environment that has the wheel, as an installer unpacks it, and what it needs."""
    venv.create(wheel.parent / "empty", with_pip=False, symlinks=True)
    python = wheel.parent / "empty" / "bin" / "python"
    ours, theirs = (
        subprocess.run(
            [each, "-c", "import site; print(site.getsitepackages()[0])"], capture_output=True, text=True
        )
        for each in (python, sys.executable)
    )
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), ours.stdout.strip()], check=True)
    Path(ours.stdout.strip(), "dependencies.pth").write_text(theirs.stdout)
    return python


def test_it_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (entry_points,) = (archive.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"shepherd", "qa_shepherd"}
    assert "shepherd = shepherd.__main__:main" in entry_points
    assert "shepherd/py.typed" in names


def test_it_renders_a_page(python: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [python, "-P", "-c", RENDER], cwd=tmp_path, input=snapshot_json(snapshot()), capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"<h1" in done.stdout and done.stdout.rstrip().endswith(b"</html>")


def test_from_an_empty_folder_to_an_answer(python: Path, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "project.git", branch="main")
    first = repo.commit("Begin")
    repo.commit("Add a thing (#1)")
    repo.set_ref("production", first)
    empty, home = tmp_path / "empty", tmp_path / "home"
    empty.mkdir()

    def shepherd(*words: str) -> str:
        done = subprocess.run(
            [python, "-P", "-m", "shepherd", *words],
            cwd=empty,
            env={"HOME": str(home), "PATH": os.environ["PATH"], "SHEPHERD_WHO": "ann"},
            capture_output=True,
            text=True,
        )
        outputs.append(done.stdout + done.stderr)
        return done.stdout

    outputs: list[str] = []
    assert shepherd("--version").split()[-1] == __version__
    shepherd("status")
    assert "write them with: shepherd init --repository PATH" in outputs[-1]
    shepherd("init", "--repository", str(repo.path), "--deployed", "r1")
    assert (empty / "shepherd.toml").is_file()
    shepherd("run")
    assert shepherd("status").startswith("stay at r1: blocked by r2")
    assert "shepherd verdict r2 ok" in outputs[-1]
    assert "-m shepherd run --cron" in shepherd("cron.show")
    page, *others = (
        (empty / "var/report" / name).read_text()
        for name in ("main.html", "main.json", "main.atom", "index.html")
    )
    assert "<code>shepherd explain r2</code>" in page
    assert not [text for text in (*outputs, page, *others) if "inv " in text]
    (home / ".config/qa-shepherd").mkdir(parents=True)
    (empty / "shepherd.toml").rename(home / ".config/qa-shepherd/shepherd.toml")
    shepherd("status")
    assert "main: no answer yet: shepherd run" in outputs[-1]
