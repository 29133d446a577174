"""Promotions of a `Project` in this process, and trackers that change in the middle of a run."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import ShepherdError
from shepherd.plans.promotion import Promotion, PromotionOrder
from shepherd.snapshot import Snapshot
from shepherd.stages.promote import promote_branch
from shepherd.stages.rehearsal import rehearsal
from shepherd.store import Database, Journal, JournalEntry
from shepherd.trackers import Tracker, open_tracker
from shepherd.values import parse_rev
from shepherd.words import Item, TrackerData
from tests.project import Project

PROMOTE = 'promote = { ref = "released" }'


def ready(folder: Path, branch: str = PROMOTE, **settings: str) -> tuple[Project, list[str]]:
    """r1 live and promoted, r2 and r3 good, r4 needs testing, r5 good."""
    project = Project(folder, branch=branch, **settings)
    ids = project.land("[no-qa] One", "[bug=2] Two", "[no-qa] Three", "[bug=4] Four", "[no-qa] Five")
    for ref in ("production", *(["released"] if "released" in branch else [])):
        project.repo.set_ref(ref, ids[0])
    project.tag(2, "qa-ok")
    project.tag(4, "qa-needstesting")
    return project, ids


def promote(
    project: Project, to: str = "", *, dry: bool = False, shown: list[Promotion] | None = None, **order: Any
) -> tuple[Promotion | None, Snapshot]:
    """`inv promote`, short of lock and text; who gives a `despite` has looked at the answer before."""
    if order.get("despite"):
        with suppress(ShepherdError):
            project.look()
    run = project.run("promote")
    rev = parse_rev(to) if to else None
    show = shown.append if shown is not None else lambda _plan: None
    if dry:
        with rehearsal(project.settings) as scratch:
            return promote_branch(scratch, "stable", run, rev, PromotionOrder(**order), show, dry=True)
    return promote_branch(project.settings, "stable", run, rev, PromotionOrder(**order), show)


def released(project: Project, ref: str = "released") -> str:
    """The commit of the promoted ref; empty if it is not there."""
    return project.repo.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{ref}")


def entries(project: Project, *kinds: str) -> list[JournalEntry]:
    database = Database.of(project.settings)
    try:
        with database.begin() as connection:
            return Journal(connection, "stable").entries(*kinds)
    finally:
        database.close()


def moves(project: Project) -> list[tuple[Any, int, str]]:
    """(from, to, who) of each entry about a move of the promoted ref."""
    found = [entry for entry in entries(project, "promoted") if "from" in entry.data]
    return [(entry.data["from"], entry.data["revno"], entry.who) for entry in found]


class Meddled:
    """The project's own tracker; somebody acts right before, or right after, each time it is read."""

    def __init__(self, inner: Tracker, before: Callable[[], None], after: Callable[[], None]) -> None:
        self._inner, self._before, self._after = inner, before, after

    def read(self, items: Collection[Item], revnos: Collection[int], memory: bytes = b"") -> TrackerData:
        self._before()
        try:
            return self._inner.read(items, revnos, memory)
        finally:
            self._after()

    def probe(self) -> str:
        return self._inner.probe()


def meddle(
    monkeypatch: pytest.MonkeyPatch,
    before: Callable[[], None] = lambda: None,
    after: Callable[[], None] = lambda: None,
) -> None:
    monkeypatch.setattr(
        "shepherd.stages.evidence.open_tracker",
        lambda settings, **how: Meddled(open_tracker(settings, **how), before, after),
    )
