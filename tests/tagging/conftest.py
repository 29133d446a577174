from __future__ import annotations

from pathlib import Path

import pytest

from tests.project import Project
from tests.running.conftest import host

__all__ = ["host"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """r1 is live, and there are five bugs."""
    made = Project(tmp_path)
    made.deploy(made.land("[no-qa] Begin")[0])
    for number in range(1, 6):
        made.tag(number)
    return made
