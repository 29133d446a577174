"""The releases on a host: which there are, which is live, which were good, which are bad
(docs/operator-every-day.md#what-a-deploy-does).

Nothing but the standard library, and modules that need no more: `fab` sends this module to hosts on which
nothing of ours is installed. Clocks order nothing here, since they may be wrong: releases are numbered, and
so are the turns in which they were live.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from shepherd.atomic import append_line, write_atomically
from shepherd.errors import SettingsError, StoreError
from shepherd.running import bad_commits
from shepherd.running.bad_commits import BadCommit

NAME = re.compile(r"([0-9]{4,9})-([0-9a-f]{12})")
KEPT = 5
"""Prepared releases that stay after a good deploy (docs/operator-every-day.md#what-a-deploy-does)."""
MADE, GOOD, BAD = "release.json", "good.json", "bad.json"


@dataclass(frozen=True)
class Release:
    """One folder under `releases/` whose name is that of a release."""

    path: Path
    made: dict[str, Any]
    """What it was made of: ref, commit, by, at, python; empty where it was never finished."""
    turn: int
    """The larger, the later it was found good while live; 0: never."""
    bad: str
    """Why it was marked bad, and by whom; empty: it is not."""
    bad_since: str = ""
    """When that was, by the host's clock; empty: not known, or not bad."""

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def number(self) -> int:
        return int(self.id.partition("-")[0])

    @property
    def prepared(self) -> bool:
        return bool(self.made)

    @property
    def python(self) -> Path:
        """The interpreter of its own environment."""
        return self.path / ".venv" / "bin" / "python3"

    @property
    def standing(self) -> str:
        """What `fab releases` calls it: unfinished, bad, good or prepared."""
        if not self.prepared:
            return "unfinished"
        return "bad" if self.bad else "good" if self.turn else "prepared"


@dataclass(frozen=True)
class Current:
    """What `current` is just now."""

    kind: Literal["none", "release", "foreign", "dangling", "odd"]
    """foreign: a link to something that is not one of our releases; odd: not a link."""
    link: str = ""
    """The text of the link."""
    release: Release | None = None


class Site:
    """A host's folder: `releases/`, `current`, `shared/`, `wheels/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.releases = root / "releases"
        self.current = root / "current"
        self.shared = root / "shared"
        self.wheels = root / "wheels"
        self.history = root / "shared" / "deployments.jsonl"

    @property
    def settings(self) -> Path:
        return self.shared / "shepherd.toml"

    def all(self) -> list[Release]:
        """The releases by number, unfinished ones too; folders with other names are left out."""
        if not self.releases.is_dir():
            return []
        releases = [
            read(path)
            for path in self.releases.iterdir()
            if NAME.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
        ]
        return sorted(releases, key=lambda release: (release.number, release.id))

    def find(self, name: str) -> Release:
        """The release that a person names: all of its name, or its number.

        Raises:
            SettingsError: there is none, or it was never finished.
        """
        matching = [
            each
            for each in self.all()
            if each.id == name or (re.fullmatch("[0-9]{1,9}", name) and each.number == int(name))
        ]
        if len(matching) != 1:
            names = ", ".join(each.id for each in self.all() if each.prepared) or "none"
            raise SettingsError(f"there is no release {name[:60]!r} in {self.releases}; there are: {names}")
        if not matching[0].prepared:
            raise SettingsError(f"{matching[0].id} was never finished: deploy it again")
        return matching[0]

    def live(self) -> Current:
        """What `current` points to."""
        if not os.path.lexists(self.current):
            return Current("none")
        if not self.current.is_symlink():
            return Current("odd")
        link = str(self.current.readlink())
        if not self.current.is_dir():
            return Current("dangling", link)
        place = Path(os.path.realpath(self.current))
        release = next((each for each in self.all() if os.path.realpath(each.path) == str(place)), None)
        return Current("release" if release else "foreign", link, release)

    def newest(self) -> Release | None:
        """The newest prepared release that is neither live nor marked bad
        (docs/operator-every-day.md#when-an-upgrade-or-a-deploy-fails)."""
        live = self.live().release
        return next(
            (each for each in reversed(self.all()) if each.prepared and not each.bad and each != live), None
        )

    def last_good(self) -> Release | None:
        """The release that was found good while live, last before the one that is live now."""
        live = self.live().release
        good = [each for each in self.all() if each.prepared and each.turn and not each.bad and each != live]
        return max(good, key=lambda each: each.turn, default=None)

    def reserve(self, commit: str) -> Path:
        """A folder for a new release, with a number that no release had before."""
        self.releases.mkdir(mode=0o755, exist_ok=True)
        used = [each.number for each in self.all()]
        used += [int(match[1]) for each in self.past() if (match := NAME.fullmatch(str(each.get("to", ""))))]
        number = max(used, default=0) + 1
        path = self.releases / f"{number:04}-{commit[:12]}"
        path.mkdir(mode=0o755)
        return path

    def note(self, entry: dict[str, Any]) -> None:
        """Add a line to the deployment record. Raises StoreError."""
        try:
            append_line(self.history, json.dumps(entry, sort_keys=True).encode(), alone=False)
        except OSError as error:
            raise StoreError(f"{self.history}: cannot be written ({error.strerror or error})") from None

    def bad_commit(self, commit: str) -> BadCommit | None:
        """Why a release of this commit was marked bad; None: none was, or one has been good since
        (docs/operator-every-day.md#a-commit-that-was-bad)."""
        for each in reversed(self.all()):
            if not commit or each.made.get("commit") != commit:
                continue
            if each.bad:
                return BadCommit(each.id, each.bad, each.bad_since)
            if each.turn:
                return None
        return bad_commits.of_record(self.past(), commit) if commit else None

    def past(self) -> list[dict[str, Any]]:
        """The deployment record, oldest first; lines that cannot be read are left out."""
        try:
            lines = self.history.read_bytes().splitlines()
        except OSError:
            return []
        return [entry for entry in map(_object, lines) if entry]


def site_of(root: Path) -> Site | None:
    """The site that the code in `root` was released to, None for a checkout."""
    return Site(root.parent.parent) if root.parent.name == "releases" else None


def read(path: Path) -> Release:
    """One release as it lies there; a mark that cannot be read still marks."""
    made, good, bad = (_document(path / name) for name in (MADE, GOOD, BAD))
    turn = good.get("turn", 1) if good is not None else 0
    why = (
        f"{bad.get('why', 'no reason can be read')} ({bad.get('by', 'somebody')})" if bad is not None else ""
    )
    since = str(bad.get("at", "")) if bad is not None else ""
    return Release(path, made or {}, turn if isinstance(turn, int) else 1, why, since)


def mark_good(site: Site, release: Release) -> None:
    """Mark a release that is live and was checked as good. Raises StoreError."""
    turn = max((each.turn for each in site.all()), default=0) + 1
    write(release.path / GOOD, {"turn": turn})


def mark_bad(release: Release, why: str, by: str) -> None:
    """Mark a release as bad, and its commit on the deployment record. Raises StoreError."""
    at = _now()
    write(release.path / BAD, {"why": why, "by": by, "at": at})
    _note_mark(release, bad_commits.BAD, why, by, at)


def unmark(release: Release, by: str = "", why: str = "") -> None:
    """Take the mark of a bad release away, on the record too. Raises StoreError."""
    try:
        (release.path / BAD).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{release.path / BAD}: cannot be removed ({error.strerror})") from None
    _note_mark(release, bad_commits.NO_LONGER_BAD, why, by, _now())


def _note_mark(release: Release, result: str, why: str, by: str, at: str) -> None:
    # the folder may be gone one day, and its commit be deployed again
    if (site := site_of(release.path)) is not None:
        entry = {"at": at, "who": by, "to": release.id, "commit": release.made.get("commit", ""), "why": why}
        site.note({**entry, "how": bad_commits.HOW, "result": result})


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def superfluous(site: Site, kept: int = KEPT) -> list[Release]:
    """The prepared releases that may go: all but the live one, the last good one, and the newest
    (docs/operator-every-day.md#what-a-deploy-does).

    None at all where it is not known which is live.
    """
    live = site.live()
    if live.release is None:
        return []
    everything = [each for each in site.all() if each.prepared]
    needed = [live.release, site.last_good()]
    held = [each for each in needed if each is not None]
    rest = [each for each in reversed(everything) if each not in held]
    # bad ones go before others
    rest.sort(key=lambda each: bool(each.bad))
    return sorted(rest[max(0, kept - len(held)) :], key=lambda each: each.number)


def unfinished(site: Site) -> list[Release]:
    """What a killed deploy left half built; only for the holder of the deploy lock, who builds none yet."""
    live = site.live().release
    return [each for each in site.all() if not each.prepared and each != live]


def remove(releases: Sequence[Release]) -> None:
    """Remove them: first out of sight, so that none is ever taken for whole. Raises StoreError."""
    try:
        for release in releases:
            release.path.rename(release.path.with_name(f".gone-{release.id}"))
        parents = {release.path.parent for release in releases}
        for leftover in [each for parent in parents for each in parent.glob(".gone-*")]:
            if NAME.fullmatch(leftover.name.removeprefix(".gone-")) and not leftover.is_symlink():
                shutil.rmtree(leftover)
    except OSError as error:
        raise StoreError(f"{error.filename}: cannot be removed ({error.strerror})") from None


def write(path: Path, document: dict[str, Any]) -> None:
    """Write JSON, whole or not at all. Raises StoreError."""
    if not path.parent.is_dir():
        raise StoreError(f"{path}: cannot be written (its folder is gone)")
    write_atomically(path, json.dumps(document).encode())


def _document(path: Path) -> dict[str, Any] | None:
    """What the file says, empty where that cannot be read, None where there is none."""
    try:
        return _object(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError:
        return {}


def _object(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
