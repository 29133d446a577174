"""What production may run, as the repository shows it: the readings among which `inv init` chooses
(docs/settings.md#deployed)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from shepherd.git.positions import landing_in
from shepherd.git.repository import Git
from shepherd.git.versions import TagVersion, UnorderedError, newest_release, version_of
from shepherd.landing import Revision
from shepherd.running.init.production_refs import (
    FOLDERS,
    GIVEN_UP,
    HEADS,
    LONGEST_NAME,
    DatedRef,
    beside,
    deployment_of,
    fits,
    folder_of,
    listed_refs,
    named_refs,
)
from shepherd.running.init.survey import Mainline
from shepherd.running.init.text import toml
from shepherd.urls import check_tag_pattern
from shepherd.values import SHA, clean

MOST = 6
"""Readings that are offered in all, and how many of each kind."""
NAMED, DEPLOYMENTS, RELEASES = 2, 2, 3
TRIES = 12
"""Refs of one kind that are looked up until enough share history with the mainline."""
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


class _Series(Struct, frozen=True):
    """A series of versions, by the one that stands for it."""

    version: TagVersion
    ref: DatedRef


def candidates(
    git: Git, line: Mainline, deployments: Sequence[tuple[str, str]] = ()
) -> list[ProductionCandidate]:
    """What production may run, the safest first; never empty. Raises SourceError.

    `deployments` are what a forge says was deployed: a fragment of a sentence, and the SHA of a commit.

    Safe is what does not claim that more is live than is, so the order is:

    1. branches and tags that are named for production, by the order of NAMES; one whose commit is more than
       a year older than that of another comes after it. Below `deployed/` and the like, names with a word of
       another environment (`deployed/staging-7`) do not count. Those with the same words before and behind
       their number belong together, and so do those without one; the newest stands for them, by the day in
       its name, else by the date of its commit, and those that leave most landings in QA come first. What
       is only called `release`, and is a year older than the newest release, comes after the releases.
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
    refs = listed_refs(git, line)
    # git has no date where it cannot read the line
    newest = int(git.lines("log", "-1", "--no-show-signature", "--format=%ct", line.tip.id)[0] or 0)
    places = _Places(git, line)
    series = _series(refs, newest)
    named = named_refs(refs)
    stale = [each for each in named if _is_stale(each, series)]
    found = [
        *places.some([each for each in named if each not in stale], NAMED),
        *places.deployed(deployments),
        *places.releases(series),
        *places.some(stale, 1),
        *places.some(beside(refs, line), 1),
    ]
    everything = "everything up to today counts as live"
    return [*found[: MOST - 1], ProductionCandidate("{ recorded = true }", everything, line.tip, 0, True)]


def _is_stale(ref: DatedRef, series: Sequence[_Series]) -> bool:
    newest = max((each.ref.date for each in series), default=0)
    return ref.ref.rpartition("/")[2] == "release" and ref.date < newest - GIVEN_UP


def _series(refs: Mapping[str, DatedRef], newest: int) -> list[_Series]:
    """The series of versions that are not given up, in the order in which they are tried."""
    members: dict[tuple[str, str, bool], list[_Series]] = {}
    for each in refs.values():
        if each.tag and not each.tag.startswith(tuple(f"{name}/" for name in FOLDERS)):
            version = version_of(each.tag)
            # `fix-12` is no version 12 of `fix-`
            if version and (not version.line[-1].isdigit() or _is_project_wide(version)):
                dated = DatedRef(each.ref, each.commit, min(each.date, newest))
                key = version.prefix, version.variant, version.dated
                members.setdefault(key, []).append(_Series(version, dated))
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

    def __init__(self, git: Git, line: Mainline) -> None:
        self._git = git
        self._line = line
        self._tags = git.tags()
        self._known: dict[str, Revision | None] = {}

    def some(self, refs: Sequence[DatedRef], most: int) -> list[ProductionCandidate]:
        """Those of the refs that share history with the mainline, `most` of them; of one folder those first
        that leave most landings in QA.
        """
        found: list[ProductionCandidate] = []
        for _, group in groupby(refs[:TRIES], key=folder_of):
            if len(found) < most:
                known = [(ref, at) for ref in group if (at := self._at(ref.commit))]
                candidates = [self._candidate(*self._pointer(ref), at) for ref, at in known]
                found += sorted(candidates, key=lambda each: -each.window)
        return found[:most]

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

    def _pointer(self, ref: DatedRef) -> tuple[str, str]:
        single = folder_of(ref) == ref.ref
        version = None if single else deployment_of(ref.tag)
        if version and (found := self._pattern(version, ref.tag)):
            pattern, ends = found
            return f"{{ tags = {toml(pattern)} }}", f"{ref.tag}, the newest of the tags {pattern}{ends}"
        name = self._written(ref)
        what = f"the {'tag' if ref.tag else 'branch'} {ref.tag or name}"
        again = "" if single else "; each new deployment means a new ref in the settings"
        if not single and not ref.tag:
            again += ", unless this one moves"
        return f"{{ ref = {toml(name)} }}", what + again

    def _release(self, series: _Series) -> tuple[str, str]:
        version, tag = series.version, series.ref.tag
        if found := self._pattern(version, tag):
            pattern, ends = found
            return f"{{ tags = {toml(pattern)} }}", f"release {tag}, the newest of the tags {pattern}{ends}"
        return (
            f"{{ ref = {toml(self._written(series.ref))} }}",
            f"the tag {tag}; each new release means a new tag in the settings",
        )

    def _pattern(self, version: TagVersion, tag: str) -> tuple[str, str] | None:
        """The first pattern by which the settings name this very tag, and what is to be said of it."""
        starts = {version.prefix: ""}
        if version.dated:
            starts[version.century] = ""
        # a number alone (v8) is followed by v9, which v8* does not name
        starts.setdefault(version.line, "; the next first number needs a new pattern")
        for start, ends in starts.items():
            pattern = f"{start}*{version.variant}"
            if fits(check_tag_pattern, pattern) and self._newest(pattern) == tag:
                return pattern, ends
        return None

    def _newest(self, pattern: str) -> str | None:
        try:
            return newest_release(self._tags, pattern)
        except UnorderedError:
            return None

    def _written(self, ref: DatedRef) -> str:
        """The ref as short as the settings may name it."""
        if not ref.tag:
            return ref.ref.removeprefix(HEADS)
        branch = HEADS + ref.tag
        plain = not ref.tag.startswith(("-", "refs/")) and self._line.ref != ref.tag
        return ref.tag if plain and not self._git.resolve_many([branch])[branch] else ref.ref
