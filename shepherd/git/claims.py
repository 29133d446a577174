"""Which earlier landings a landing says that it takes back (docs/rules.md#undone); `undoing` says what
is true."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from shepherd.git import hints
from shepherd.git.commits import Commits
from shepherd.git.first_parents import FirstParents, runs
from shepherd.git.mainline import Landed, Reader, bearing_request, merged_titles, titles_between
from shepherd.git.numbers import Numbers, by_svn_revision
from shepherd.git.repository import Git
from shepherd.landing import Landing
from shepherd.marks.forge import same_project
from shepherd.marks.reverts import number_in, title_key
from shepherd.values import DIGITS
from shepherd.words import is_key

TITLE_REACH = 500
"""How many landings before a revert that is live already may have the title it names."""
MERGED_REACH = 5_000
"""How many of the newest landings are known by the titles that merges give to what they merged."""
CANDIDATES = 10
"""How many of the landings with one title are compared with what reverts that title, the newest first."""

_REVERT_BRANCH = re.compile(rf"(?:\A|/)revert-({DIGITS})(?:-|\Z)")
_REVERTING = re.compile(r"(?:\A|/)revert[-_]", re.IGNORECASE)
"""How a branch is called that says so, whatever it names."""


class RevertClaim(NamedTuple):
    """The landings that one sentence of a message may mean, newest first."""

    targets: tuple[int, ...]
    by_title: bool = False
    doubtful: bool = False
    """It names a request of a project that may be another one."""
    quoted: bool = False
    """It stands in quoted text: it counts if it is proved, and else is no hint (docs/rules.md#quoted)."""


class RevertClaims:
    """What one landing says that it takes back."""

    def __init__(self, revno: int, id: str) -> None:
        self.revno = revno
        self.id = id
        self.marked: list[int] = []
        self.claims: list[RevertClaim] = []
        self.parts: dict[int, set[str]] = {}
        """Landing -> commits that it brought in and that are named, where it is not named itself."""
        self.named_in_text: list[int] = []
        """Landings that free text names by revno: they never count."""
        self.guessed: list[int] = []
        """Those that it calls by title or SHA, which may be others: still less."""
        self.numbered: list[RevertClaim] = []
        """Those that it calls by the number of a bug, a request or a review: they never count either."""
        self.unfound: list[str] = []
        """Requests that it says it reverts, and that no earlier landing is."""
        self.speaks = False
        """Whether it says at all that it takes something back."""
        self.warnings: list[str] = []
        self.hints: list[str] = []


class Context(NamedTuple):
    """What claims are read against."""

    git: Git
    mainline: FirstParents
    reader: Reader
    landed: Sequence[Landed]
    earlier: Mapping[int, Landing]
    """Landings after `deployed` that were read before."""
    deployed: int


def claims_of(context: Context) -> dict[int, RevertClaims]:
    """By revno, the landings that say anything about undoing. Raises SourceError."""
    speaking = [item for item in context.landed if _speaks(item)]
    lookup = _Lookup(context, speaking)
    by_revno: dict[int, RevertClaims] = {}
    for item in speaking:
        reverts = by_revno[item.landing.revno] = RevertClaims(item.landing.revno, item.landing.id)
        lookup.by_mark(reverts, item)
        lookup.by_sha(reverts, item)
        lookup.by_request(reverts, item)
        lookup.by_title(reverts, item)
        if reverts.revno > context.deployed:
            lookup.by_free_text(reverts, item)
        reverts.named_in_text += lookup.by_revno(item)
    return by_revno


def _speaks(item: Landed) -> bool:
    marks, wording = item.marks, item.wording
    return bool(
        item.reverts_ids
        or item.reverts_requests
        or marks.reverts_title
        or marks.hints
        or marks.rollback
        or marks.rollback_ids
        or wording.titles
        or wording.ids
        or (marks.branch and _REVERTING.search(marks.branch))
    )


class _Lookup:
    """Finds the landings that are meant; each kind of question goes to git once, for all landings."""

    def __init__(self, context: Context, speaking: Sequence[Landed]) -> None:
        self._context = context
        git, mainline = context.git, context.mainline
        self._worded_ids = {
            text: shas[0]
            for item in speaking
            if item.landing.revno > context.deployed
            for text in item.wording.ids
            if len(shas := git.commits_beginning(text)) == 1
        }
        named = [sha for item in speaking for sha in (*item.reverts_ids, *item.marks.rollback_ids)]
        self._commits = Commits(git, mainline, context.landed, [*named, *self._worded_ids.values()])
        wanted = {
            request
            for item in speaking
            for request in (*item.reverts_requests, *_request_of_branch(item, context.deployed))
        }
        self._by_request = bearing_request(git, mainline, context.reader, wanted) if wanted else {}
        known = {item.landing.revno: item.landing for item in context.landed} | dict(context.earlier)
        self._numbers = Numbers(known, context.deployed)
        revnos = {revno for item in speaking for revno in item.marks.hints}
        self._svn = by_svn_revision(git, mainline, revnos) if revnos else None
        self._titles = _Titles(context, [item for item in speaking if item.marks.reverts_title])

    def by_mark(self, reverts: RevertClaims, item: Landed) -> None:
        marked = [target for target in item.marks.rollback if 0 < target < reverts.revno]
        if absent := [target for target in item.marks.rollback if not 0 < target < reverts.revno]:
            reverts.warnings.append(
                f"rollback of {hints.listed(absent)} counts as absent: no earlier landing"
            )
        for text in item.marks.rollback_ids:
            target = self._commits.landing(text, reverts.revno)
            if isinstance(target, int) and target < reverts.revno:
                marked.append(target)
            else:
                why = target if isinstance(target, str) else "no earlier landing"
                reverts.warnings.append(f"rollback of {text} counts as absent: {why}")
        reverts.marked = list(dict.fromkeys(marked))

    def by_sha(self, reverts: RevertClaims, item: Landed) -> None:
        whole: set[int] = set()
        for text in item.reverts_ids:
            target = self._commits.landing(text, reverts.revno)
            quoted = text in item.quoted_reverts
            if isinstance(target, str) and (quoted or item.wording.rolls):
                continue
            if isinstance(target, str):
                reverts.hints.append(f"says that it reverts {text}: {target}")
            elif target < reverts.revno:
                reverts.claims.append(RevertClaim((target,), quoted=quoted))
                if quoted:
                    continue
                reverts.speaks = True
                if self._context.mainline.id(target).startswith(text):
                    whole.add(target)
                elif not any(
                    text.startswith(part) or part.startswith(text) for part in reverts.parts.get(target, ())
                ):
                    reverts.parts.setdefault(target, set()).add(text)
        for target in whole:
            reverts.parts.pop(target, None)

    def by_request(self, reverts: RevertClaims, item: Landed) -> None:
        ours = self._context.reader.project
        for request in item.reverts_requests:
            projects = [project for each, project in item.wording.projects if each == request]
            if projects and ours and not any(same_project(project, ours) for project in projects):
                continue
            doubtful, quoted = bool(projects) and not ours, request in item.quoted_reverts
            if earlier := self._bearing(request, reverts.revno):
                reverts.claims.append(RevertClaim(earlier, doubtful=doubtful, quoted=quoted))
            elif not quoted:
                reverts.unfound.append(request)
            reverts.speaks = reverts.speaks or not (doubtful or quoted)

    def by_title(self, reverts: RevertClaims, item: Landed) -> None:
        if not item.marks.reverts_title:
            return
        reverts.speaks = True
        targets = self._titles.before(reverts.revno, item.marks.reverts_title, item.wording.number)
        if targets:
            reverts.claims.append(RevertClaim(targets[:CANDIDATES], by_title=True))

    def by_free_text(self, reverts: RevertClaims, item: Landed) -> None:
        announced = item.wording.titles or _REVERTING.search(item.marks.branch)
        reverts.speaks = reverts.speaks or bool(announced)
        for title in item.wording.titles:
            if targets := (
                self._titles.before(reverts.revno, title, number_in(title))
                or self._titles.merged_before(reverts.revno, title)
            ):
                reverts.guessed.append(targets[0])
                break
        for text in item.wording.ids:
            if text in self._worded_ids:
                target = self._commits.landing(self._worded_ids[text], reverts.revno)
                if isinstance(target, int) and target < reverts.revno:
                    reverts.guessed.append(target)
        for request in _request_of_branch(item, self._context.deployed):
            reverts.guessed += self._bearing(request, reverts.revno)[:1]

        self._by_number(reverts, item)

    def _by_number(self, reverts: RevertClaims, item: Landed) -> None:
        # what stands in front of the words ("ABC-2: Back out ABC-1") is the landing's own
        titles = item.wording.titles
        keys = [
            bug for bug in item.landing.own_bugs if is_key(bug) and any(_names(each, bug) for each in titles)
        ]
        for number in (*item.wording.numbers, *(f"bug {key}" for key in keys)):
            if targets := self._numbers.before(reverts.revno, number):
                reverts.numbered.append(RevertClaim(targets[:CANDIDATES]))

    def by_revno(self, item: Landed) -> list[int]:
        """What free text calls `r12`: in a mirror of Subversion these are revisions of there."""
        named, revno = item.marks.hints, item.landing.revno
        if named and self._svn is not None:
            named = tuple(self._svn[each] for each in named if each in self._svn)
        return [target for target in named if 0 < target < revno]

    def _bearing(self, request: str, before: int) -> tuple[int, ...]:
        return tuple(target for target in reversed(self._by_request[request]) if target < before)


def _names(title: str, key: str) -> bool:
    """ABC-12 does not name ABC-1."""
    return re.search(rf"\b{re.escape(key)}\b", title) is not None


def _request_of_branch(item: Landed, deployed: int) -> list[str]:
    """GitHub names the branch of a revert `revert-12-…`."""
    match = _REVERT_BRANCH.search(item.marks.branch) if item.landing.revno > deployed else None
    return [f"#{int(match[1])}"] if match else []


class _Titles:
    """Landings by title: those since D (docs/rules.md#undone), for a revert in the window.

    For one that production runs "since D" cannot be asked any more, and what it undid must not come back to
    life when production reaches it: for those the landings just before. Each message is read once.
    """

    def __init__(self, context: Context, naming: Iterable[Landed]) -> None:
        self._context = context
        self._live = [item.landing.revno for item in naming if item.landing.revno <= context.deployed]

    @cached_property
    def _titles(self) -> dict[int, str]:
        context = self._context
        titles = {revno: landing.title for revno, landing in context.earlier.items()}
        titles |= {item.landing.revno: item.landing.title for item in context.landed}
        wanted = {each for live in self._live for each in range(max(1, live - TITLE_REACH), live)}
        for first, last in runs(sorted(wanted - titles.keys())):
            titles |= titles_between(context.git, context.mainline, first, last, context.reader)
        return titles

    @cached_property
    def _by_key(self) -> dict[tuple[int, str], list[int]]:
        by_key: dict[tuple[int, str], list[int]] = {}
        for revno in sorted(self._titles):
            by_key.setdefault(title_key(self._titles[revno]), []).append(revno)
        return by_key

    def merged_before(self, revno: int, title: str) -> tuple[int, ...]:
        """The merges in the window that give this title to what they merged, newest first; for hints."""
        same = self._by_merged.get(title_key(title), [])
        return tuple(reversed(same[: bisect_left(same, revno)]))

    @cached_property
    def _by_merged(self) -> dict[tuple[int, str], list[int]]:
        context = self._context
        tip = len(context.mainline)
        first = max(context.deployed, tip - MERGED_REACH) + 1
        titles = merged_titles(context.git, context.mainline, first, tip, context.reader)
        by_key: dict[tuple[int, str], list[int]] = {}
        for revno in sorted(titles):
            by_key.setdefault(title_key(titles[revno]), []).append(revno)
        return by_key

    def before(self, revno: int, title: str, number: str) -> tuple[int, ...]:
        """The landings that a later one may mean by this title, newest first.

        With a number, those are left out that have another one.
        """
        deployed = self._context.deployed
        low = deployed + 1 if revno > deployed else max(1, revno - TITLE_REACH)
        same = self._by_key.get(title_key(title), [])
        targets = same[bisect_left(same, low) : bisect_left(same, revno)]
        if number:
            targets = [each for each in targets if number_in(self._titles[each]) in ("", number)]
        return tuple(reversed(targets))
