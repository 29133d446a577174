from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.running.crontab import Crontab
from tests.running.host import Host
from tests.running.site import Place


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A site with a crontab, and no release yet."""
    table = Crontab(tmp_path)
    monkeypatch.setenv("PATH", f"{table.bin}:{os.environ['PATH']}")
    return Place(tmp_path)
