"""The archive as web pages: `report.directory/BRANCH-older/` (docs/feeds.md#older-landings).

A page is written only if what is on it has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from shepherd import __version__
from shepherd.atomic import public_folder, write_atomically
from shepherd.commands import as_called
from shepherd.git.branch_reading import checksum
from shepherd.rules.undoing import Undoing
from shepherd.settings import Settings
from shepherd.stages.history import RevisionMoves, story_of
from shepherd.stages.older_folder import (
    NOTES,
    WrittenPages,
    folder,
    page_files,
    remove_files,
    remove_pages,
    written,
)
from shepherd.stages.recorded import covers
from shepherd.stages.timeline import landed_at
from shepherd.store import BranchStore
from shepherd.store.older import ArchiveSpan
from shepherd.story import Story
from shepherd.views import older as view
from shepherd.views.templates import pages
from shepherd.words import is_key, item_name, item_order


class _OlderPage(NamedTuple):
    """A page that may have to be written."""

    name: str
    made_of: str
    text: str | None
    """None: it is as it was."""


def write_pages(settings: Settings, branch: str, store: BranchStore, now: datetime) -> int:
    """Write the pages on which something has changed; how many. Those that are not true any more are removed.

    Raises:
        StoreError: a file cannot be written; those that are there stay whole.
    """
    span = store.older.span()
    if span is None:
        return 0
    before, files = written(settings, branch), page_files(settings, branch)
    if before.top is None and files:
        # nobody knows what they say
        remove_pages(settings, branch)
        files = set()
    site = _Site(settings, branch, store, span, before, files, now)
    if before.made_of == site.made_of:
        return 0
    directory = folder(settings, branch)
    public_folder(directory)
    begun = span.bottom if before.begun is None else min(before.begun, span.bottom)
    _note(directory, replace(before, top=before.top or span.top, made_of="", begun=begun))
    sums: dict[str, str] = {}
    changed = 0
    for page in site.pages():
        sums[page.name] = page.made_of
        if page.text is not None:
            write_atomically(directory / page.name, as_called(page.text).encode("utf-8", "replace"))
            changed += 1
    sums |= {name: before.sums.get(name, "") for name in site.kept_files}
    remove_files(directory, sorted(page_files(settings, branch) - sums.keys()))
    there = site.there if site.there.shas else None
    _note(
        directory, WrittenPages(span.top, there, site.made_of, sums, tuple(site.ranges), site.said_undone())
    )
    return changed


def _note(directory: Path, notes: WrittenPages) -> None:
    write_atomically(directory / NOTES, msgspec.json.encode(notes))


class _Site:
    """All pages of one branch."""

    def __init__(
        self,
        settings: Settings,
        branch: str,
        store: BranchStore,
        span: ArchiveSpan,
        before: WrittenPages,
        files: Set[str],
        now: datetime,
    ) -> None:
        self._branch = branch
        self._older = store.older
        self._span = span
        self._before = before
        self._files = files
        self._now = now
        self._oldest = -(-(span.bottom - 1) // view.SIZE) * view.SIZE + 1
        """Where the oldest page begins that is archived down to its first landing."""
        self._words = covers(store.journal)
        self._moves = RevisionMoves(store.journal, span.top.revno)
        tracker = settings.tracker_of(branch)
        self._rows = view.StoryRows(tracker.bug_url, tracker.request_url)
        self._base = checksum(
            [
                *(__version__, str(pages().globals["policy"]), tracker.bug_url, tracker.request_url),
                *(span.read_by, span.unrecognised),
            ]
        )
        moved = [[entry.seq for entry in store.journal.entries(kind)] for kind in ("deployed", "promoted")]
        self.made_of = checksum([self._base, span.top, span.bottom, self._words, moved])
        self.there = view.OlderPages(view.folder_of(branch), span.top.revno + 1, span.top.revno, (), ())
        """Complete once the pages are made."""
        self.ranges: list[view.RangeSummary] = []
        """The same."""
        self.kept_files: set[str] = set()
        """The same: what stays as it is, as the archive was begun again and what is there is not wrong."""
        self._undone_by: dict[int, int] = {}

    def pages(self) -> Iterator[_OlderPage]:
        """Every page that there is to be, one at a time."""
        self._undone_by = undone_by = self._found_undone()
        kept = self._kept()
        followed = bool(kept) and kept[0].first + view.SIZE == self._oldest
        ranges = self.ranges
        newest, _ = view.range_of(self._span.top.revno)
        # one that is not archived down to its first landing has to wait
        for first in range(newest, self._oldest - 1, -view.SIZE):
            revnos = range(first, min(first + view.SIZE - 1, self._span.top.revno) + 1)
            ends = self._older.numbered({revnos[0], revnos[-1]})
            undone = {revno: undone_by[revno] for revno in revnos if revno in undone_by}
            since, until = (landed_at(each, self._now) for each in (ends[0], ends[-1]))
            ranges.append(view.RangeSummary(first, revnos[-1], since, until, len(undone)))
            yield self._range(revnos, ends[-1].id, undone, oldest=first == self._oldest and not followed)
        if not ranges and not kept:
            return
        if kept and self._before.there:
            ranges += kept
            lists = {*map(view.sha_file, self._before.there.shas)}
            lists |= {*map(view.number_file, self._before.there.blocks)}
            lists |= {*map(view.branch_file, self._before.there.branches)}
            self.kept_files = {*(view.range_file(each.first) for each in kept), *lists} & self._files
            self.there = replace(self._before.there, last=ranges[0].last)
        else:
            yield from self._lists(ranges[-1].first)
        index = view.older_index(self._branch, ranges, self.there)
        yield self._page("index.html", checksum([index]), lambda: index)

    def _kept(self) -> list[view.RangeSummary]:
        """The pages of landings that are not archived again yet, newest first, and that say nothing wrong:
        what is archived undoes none of those on them but what they say is undone. All, or none: the lists
        lead to all of them."""
        before = self._before
        if before.there is None or before.top is None or before.top.revno > self._span.top.revno:
            return []
        if before.begun is not None and before.begun < self._span.bottom:
            return []
        kept = [each for each in before.ranges if each.first < self._oldest]
        if not kept or not {view.range_file(each.first) for each in kept} <= self._files:
            return []
        said, found = (
            {revno: by for revno, by in undone.items() if revno < self._oldest and by >= self._span.bottom}
            for undone in (before.undone_by, self._undone_by)
        )
        return kept if said == found else []

    def said_undone(self) -> dict[int, int]:
        """What all pages that there are now say is undone, and by which."""
        below = {revno: by for revno, by in self._before.undone_by.items() if revno < self._oldest}
        above = {revno: by for revno, by in self._undone_by.items() if revno >= self._oldest}
        return (below if self.kept_files else {}) | above

    def _lists(self, oldest: int) -> Iterator[_OlderPage]:
        """Those by commit, by number and by branch."""
        shas, blocks = [], []
        commits = [each for each in self._older.commits() if each[1] >= oldest]
        for digits, group in groupby(commits, lambda each: each[0][:2]):
            shas.append(digits)
            yield self._list(view.sha_file(digits), f"commits {digits}…", _commit_lines(group))
        items = [each for each in self._older.items() if each[1] >= oldest]
        items.sort(key=lambda each: (item_order(each[0])[::-1], each[1]))
        for block, group in groupby(items, lambda each: view.block_of(item_order(each[0])[-1])):
            blocks.append(block)
            what = f"bugs and requests {block} to {block + view.SIZE - 1}"
            yield self._list(view.number_file(block), what, _item_lines(group))
        initials = []
        branches = [each for each in self._older.branches() if each[1] >= oldest]
        branches.sort(key=lambda each: (view.initial_of(each[0]), *each))
        for initial, group in groupby(branches, lambda each: view.initial_of(each[0])):
            initials.append(initial)
            yield self._list(view.branch_file(initial), f"branches {initial}…", _branch_lines(group))
        self.there = replace(
            self.there, first=oldest, shas=tuple(shas), blocks=tuple(blocks), branches=tuple(initials)
        )

    def _found_undone(self) -> dict[int, int]:
        """Of the landings that are archived, those that a later one has undone, and by which."""
        named = {sha for word in self._words for sha in (word.target, word.by) if sha}
        spoken_of = self._older.numbered(set(self._older.with_commits(named).values()))
        undoing = self._older.undoing(self._span.bottom)
        landings = {landing.revno: landing for landing in (*spoken_of, *undoing)}
        return Undoing([landings[revno] for revno in sorted(landings)], self._words).undone_by()

    def _range(self, revnos: range, newest_id: str, undone: Mapping[int, int], *, oldest: bool) -> _OlderPage:
        newest = revnos[-1] == self._span.top.revno
        promotions = map(self._moves.promotion, revnos)
        since = list(map(self._moves.live_since, revnos))
        promoted = [(move.at, move.who) if move else None for move in promotions]
        made_of = checksum(
            [self._base, revnos[0], revnos[-1], newest, oldest, newest_id, undone, since, promoted]
        )
        return self._page(
            view.range_file(revnos[0]),
            made_of,
            lambda: view.range_page(
                self._branch,
                revnos[0],
                self._rows,
                self._stories(revnos, undone),
                newest=newest,
                oldest=oldest,
            ),
        )

    def _stories(self, revnos: range, undone: Mapping[int, int]) -> list[Story]:
        landings = self._older.between(revnos[0], revnos[-1])
        return [
            story_of(each, self._moves, now=self._now, in_production=True, undone_by=undone.get(each.revno))
            for each in reversed(landings)
        ]

    def _list(self, name: str, what: str, lines: Sequence[view.ListedName]) -> _OlderPage:
        made_of = checksum([self._base, what, lines])
        return self._page(name, made_of, lambda: view.list_page(self._branch, what, lines))

    def _page(self, name: str, made_of: str, render: Callable[[], str]) -> _OlderPage:
        # where a writer was killed, they do not tell
        known = self._before.sums if self._before.begun is None else {}
        same = known.get(name) == made_of and name in self._files
        return _OlderPage(name, made_of, None if same else render())


def _commit_lines(commits: Iterable[tuple[str, int]]) -> list[view.ListedName]:
    return [
        view.ListedName(f"c{sha[: view.ABBREVIATED]}", sha[: view.ABBREVIATED], (revno,))
        for sha, revno in commits
    ]


def _branch_lines(branches: Iterable[tuple[str, int]]) -> list[view.ListedName]:
    """A line for each branch; some names are merged again and again."""
    return [
        view.ListedName("", name, tuple(revno for _, revno in group))
        for name, group in groupby(branches, lambda each: each[0])
    ]


def _item_lines(items: Iterable[tuple[str, int]]) -> list[view.ListedName]:
    """A line for each bug or request; a key can be led to by itself, of the others the first of each number
    by that number."""
    lines: list[view.ListedName] = []
    numbers: set[int] = set()
    for item, group in groupby(items, lambda each: each[0]):
        number = item_order(item)[-1]
        id = item if is_key(item) else "" if number in numbers else f"n{number}"
        if not is_key(item):
            numbers.add(number)
        lines.append(view.ListedName(id, item_name(item), tuple(revno for _, revno in group)))
    return lines
