"""An environment made of an earlier release's, where both consist of the very same wheels
(docs/operator-every-day.md#what-a-deploy-does).

Each file is compared with the hash that was noted when it was installed; what was compiled of it is taken
along, which is most of what an environment costs. Part of the agent, so the standard library is all there is.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from shepherd.running.releases import Release, Site


def earlier(site: Site, made: dict[str, Any]) -> Release | None:
    """The newest release whose environment is of the same wheels, for the same Python on the same machine."""
    same = ("environment", "python", "machine")
    alike = (
        each
        for each in reversed(site.all())
        if each.prepared and all(name in made and each.made.get(name) == made[name] for name in same)
    )
    return next(alike, None)


def take_over(old: Release, place: Path, requirements: str) -> bool:
    """Copy the packages of a release into the new environment of another; whether all were as installed.

    Args:
        requirements: what the environment consists of, one package a line.
    """
    theirs, ours = _packages(old.path), _packages(place)
    if theirs is None or ours is None:
        return False
    records = sorted(theirs.glob("*.dist-info/RECORD"))
    if sorted(_name(each) for each in records) != sorted(
        line.partition(" ")[0] for line in requirements.splitlines()
    ):
        return False
    try:
        for record in records:
            rows = [_copied(row, theirs, ours, old.path, place) for row in _rows(record)]
            with (ours / record.parent.name / "RECORD").open("w", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerows(rows)
    except (OSError, ValueError, csv.Error):
        shutil.rmtree(ours)
        ours.mkdir()
        return False
    return True


def _copied(row: list[str], theirs: Path, ours: Path, old: Path, new: Path) -> list[str]:
    """The row of RECORD for one file, which was copied with what was compiled of it.

    Raises:
        ValueError: it is not as it was installed, or lies elsewhere. OSError: it cannot be read or written.
    """
    source, goal = (Path(os.path.normpath(folder / row[0])) for folder in (theirs, ours))
    if not source.is_relative_to(old / ".venv") or source.is_symlink():
        raise ValueError(f"{source} lies elsewhere")
    content = source.read_bytes()
    if row[1] and row[1] != _noted(content):
        raise ValueError(f"{source} was changed")
    goal.parent.mkdir(parents=True, exist_ok=True)
    if source.parent == old / ".venv" / "bin":
        # a script begins with the path of its interpreter
        content = content.replace(os.fsencode(old / ".venv"), os.fsencode(new / ".venv"))
        goal.write_bytes(content)
        shutil.copymode(source, goal)
        return [row[0], _noted(content), str(len(content))]
    goal.write_bytes(content)
    # what was compiled is for a source of this moment
    shutil.copystat(source, goal)
    if source.suffix == ".py":
        with suppress(FileNotFoundError):
            compiled = Path(cache_from_source(str(source))).read_bytes()
            cache = Path(cache_from_source(str(goal)))
            cache.parent.mkdir(exist_ok=True)
            cache.write_bytes(compiled)
    return row


def _rows(record: Path) -> Iterator[list[str]]:
    """Path, hash and size of each file."""
    with record.open(newline="", encoding="utf-8") as file:
        yield from (row for row in csv.reader(file) if row and not row[0].endswith(".pyc"))


def _noted(content: bytes) -> str:
    """Its hash as RECORD notes it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _packages(place: Path) -> Path | None:
    """site-packages of a release; None: there is none, or several."""
    folders = list(place.glob(".venv/lib/python3*/site-packages"))
    return folders[0] if len(folders) == 1 else None


def _name(record: Path) -> str:
    """`name==version` of an installed package, as requirements name it."""
    name, _, version = record.parent.name.removesuffix(".dist-info").partition("-")
    return f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"
