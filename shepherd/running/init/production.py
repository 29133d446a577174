"""What production may run, as the repository shows it: the readings among which `inv init` chooses
(docs/settings.md#deployed)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from shepherd.errors import WrongValueError
from shepherd.git.positions import landing_in
from shepherd.git.repository import Git
from shepherd.git.versions import TagVersion, newest_release, version_of
from shepherd.landing import Revision
from shepherd.running.init.survey import Mainline
from shepherd.running.init.text import toml
from shepherd.urls import check_ref, check_tag_pattern
from shepherd.values import SHA, clean

NAMES = ("production", "prod", "live", "deployed", "release")
_FOLDERS = ("production", "prod", "live", "deployed")
"""Whose branches and tags are one for each deployment; `release/1.2` is a version."""
_DEVELOPMENT = ("dev", "develop", "development", "next", "integration", "staging", "trunk")
_BESIDE = ("master", "main")
_HEADS, _TAGS, _REMOTES = "refs/heads/", "refs/tags/", "refs/remotes/origin/"

GIVEN_UP = 365 * 86_400
"""Seconds: a series of versions that has had none for so long while another one had is not used any more."""
MOST = 6
"""Readings that are offered in all, and how many of each kind."""
NAMED, DEPLOYMENTS, RELEASES = 2, 2, 3
TRIES = 12
"""Refs of one kind that are looked up until enough share history with the mainline."""
LONGEST_NAME = 200

_FIELDS = (
    "%(objecttype) %(objectname) %(committerdate:unix)"
    " %(*objecttype) %(*objectname) %(*committerdate:unix) %(creatordate:unix)"
)
_PROJECT_WIDE = re.compile(r"(?:v|ver|version|r|rel|release|production|prod|live|deployed)?", re.IGNORECASE)
"""Prefixes, apart from punctuation, that name no part of the project."""


class ProductionCandidate(Struct, frozen=True):
    """One reading of what production runs."""

    pointer: str
    """The inline table of TOML that stands behind `deployed = `."""
    what: str
    """What it goes by, a fragment of a sentence for people."""
    at: Revision
    """The newest landing that it contains."""
    window: int
    """How many landings are in QA by it."""
    record: bool = False
    """The revision is to be recorded in the journal."""


class _Dated(Struct, frozen=True):
    """A branch or tag, the commit it names, and when that was committed."""

    ref: str
    commit: str
    date: int

    @property
    def tag(self) -> str:
        """Its name as a tag; empty for a branch."""
        return self.ref.removeprefix(_TAGS) if self.ref.startswith(_TAGS) else ""


class _Series(Struct, frozen=True):
    """A series of versions, by the one that stands for it."""

    version: TagVersion
    ref: _Dated


def candidates(
    git: Git, line: Mainline, deployments: Sequence[tuple[str, str]] = ()
) -> list[ProductionCandidate]:
    """What production may run, the safest first; never empty. Raises SourceError.

    `deployments` are what a forge says was deployed: a fragment of a sentence, and the SHA of a commit.

    Safe is what does not claim that more is live than is, so the order is:

    1. branches and tags that are named for production, by the order of NAMES; one whose commit is more than
       a year older than that of another comes after it. Of `deployed/…` the newest by date counts. What is
       only called `release`, and is a year older than the newest release, comes after the releases.
    2. what a forge says was deployed.
    3. releases, merged into the mainline or not. Tags with the same prefix and the same ending are a series,
       and its highest final version stands for it. A first number (2009.1) without a release for a year,
       while others of the series had one, is given up, and so is a series among others; a later release of a
       lower number (7.2.9 after 8.1.3) is maintenance. Dates are those of the commits, and none counts as
       later than the newest landing's. Series of the whole project come before those of its parts
       (`pkg-a/v1`), and among equals those that leave most landings in QA. Pre-releases count only where
       there is no final version.
    4. master or main beside a mainline that is called develop or the like.
    5. everything up to today counts as live: recorded.

    What shares no history with the mainline is left out, and so is a ref whose name cannot stand in settings.
    """
    refs = _listed(git, line)
    newest = int(git.lines("log", "-1", "--no-show-signature", "--format=%ct", line.tip.id)[0])
    places = _Places(git, line, refs)
    series = _series(refs, newest)
    named = _named(refs)
    stale = [each for each in named if _is_stale(each, series)]
    found = [
        *places.some([each for each in named if each not in stale], NAMED),
        *places.deployed(deployments),
        *places.releases(series),
        *places.some(stale, 1),
        *places.some(_beside(refs, line), 1),
    ]
    everything = "everything up to today counts as live"
    return [*found[: MOST - 1], ProductionCandidate("{ recorded = true }", everything, line.tip, 0, True)]


def _listed(git: Git, line: Mainline) -> dict[str, _Dated]:
    """All tags, and the branches that may name production, less the mainline: one process for all."""
    names = [place + name for place in (_HEADS, _REMOTES) for name in (*NAMES, *_BESIDE)]
    itself = (line.ref, _HEADS + _short(line), _REMOTES + _short(line))
    listed: dict[str, _Dated] = {}
    nested: dict[str, tuple[str, int]] = {}
    for ref, fields in git.refs(_FIELDS, _TAGS, *names):
        kind, sha, date, inner, inner_sha, inner_date, created = fields
        if inner:
            kind, sha, date = inner, inner_sha, inner_date
        if not _can_be_named(ref) or ref in itself:
            continue
        if kind == "commit":
            listed[ref] = _Dated(ref, sha, int(date))
        elif kind == "tag":
            nested[ref] = sha, int(created or 0)
    commits = git.commits([sha for sha, _ in nested.values()]) if nested else {}
    for ref, (sha, when) in nested.items():
        if sha in commits:
            listed[ref] = _Dated(ref, commits[sha], when)
    return listed


def _can_be_named(ref: str) -> bool:
    """Whether settings may hold the name; the one that stands in it was no UTF-8 where it says so."""
    return _fits(check_ref, ref) and len(ref) <= LONGEST_NAME and "\N{REPLACEMENT CHARACTER}" not in ref


def _fits(check: Callable[[str], None], text: str) -> bool:
    try:
        check(text)
    except WrongValueError:
        return False
    return True


def _short(line: Mainline) -> str:
    """The mainline's name wherever a branch of it is."""
    return line.ref.removeprefix(_HEADS).removeprefix(_REMOTES)


def _named(refs: Mapping[str, _Dated]) -> list[_Dated]:
    """Branches and tags that are named for production, those of a bygone time last."""
    named = [
        refs[place + name] for name in NAMES for place in (_HEADS, _TAGS, _REMOTES) if place + name in refs
    ]
    for name in _FOLDERS:
        starts = tuple(f"{place}{name}/" for place in (_HEADS, _TAGS, _REMOTES))
        folder = [each for ref, each in refs.items() if ref.startswith(starts)]
        named += [max(folder, key=lambda each: (each.date, each.ref))] if folder else []
    alive = max((each.date for each in named), default=0) - GIVEN_UP
    return sorted(named, key=lambda each: each.date < alive)


def _is_stale(ref: _Dated, series: Sequence[_Series]) -> bool:
    newest = max((each.ref.date for each in series), default=0)
    return ref.ref.rpartition("/")[2] == "release" and ref.date < newest - GIVEN_UP


def _beside(refs: Mapping[str, _Dated], line: Mainline) -> list[_Dated]:
    if _short(line) not in _DEVELOPMENT:
        return []
    return [refs[place + name] for name in _BESIDE for place in (_HEADS, _REMOTES) if place + name in refs]


def _series(refs: Mapping[str, _Dated], newest: int) -> list[_Series]:
    """The series of versions that are not given up, in the order in which they are tried."""
    members: dict[tuple[str, str], list[_Series]] = {}
    for each in refs.values():
        if each.tag and not each.tag.startswith(tuple(f"{name}/" for name in _FOLDERS)):
            version = version_of(each.tag)
            # `fix-12` is no version 12 of `fix-`
            if version and (not version.line[-1].isdigit() or _is_project_wide(version)):
                dated = _Dated(each.ref, each.commit, min(each.date, newest))
                members.setdefault((version.prefix, version.variant), []).append(_Series(version, dated))
    finals = [final for each in members.values() if (final := [one for one in each if _is_final(one)])]
    chosen = finals or list(members.values())
    alive = max((one.ref.date for each in chosen for one in each), default=0) - GIVEN_UP
    heads = [_head(each) for each in chosen if max(one.ref.date for one in each) >= alive]
    heads.sort(key=lambda each: (each.ref.date, each.ref.ref))
    whole = [each for each in heads if _is_project_wide(each.version)]
    parts = [each for each in heads if not _is_project_wide(each.version)]
    # the oldest leaves most in QA; after it the newest are the likeliest
    return [each for group in (whole, parts) for each in (*group[:1], *group[:0:-1])]


def _is_final(each: _Series) -> bool:
    return each.version.rank >= 0 and not each.version.early


def _head(members: Sequence[_Series]) -> _Series:
    """The highest version of a series, less the first numbers that were given up."""
    alive = max(each.ref.date for each in members) - GIVEN_UP
    used = {each.version.numbers[0] for each in members if each.ref.date >= alive}
    first = max(used)
    return max((each for each in members if each.version.numbers[0] == first), key=lambda each: each.version)


def _is_project_wide(version: TagVersion) -> bool:
    return bool(_PROJECT_WIDE.fullmatch(re.sub(r"[-_/.@]", "", version.prefix))) and not version.variant


class _Places:
    """Finds the landings that refs stand for, and puts the refs into words."""

    def __init__(self, git: Git, line: Mainline, refs: Mapping[str, _Dated]) -> None:
        self._git = git
        self._line = line
        self._refs = refs
        self._tags = [each.tag for each in refs.values() if each.tag]
        self._known: dict[str, Revision | None] = {}

    def some(self, refs: Iterable[_Dated], most: int) -> list[ProductionCandidate]:
        """Those of the refs that share history with the mainline, `most` of them."""
        found: list[ProductionCandidate] = []
        for ref in list(refs)[:TRIES]:
            if len(found) < most and (at := self._at(ref.commit)):
                found.append(self._candidate(*self._pointer(ref), at))
        return found

    def deployed(self, deployments: Sequence[tuple[str, str]]) -> Iterator[ProductionCandidate]:
        shas = [sha for _, sha in deployments[:TRIES] if re.fullmatch(SHA, sha)]
        commits = self._git.commits(shas) if shas else {}
        known = [(what, at) for what, sha in deployments if sha in commits and (at := self._at(commits[sha]))]
        for what, at in known[:DEPLOYMENTS]:
            yield self._candidate("{ recorded = true }", clean(what, LONGEST_NAME), at, record=True)

    def releases(self, series: Sequence[_Series]) -> list[ProductionCandidate]:
        found: list[tuple[bool, ProductionCandidate]] = []
        for each in series[:TRIES]:
            if len(found) < RELEASES and (at := self._at(each.ref.commit)):
                found.append((not _is_project_wide(each.version), self._candidate(*self._release(each), at)))
        found.sort(key=lambda each: (each[0], -each[1].window))
        return [each for _, each in found]

    def _candidate(
        self, pointer: str, what: str, at: Revision, *, record: bool = False
    ) -> ProductionCandidate:
        return ProductionCandidate(pointer, what, at, self._line.tip.revno - at.revno, record)

    def _at(self, commit: str) -> Revision | None:
        if commit not in self._known:
            self._known[commit] = landing_in(self._git, self._line.tip, commit)
        return self._known[commit]

    def _pointer(self, ref: _Dated) -> tuple[str, str]:
        folder = f"{ref.tag.partition('/')[0]}/*"
        if "/" in ref.tag and newest_release(self._tags, folder) == ref.tag:
            return f"{{ tags = {toml(folder)} }}", f"{ref.tag}, the newest of the tags {folder}"
        name = self._written(ref)
        return f"{{ ref = {toml(name)} }}", f"the {'tag' if ref.tag else 'branch'} {ref.tag or name}"

    def _release(self, series: _Series) -> tuple[str, str]:
        """The first pattern by which the settings name this very tag, else the tag itself."""
        version, tag = series.version, series.ref.tag
        for start in (version.prefix, version.line):
            pattern = f"{start}*{version.variant}"
            if _fits(check_tag_pattern, pattern) and newest_release(self._tags, pattern) == tag:
                return f"{{ tags = {toml(pattern)} }}", f"release {tag}, the newest of the tags {pattern}"
        return (
            f"{{ ref = {toml(self._written(series.ref))} }}",
            f"the tag {tag}; each new release means a new tag in the settings",
        )

    def _written(self, ref: _Dated) -> str:
        """The ref as short as the settings may name it."""
        if not ref.tag:
            return ref.ref.removeprefix(_HEADS)
        branch = _HEADS + ref.tag
        plain = not ref.tag.startswith(("-", "refs/")) and self._line.ref != ref.tag
        return ref.tag if plain and not self._git.resolve_many([branch])[branch] else ref.ref
