"""An archive, one that is made two landings at a time, and a source of checks that is ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.stages import archive
from tests.ci import Ci, install
from tests.stages.archived import Archived


@pytest.fixture
def archived(tmp_path: Path) -> Archived:
    return Archived(tmp_path)


@pytest.fixture
def by_twos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shepherd.views.older.SIZE", 2)
    monkeypatch.setattr(archive, "BATCH", 2)


@pytest.fixture
def ci(monkeypatch: pytest.MonkeyPatch) -> Ci:
    return install(monkeypatch)
