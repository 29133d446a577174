"""`inv test --real` says what it needs before it begins."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import task
from tests.trackers import published


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No pytest in pytest, and no npm."""
    monkeypatch.setattr(task, "_pytest", lambda *_arguments, **_more: 0)
    monkeypatch.setattr(published, "CACHE", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize("module", ["no_such_module", "no_such_package.part"])
def test_what_pip_installs_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], module: str
) -> None:
    monkeypatch.setattr(task, "NEEDED_FOR_REAL", (module,))
    assert task.run(tmp_path, real=True) == os.EX_UNAVAILABLE
    assert "-r requirements/trackers.txt" in capsys.readouterr().err
    assert task.run(tmp_path) == 0


def test_what_npm_brings_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(task, "NEEDED_FOR_REAL", ())
    assert task.run(tmp_path, real=True) == os.EX_UNAVAILABLE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("is asked for by npm, which is not installed.")
