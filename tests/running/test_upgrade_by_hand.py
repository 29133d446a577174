"""`.venv/bin/inv upgrade` as the guide has it typed: PATH=/usr/bin:/bin, real releases with packages of their
own (docs/operator-every-day.md#the-commands)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running.real_site import BARE, RealSite

pytestmark = pytest.mark.real


@pytest.fixture
def site(tmp_path: Path) -> RealSite:
    return RealSite(tmp_path)


@pytest.mark.parametrize("misled", ["bare", "path", "variables"])
def test_the_newer_code_runs_with_the_newer_releases_packages(site: RealSite, misled: str) -> None:
    old, new = site.release(good=True, live=True), site.release()
    wrong: dict[str, dict[str, str]] = {
        "bare": {},
        "path": {"PATH": f"{old.path}/.venv/bin:{BARE}", "VIRTUAL_ENV": f"{old.path}/.venv"},
        "variables": {"PYTHONPATH": next(map(str, (old.path / ".venv/lib").glob("*/site-packages")))},
    }
    code, out = site.inv("upgrade", environment=wrong[misled])
    assert (code, site.live) == (0, new.id), out
    assert site.whole() == []
