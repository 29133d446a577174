"""One host for all deploys of a test session."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.site import (
    open_folder,
)
from tests.real.sshd import Sshd, account
from tests.real.world import World


@pytest.fixture(scope="package")
def world() -> Iterator[World]:
    with account() as user, open_folder() as folder:
        sshd = Sshd(folder, user)
        sshd.start()
        try:
            yield World(folder, sshd, f"shepherd-{os.getpid()}")
        finally:
            sshd.stop()
            shutil.rmtree(Path(user.pw_dir, f"shepherd-{os.getpid()}"), ignore_errors=True)


@pytest.fixture
def deployed(world: World) -> World:
    """Whatever the test before left, or none."""
    if not world.place.root.exists():
        assert world.operator.fab("setup").code == 0
        world.deploy()
    if not (world.place.state / "report" / "stable.html").exists():
        assert world.place.inv("run").code == 0
    return world
