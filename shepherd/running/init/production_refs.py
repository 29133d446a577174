"""Branches and tags that may name production, and what stands in their names (docs/settings.md#deployed)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from shepherd.errors import WrongValueError
from shepherd.git.repository import Git
from shepherd.git.versions import TagVersion, version_of
from shepherd.running.init.survey import Mainline
from shepherd.urls import check_ref

NAMES = ("production", "prod", "live", "deployed", "release")
FOLDERS = ("production", "prod", "live", "deployed")
"""Whose branches and tags are one for each deployment; `release/1.2` is a version."""
_NO_PRODUCTION = {
    *("acceptance", "canary", "ci", "demo", "dev", "devel", "develop", "development", "int", "integration"),
    *("nightly", "pre", "preprod", "preproduction", "preview", "qa", "review", "sandbox", "stage", "staging"),
    *("stg", "test", "testing", "tests", "uat"),
}
"""Words, in names below FOLDERS, of what runs elsewhere."""
_DEVELOPMENT = ("dev", "develop", "development", "next", "integration", "staging", "trunk")
_BESIDE = ("master", "main")
HEADS, TAGS, _REMOTES = "refs/heads/", "refs/tags/", "refs/remotes/origin/"

GIVEN_UP = 365 * 86_400
"""Seconds: a series of versions that has had none for so long while another one had is not used any more."""
LONGEST_NAME = 200

_FIELDS = (
    "%(objecttype) %(objectname) %(committerdate:unix)"
    " %(*objecttype) %(*objectname) %(*committerdate:unix) %(creatordate:unix)"
)
_BEFORE_NUMBER = re.compile(r"[-_/.@](?:v|ver|version|r|rev|rel|release)?$", re.IGNORECASE)
"""What a prefix ends in where a number follows that orders names."""


class DatedRef(Struct, frozen=True):
    """A branch or tag, the commit it names, and when that was committed."""

    ref: str
    commit: str
    date: int

    @property
    def tag(self) -> str:
        """Its name as a tag; empty for a branch."""
        return self.ref.removeprefix(TAGS) if self.ref.startswith(TAGS) else ""


def listed_refs(git: Git, line: Mainline) -> dict[str, DatedRef]:
    """All tags, and the branches that may name production, less the mainline: one process for all."""
    names = [place + name for place in (HEADS, _REMOTES) for name in (*NAMES, *_BESIDE)]
    itself = (line.ref, HEADS + _short(line), _REMOTES + _short(line))
    listed: dict[str, DatedRef] = {}
    nested: dict[str, tuple[str, int]] = {}
    for ref, fields in git.refs(_FIELDS, TAGS, *names):
        kind, sha, date, inner, inner_sha, inner_date, created = fields
        if inner:
            kind, sha, date = inner, inner_sha, inner_date
        if not _can_be_named(ref) or ref in itself:
            continue
        if kind == "commit":
            listed[ref] = DatedRef(ref, sha, int(date or 0))
        elif kind == "tag":
            nested[ref] = sha, int(created or 0)
    commits = git.commits([sha for sha, _ in nested.values()]) if nested else {}
    for ref, (sha, when) in nested.items():
        if sha in commits:
            listed[ref] = DatedRef(ref, commits[sha], when)
    return listed


def _can_be_named(ref: str) -> bool:
    """Whether settings may hold the name; the one that stands in it was no UTF-8 where it says so."""
    return fits(check_ref, ref) and len(ref) <= LONGEST_NAME and "\N{REPLACEMENT CHARACTER}" not in ref


def fits(check: Callable[[str], None], text: str) -> bool:
    """Whether a check of the settings takes the text."""
    try:
        check(text)
    except WrongValueError:
        return False
    return True


def _short(line: Mainline) -> str:
    """The mainline's name wherever a branch of it is."""
    return line.ref.removeprefix(HEADS).removeprefix(_REMOTES)


def named_refs(refs: Mapping[str, DatedRef]) -> list[DatedRef]:
    """Branches and tags that are named for production, those of a bygone time last."""
    named = [
        refs[place + name] for name in NAMES for place in (HEADS, TAGS, _REMOTES) if place + name in refs
    ]
    for name in FOLDERS:
        starts = tuple(f"{place}{name}/" for place in (HEADS, TAGS, _REMOTES))
        groups: dict[tuple[object, ...], list[tuple[tuple[int, ...], int, str]]] = {}
        for ref, each in refs.items():
            start = next((start for start in starts if ref.startswith(start)), None)
            if start and not _NO_PRODUCTION.intersection(re.split("[^a-z]+", ref[len(start) :].lower())):
                version = deployment_of(f"{name}/{ref[len(start) :]}")
                day = version.numbers if version and version.dated else ()
                key = (version.prefix, version.variant, bool(day)) if version else ()
                groups.setdefault(key, []).append((day, each.date, each.ref))
        newest = [refs[max(group)[2]] for group in groups.values()]
        named += sorted(newest, key=lambda each: (each.date, each.ref))
    alive = max((each.date for each in named), default=0) - GIVEN_UP
    return sorted(named, key=lambda each: each.date < alive)


def deployment_of(name: str) -> TagVersion | None:
    """The version or day that a name below FOLDERS writes; `deployed/abcd12` is a SHA."""
    version = version_of(name)
    return version if version and _BEFORE_NUMBER.search(version.prefix) else None


def folder_of(ref: DatedRef) -> str:
    """The folder for deployments in which a ref lies; its own name, if in none."""
    for place in (HEADS, TAGS, _REMOTES):
        first, _, rest = ref.ref.removeprefix(place).partition("/")
        if ref.ref.startswith(place) and rest and first in FOLDERS:
            return first
    return ref.ref


def beside(refs: Mapping[str, DatedRef], line: Mainline) -> list[DatedRef]:
    """master or main, beside a mainline of development."""
    if _short(line) not in _DEVELOPMENT:
        return []
    return [refs[place + name] for name in _BESIDE for place in (HEADS, _REMOTES) if place + name in refs]
