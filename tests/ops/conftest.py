from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running.host import Host


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture(autouse=True)
def _same_umask() -> Iterator[None]:
    """The runner sets it for its process."""
    before = os.umask(0o022)
    yield
    os.umask(before)
