"""`archive`: every landing that is live -> the archive in the database, newest first, a part in each run
(docs/architecture.md#a-landing-that-is-live).

It works below what production runs, where nothing changes any more: what a landing there undoes follows from
the history below it. Who undid it is not kept, but found when somebody asks, from all that landed later.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from msgspec.structs import replace

from shepherd.errors import SourceError
from shepherd.git.branch_reading import OtherMainline, checksum
from shepherd.git.branch_sources import RULES
from shepherd.git.lookup import WholeMainline
from shepherd.landing import Revision
from shepherd.run import Run
from shepherd.settings import Settings, keys_of, project_of
from shepherd.stages.older_folder import page_files, remove_pages, written
from shepherd.stages.older_pages import write_pages
from shepherd.stages.state import BranchSource, sum_of
from shepherd.store import BranchStore, Database
from shepherd.store.older import ArchivedLanding, ArchiveSpan
from shepherd.store.tables import CACHE_LAYOUT
from shepherd.store.wholeness import loss
from shepherd.values import count
from shepherd.views.older import first_of

BATCH = 2_000
"""Landings that are read and kept at once: a run that is killed loses no more."""

_NAMED = 5
"""Pages that `--dry-run` names."""

Progress = Callable[[int, int], None]
"""progress(done, of): landings that the archive holds, and how many there are."""


def archive_branch(
    settings: Settings,
    branch: str,
    run: Run,
    *,
    seconds: float = float("inf"),
    progress: Progress | None = None,
    dry: bool = False,
) -> str:
    """Bring the archive of a branch up to what production runs, then further down for about `seconds`.
    Returns a line about it.

    Raises:
        NoAnswerError: there is no database yet. SourceError: git cannot be read. StoreError.
    """
    end = monotonic() + seconds
    with Database.of(settings, read_only=dry) as database:
        with database.branch(branch) as store:
            source = store.cache.fact("source", BranchSource)
            span, lost = store.older.span(), loss(store.journal, settings, branch)
            size = span.size if span else 0
        reading = source.reading if source is not None and not source.problem else None
        if reading is None or lost is not None:
            return f"{branch}: nothing is archived while there is no data"
        live = Revision(reading.deployed.revno, reading.deployed.id)
        with database.branch(branch) as store:
            stored = span = _left(store, span, live)
        taken = size - (span.size if span else 0)
        if dry:
            return _plan(settings, branch, database, span, live, taken)
        # what is not live any more goes first, whether git can be read or not
        pages = _give_up(settings, branch, database, span, live, run.now, taken=bool(taken))
        if not live.revno:
            line = f"{branch}: production runs no landing yet, so there is nothing to archive"
            return f"{line}; took out {count(taken, 'landing')}" if taken else line
        archiving = _Archiving(settings, branch, database)
        span = archiving.usable(span, live)
        archiving.remove_lost_pages(live)
        before = span.size if span else 0
        while span is None or span.top != live or not span.complete:
            span = archiving.further(span, live)
            if progress is not None:
                progress(span.size, live.revno)
            if monotonic() >= end:
                break
        with database.branch(branch) as store:
            if span != stored:
                store.older.add([], span)
            pages += write_pages(settings, branch, store, run.now) if span.top == live else 0
    added = span.size - before
    if added or pages:
        run.tell("archive", branch=branch, added=added, first=span.bottom, last=span.top.revno, pages=pages)
    return _line(branch, span, added, pages, taken)


def _left(store: BranchStore, span: ArchiveSpan | None, live: Revision) -> ArchiveSpan | None:
    """What the archive would hold without all that is not live any more, as far as it knows itself."""
    if span is None or live.revno > span.top.revno:
        return span
    there = store.older.numbered({live.revno})
    return replace(span, top=live) if there and there[0].id == live.id else None


def _give_up(
    settings: Settings,
    branch: str,
    database: Database,
    span: ArchiveSpan | None,
    live: Revision,
    now: datetime,
    *,
    taken: bool,
) -> int:
    """Take out of the archive, and from the pages, what is not live any more; how many pages were written."""
    with database.branch(branch) as store:
        if taken and span is None:
            store.older.clear()
        elif taken and span is not None:
            store.older.cut(live, span)
        shown = written(settings, branch).top
        if span is not None and span.top == live and shown is not None and shown.revno >= live.revno != 0:
            return write_pages(settings, branch, store, now) if shown != live else 0
    if not live.revno or shown is None or shown.revno > live.revno:
        remove_pages(settings, branch)
    return 0


def mainline_of(settings: Settings, branch: str) -> WholeMainline:
    """The mainline as the last `find` fetched it. Raises SourceError."""
    config = settings.branches[branch]
    return WholeMainline(
        config,
        settings.place(config.repository),
        settings.state_path / "mirrors",
        project=project_of(settings, config),
        key_projects=keys_of(settings, config),
        others=[
            OtherMainline(settings.place(other.repository), other.ref)
            for name, other in settings.branches.items()
            if name != branch
        ],
    )


class _Archiving:
    """One branch, at work."""

    def __init__(self, settings: Settings, branch: str, database: Database) -> None:
        self._all = settings
        self._branch = branch
        self._database = database
        self._line = mainline_of(settings, branch)
        self._settings = sum_of(settings, branch)
        self._read_by = _sum_of_reading(settings, branch, self._line)

    def usable(self, span: ArchiveSpan | None, live: Revision) -> ArchiveSpan | None:
        """What can stay: nothing where it was read by other settings, or from what the mainline has lost."""
        if span is None or span.read_by != self._read_by:
            return None
        if not {*span.unrecognised} <= {*self._line.unrecognised}:
            # whose landings are whose is known by now
            return None
        # the same commit has the same history
        there = span.top == live or self._line.has(span.top)
        return replace(span, settings=self._settings) if there else None

    def pages_lost(self, live: Revision) -> bool:
        """Whether the web pages show what the mainline has lost."""
        shown = written(self._all, self._branch).top
        return shown is not None and shown != live and not self._line.has(shown)

    def remove_lost_pages(self, live: Revision) -> None:
        if self.pages_lost(live):
            remove_pages(self._all, self._branch)

    def further(self, span: ArchiveSpan | None, live: Revision) -> ArchiveSpan:
        """Take in the next part, in one transaction."""
        if not self._line.has(live):
            raise SourceError(
                f"{self._branch}: the mainline has changed since it was read, and lacks r{live.revno}"
                f" {live.id[:12]}: inv find"
            )
        if span is None:
            first, last = max(1, live.revno - BATCH + 1), live.revno
            new = ArchiveSpan(self._read_by, self._settings, live, first)
        elif span.top.revno < live.revno:
            first, last = span.top.revno + 1, min(span.top.revno + BATCH, live.revno)
            new = replace(span, top=Revision(last, self._line.mainline.id(last)))
        else:
            first, last = max(1, span.bottom - BATCH), span.bottom - 1
            new = replace(span, bottom=first)
        unrecognised = {*(span.unrecognised if span else ()), *self._line.unrecognised}
        new = replace(new, unrecognised=tuple(sorted(unrecognised)))
        landed = self._line.read(first, last)
        landings = self._line.undone(landed)
        archived = [
            ArchivedLanding(landing, item.brought) for landing, item in zip(landings, landed, strict=True)
        ]
        with self._database.branch(self._branch) as store:
            if span is None:
                store.older.clear()
            store.older.add(archived, new)
        return new


def _sum_of_reading(settings: Settings, branch: str, line: WholeMainline) -> str:
    """Sum of everything but the history that a landing which is live is read by."""
    others = [(each.repository, each.ref) for name, each in settings.branches.items() if name != branch]
    config = settings.branches[branch]
    return checksum([RULES, CACHE_LAYOUT, line.reader.summed, config.repository, config.ref, others])


def _plan(
    settings: Settings, branch: str, database: Database, span: ArchiveSpan | None, live: Revision, taken: int
) -> str:
    """What would be done; `span`: what is left without the `taken` landings that are not live any more."""
    files = page_files(settings, branch)
    shown = written(settings, branch).top
    gone: set[str] = set()
    left = live.revno
    if live.revno:
        archiving = _Archiving(settings, branch, database)
        usable = archiving.usable(span, live)
        left -= usable.size if usable else 0
        back = shown is not None and shown.revno > live.revno
        if archiving.pages_lost(live) and (not back or span is None or span.top != live):
            gone = files
        elif back:
            gone = {name for name in files if first_of(name) > live.revno} if span else files
    else:
        gone = files
    would = [f"take {count(taken, 'landing')} out of the archive, as production does not run them"] * bool(
        taken
    )
    if left:
        would.append(f"archive {count(left, 'landing')}, as many as the time allows")
    if gone:
        would.append(
            f"remove {', '.join(sorted(gone)[:_NAMED])}" + (" and more" if len(gone) > _NAMED else "")
        )
    if would:
        return f"{branch}: would {'; '.join(would)}"
    if not live.revno:
        return f"{branch}: would archive nothing: production runs no landing yet"
    return f"{branch}: would archive nothing: it holds r1 to r{live.revno}"


def _line(branch: str, span: ArchiveSpan, added: int, written: int, taken: int) -> str:
    line = f"{branch}: archived {count(added, 'landing')}; it holds r{span.bottom} to r{span.top.revno}"
    if not span.complete:
        line += ", older ones follow with the next run"
    if taken:
        line += f"; took out {count(taken, 'landing')} that production does not run any more"
    return f"{line}; wrote {count(written, 'page')}" if written else line
