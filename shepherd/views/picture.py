"""The picture of the window: what is drawn of it (`columns`, `tiles`), and the same in words."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from markupsafe import Markup
from msgspec import Struct

from shepherd.snapshot import LandingEntry, Progress, Snapshot
from shepherd.views.columns import columns
from shepherd.views.picture_lines import PictureLine
from shepherd.views.tiles import Tiles, sample
from shepherd.views.words import PROGRESS, StateMark, span, standing

RUNS_SHOWN = 60
"""Runs of landings in the same standing that are listed in words; a longer window has its counts."""


class Legend(Struct, frozen=True):
    """How many landings of the window stand alike."""

    progress: Progress
    mark: Progress
    name: str
    count: int
    sample: Markup
    """What is drawn for one of them."""


class Picture(Struct, frozen=True):
    """What the page shows of the window at one glance."""

    tiles: Markup
    legend: list[Legend]
    words: list[str]
    """The same, oldest first; a few that are counts where the window is long."""
    lines: list[PictureLine]
    dense: bool
    """Landings have dashes or columns, not marks that can be aimed at."""
    each: int
    """Landings of one column."""
    folds: bool
    """A long run of landings that stand alike is one bar."""
    bars: bool
    """Something was rolled back, and has a bar below."""


def picture(snapshot: Snapshot) -> Picture | None:
    """The landings after what production runs, oldest first; None where there are none."""
    deployed = snapshot.deployed.revno if snapshot.deployed is not None else 0
    window = sorted((e for e in snapshot.landings if e.revno > deployed), key=lambda entry: entry.revno)
    if not window:
        return None
    lines = list(_lines(snapshot, deployed))
    # a line stands behind its landing; production's before the first
    at = {line.revno: bisect_right(window, line.revno, key=lambda entry: entry.revno) for line in lines}
    shared = columns([_stands(entry).mark for entry in window], set(at.values()))
    tiles = Tiles(window, shared, lines, at)
    counts = Counter(_alike(entry) for entry in window)
    order = {progress: place for place, progress in enumerate(PROGRESS)}
    return Picture(
        tiles=Markup("".join(tiles.drawn())),  # noqa: S704  # what is not ours in it is escaped there
        legend=[
            Legend(progress, mark, name, number, Markup(sample(mark, shared)))  # noqa: S704  # our own words
            for (progress, mark, name), number in sorted(
                counts.items(), key=lambda item: (order[item[0][0]], order[item[0][1]])
            )
        ],
        words=_words(window),
        lines=lines,
        dense=shared.dense,
        each=shared.each,
        folds=any(slot.folded for slot in shared.slots),
        bars=tiles.bars,
    )


def _stands(entry: LandingEntry) -> StateMark:
    return standing(entry.progress, entry.state)


def _alike(entry: LandingEntry) -> tuple[Progress, Progress, str]:
    """What landings share that are counted together."""
    stands = _stands(entry)
    return stands.progress, stands.mark, stands.group


def _lines(snapshot: Snapshot, deployed: int) -> Iterator[PictureLine]:
    """What stands at the same place shares one line."""
    places: dict[int, list[tuple[str, str]]] = {deployed: [("production", "live")]}
    for name, kind, rev in (
        ("promoted", "promoted", snapshot.promoted),
        ("deployable", "deployable", snapshot.deployable),
        ("on QA", "qa", snapshot.on_qa),
        ("newest", "tip", snapshot.tip),
    ):
        if rev is not None and rev.revno >= deployed:
            places.setdefault(rev.revno, []).append((name, kind))
    for revno, names in sorted(places.items()):
        yield PictureLine(revno, f"{', '.join(name for name, _ in names)} r{revno}", names[0][1])


def _words(window: Sequence[LandingEntry]) -> list[str]:
    runs = []
    for (group, undone_by), landings in groupby(window, key=lambda e: (_stands(e).group, e.undone_by)):
        run = list(landings)
        by = f" by r{undone_by}" if undone_by is not None else ""
        runs.append(f"{span(run[0].revno, run[-1].revno)}: {group}{by}")
    return runs if len(runs) <= RUNS_SHOWN else []
