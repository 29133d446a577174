"""An environment is taken over from an earlier release only where each of its files is as it was installed
(docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

import base64
import hashlib
import os
import py_compile
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from ops.deploy.reusing import earlier, take_over
from shepherd.running import releases
from shepherd.running.releases import Release, Site

MADE = {
    "commit": "c" * 40,
    "environment": "e1",
    "python": ["3.11.2", "/usr/bin/python3"],
    "machine": "x86_64",
}
REQUIREMENTS = f"some-thing==1.0 --hash=sha256:{'0' * 64}\n"
PACKAGES = Path(".venv/lib/python3.11/site-packages")


def empty(site: Site) -> Path:
    place = site.reserve("c" * 40)
    (place / PACKAGES).mkdir(parents=True)
    (place / ".venv" / "bin").mkdir()
    return place


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def old(site: Site) -> Release:
    """One package with a module, compiled, and a script."""
    place = empty(site)
    module, script = place / PACKAGES / "thing.py", place / ".venv" / "bin" / "thing"
    module.write_text("X = 1\n")
    os.utime(module, (1_000_000_000, 1_000_000_000))
    py_compile.compile(str(module))
    script.write_text(f"#!{place}/.venv/bin/python3\n")
    script.chmod(0o755)
    info = place / PACKAGES / "some_thing-1.0.dist-info"
    info.mkdir()
    rows = [(name, (place / PACKAGES / name).resolve()) for name in ("thing.py", "../../../bin/thing")]
    noted = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(file.read_bytes()).digest()).decode().rstrip('=')},1"
        for name, file in rows
    ]
    (info / "RECORD").write_text("\n".join([*noted, "some_thing-1.0.dist-info/RECORD,,", ""]))
    releases.write(place / releases.MADE, MADE)
    return releases.read(place)


def test_it_is_the_same_with_what_was_compiled_and_its_own_paths(site: Site, old: Release) -> None:
    for _ in range(2):
        new = empty(site)
        assert earlier(site, MADE) == old
        assert take_over(old, new, REQUIREMENTS)
        module = new / PACKAGES / "thing.py"
        compiled = Path(cache_from_source(str(module)))
        assert compiled.read_bytes()[8:12] == int(module.stat().st_mtime).to_bytes(4, "little"), "it holds"
        assert (new / ".venv" / "bin" / "thing").read_text() == f"#!{new}/.venv/bin/python3\n"
        assert os.access(new / ".venv" / "bin" / "thing", os.X_OK)
        # the next one is taken over from this one
        releases.write(new / releases.MADE, MADE)
        old = releases.read(new)


def test_what_nobody_installed_is_left_behind(site: Site, old: Release) -> None:
    (old.path / PACKAGES / "debugging.py").write_text("X = 1\n")
    new = empty(site)
    assert take_over(old, new, REQUIREMENTS)
    assert not (new / PACKAGES / "debugging.py").exists()


@pytest.mark.parametrize(
    "trouble", ["changed", "gone", "link", "script", "outside", "more", "other", "record"]
)
def test_what_is_not_as_it_was_installed_is_not_taken(site: Site, old: Release, trouble: str) -> None:
    module, script = old.path / PACKAGES / "thing.py", old.path / ".venv" / "bin" / "thing"
    record = old.path / PACKAGES / "some_thing-1.0.dist-info" / "RECORD"
    requirements = REQUIREMENTS
    if trouble == "changed":
        module.write_text("X = 2\n")
    elif trouble == "gone":
        module.unlink()
    elif trouble == "link":
        module.rename(module.with_name("elsewhere.py"))
        module.symlink_to("elsewhere.py")
    elif trouble == "script":
        script.write_text("#!/bin/sh\n")
    elif trouble == "outside":
        record.write_text("../../../../tasks.py,,\n" + record.read_text())
        (old.path / "tasks.py").touch()
    elif trouble == "more":
        requirements += f"other==1.0 --hash=sha256:{'0' * 64}\n"
    elif trouble == "other":
        requirements = requirements.replace("1.0", "1.1")
    elif trouble == "record":
        record.write_bytes(b"\xff\x00")
    new = empty(site)
    assert not take_over(old, new, requirements)
    assert list((new / PACKAGES).iterdir()) == []
    assert not (new / "tasks.py").exists()


@pytest.mark.parametrize(
    "other", [{"environment": "e2"}, {"python": ["3.11.3", "/usr/bin/python3"]}, {"machine": "aarch64"}]
)
def test_another_environment_is_none(site: Site, old: Release, other: dict[str, object]) -> None:
    assert earlier(site, MADE | other) is None
    assert earlier(site, {"commit": "c" * 40}) is None
