"""One host for all deploys of a test session; one browser for all pages of a module."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.real.site import (
    open_folder,
)
from tests.real.sshd import Sshd, account
from tests.real.world import World

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # only tests of pages need one
    from tests.real.browser import chromium

    with chromium() as started:
        yield started


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
