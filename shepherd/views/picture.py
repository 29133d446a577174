"""The picture of the window: one mark per landing, what is undone as bars, where things stand as lines.

It is drawn in tiles of one width that wrap like words, so that it fits a phone and a wide screen alike.
Beyond `MANY` landings the marks are too small to be aimed at: they are drawn as dashes, and a tile is one
link. What it shows stands in words next to it and in the table; so its links need no stop of the Tab key.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from markupsafe import Markup
from msgspec import Struct

from shepherd.snapshot import LandingEntry, Progress, Snapshot
from shepherd.views.words import PROGRESS, StateMark, span, standing

MANY = 250
"""Landings of a window that is drawn with dashes."""
RUNS_SHOWN = 60
"""Runs of landings in the same standing that are listed in words; a longer window has its counts."""

_WIDTH = 360
"""Of a tile, in CSS pixels before it is scaled."""
_STEP, _SMALL_STEP = 18, 4
"""From one mark to the next."""
_LETTER = 6.6
"""Width of a letter of a label, about."""
_LANE = 14
_BARS = 3
"""Bars that are drawn below each other; more share the last place."""


class PictureLine(Struct, frozen=True):
    """Where something stands: after landing `revno`, between two marks."""

    revno: int
    name: str
    kind: str


class Legend(Struct, frozen=True):
    """How many landings of the window stand alike."""

    progress: Progress
    mark: Progress
    name: str
    count: int


class Picture(Struct, frozen=True):
    """What the page shows of the window at one glance."""

    tiles: Markup
    legend: list[Legend]
    words: list[str]
    """The same, oldest first; a few that are counts where the window is long."""
    lines: list[PictureLine]
    dense: bool


def picture(snapshot: Snapshot) -> Picture | None:
    """The landings after what production runs, oldest first; None where there are none."""
    deployed = snapshot.deployed.revno if snapshot.deployed is not None else 0
    window = sorted((e for e in snapshot.landings if e.revno > deployed), key=lambda entry: entry.revno)
    if not window:
        return None
    dense = len(window) > MANY
    counts = Counter(_alike(entry) for entry in window)
    order = {progress: place for place, progress in enumerate(PROGRESS)}
    lines = list(_lines(snapshot, deployed))
    return Picture(
        tiles=Markup("".join(_tiles(window, lines, dense))),  # noqa: S704  # made of numbers and our own words
        legend=[
            Legend(progress, mark, name, number)
            for (progress, mark, name), number in sorted(
                counts.items(), key=lambda item: (order[item[0][0]], order[item[0][1]])
            )
        ],
        words=_words(window),
        lines=lines,
        dense=dense,
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


def _tiles(window: Sequence[LandingEntry], lines: Sequence[PictureLine], dense: bool) -> Iterator[str]:
    step = _SMALL_STEP if dense else _STEP
    size = _WIDTH // step
    place = {entry.revno: number for number, entry in enumerate(window)}
    # a line stands behind its landing; production's before the first
    at = {line.revno: bisect_right(window, line.revno, key=lambda entry: entry.revno) for line in lines}
    bars = _bars(window, place)
    lanes = _lanes(lines, at, step, size)
    head = _LANE * (max(lanes.values(), default=-1) + 1) + 2
    tall = 18
    foot = 5 * (max((lane for *_, lane in bars), default=-1) + 1)
    height = head + tall + foot + 14
    live_until = max((at[line.revno] for line in lines if line.kind == "deployable"), default=0)
    for start in range(0, len(window), size):
        part = window[start : start + size]
        end = start + len(part)
        last = end == len(window)
        width = step * len(part)
        drawn = [
            f'<svg width={max(width, 60) if last else width} height={height} viewBox="0 0 '
            f'{max(width, 60) if last else width} {height}">'
        ]
        if live_until > start:
            drawn.append(
                f"<rect class=go width={step * (min(live_until, end) - start)} y={head} height={tall} />"
            )
        drawn += [
            _bar(bar, start, end, step, head + tall) for bar in bars if bar[0] < end and bar[1] >= start
        ]
        if dense:
            drawn.append(f"<a href=#r{part[-1].revno} tabindex=-1>")
            drawn.append(f"<rect class=all width={width} height={tall} y={head} />")
            drawn += _dashes(part, step, head + tall // 2)
            drawn.append("</a>")
        else:
            drawn += [
                f"<a href=#r{e.revno} tabindex=-1><use href=#m-{_stands(e).mark} x={step * n} y={head} /></a>"
                for n, e in enumerate(part)
            ]
        for line in lines:
            tile, inside = _tile_of(at[line.revno], size)
            if tile == start // size:
                drawn.append(_line(line, inside, step, lanes[line.revno], size, head, tall))
        drawn.append(f"<text y={height - 2}>r{part[0].revno}</text></svg>")
        yield "".join(drawn)


def _line(line: PictureLine, at: int, step: int, lane: int, size: int, head: int, tall: int) -> str:
    x, y = at * step, _LANE * lane + 11
    side = " text-anchor=end" if _leftward(at, size) else ""
    return (
        f'<path class="line {line.kind}" d="M{x} {y - 9}V{head + tall}"/>'
        f'<text class="{line.kind}" x={x - 3 if side else x + 3} y={y}{side}>{escape(line.name)}</text>'
    )


def _lanes(lines: Sequence[PictureLine], at: dict[int, int], step: int, size: int) -> dict[int, int]:
    """Labels that would run into each other stand below each other: revno -> which place from above."""
    taken: list[list[tuple[float, float]]] = []
    lanes = {}
    for line in lines:
        left, right = _room(line, at[line.revno], step, size)
        free = (
            lane
            for lane, others in enumerate(taken)
            if all(left > end or right < begin for begin, end in others)
        )
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((left, right))
        lanes[line.revno] = lane
    return lanes


def _room(line: PictureLine, at: int, step: int, size: int) -> tuple[float, float]:
    """From where to where a label reaches, had all tiles stood in one line."""
    tile, inside = _tile_of(at, size)
    x = tile * _WIDTH + inside * step
    wide = len(line.name) * _LETTER + 6
    return (x - wide, x) if _leftward(inside, size) else (x, x + wide)


def _tile_of(at: int, size: int) -> tuple[int, int]:
    """The tile of a line behind `at` landings, and its place there; one between two ends the first."""
    tile = max(at - 1, 0) // size
    return tile, at - tile * size


def _leftward(inside: int, size: int) -> bool:
    return inside > size // 2


def _bars(window: Sequence[LandingEntry], place: dict[int, int]) -> list[tuple[int, int, int]]:
    """First and last place of what one rollback undid, and the lane: those that overlap lie side by side."""
    undone: dict[int, list[int]] = {}
    for entry in window:
        if entry.undone_by is not None:
            undone.setdefault(entry.undone_by, []).append(place[entry.revno])
    bars: list[tuple[int, int, int]] = []
    ends: list[int] = []
    for places in sorted(undone.values()):
        for first, last in _ranges(places):
            lane = next((n for n, end in enumerate(ends) if end < first), len(ends))
            lane = min(lane, _BARS - 1)
            if lane == len(ends):
                ends.append(last)
            ends[lane] = max(ends[lane], last)
            bars.append((first, last, lane))
    return bars


def _ranges(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    first = previous = places[0]
    for place in places[1:]:
        if place != previous + 1:
            yield first, previous
            first = place
        previous = place
    yield first, previous


def _bar(bar: tuple[int, int, int], start: int, end: int, step: int, top: int) -> str:
    first, last, lane = bar
    left, right = (max(first, start) - start) * step, (min(last + 1, end) - start) * step
    return f"<rect class=undone x={left + 1} y={top + 5 * lane + 1} width={right - left - 2} height=3 />"


_TALL = {"bad": 18, "needs-qa": 14, "orphan": 14, "unknown": 14, "not-on-qa-yet": 8, "rolled-back": 2}
"""Height of a dash; what needs somebody stands out by shape, too."""


def _dashes(part: Sequence[LandingEntry], step: int, middle: int) -> Iterator[str]:
    """Runs of marks of one kind as one dashed line each."""
    paths: dict[str, list[str]] = {}
    number = 0
    for mark, group in groupby(part, key=lambda e: _stands(e).mark):
        length = sum(1 for _ in group)
        paths.setdefault(mark, []).append(f"M{number * step} {middle}h{length * step}")
        number += length
    for drawn, moves in paths.items():
        tall = _TALL.get(drawn, 6)
        yield f'<path class="dash {drawn}" stroke-width={tall} d="{"".join(moves)}"/>'
