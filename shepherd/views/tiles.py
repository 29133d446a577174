"""The picture as SVG, in tiles of one width that wrap like words, so that it fits a phone and a wide screen.

The landings stand in the slots that `columns` gives them, what was undone as bars below, where things stand
as lines. What it shows stands in words next to it and in the table; so its links need no stop of the Tab key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import NamedTuple

from shepherd.snapshot import LandingEntry, Progress
from shepherd.views.clean import clean
from shepherd.views.columns import WIDTH, Columns, Slot, fold_label
from shepherd.views.condition_html import in_few_words
from shepherd.views.picture_lines import PictureLine, Spot, lanes, leftward
from shepherd.views.words import PROGRESS, span, standing

TITLE_SHOWN, NAME_SHOWN = 50, 30
"""Characters of a landing's title, and of its person, that are shown when a mark is pointed at."""

_TALL = 24
"""Height of the marks."""
_LANE = 14
_LINE_UNDONE = 5
_BARS = 3
"""Bars that are drawn below each other; more share the last place."""
_NARROWEST = 60
"""Of the last tile: its number needs that."""

_DASHES: Mapping[Progress, int] = {
    "bad": 22,
    **dict.fromkeys(("needs-qa", "orphan", "unknown"), 16),
    **{"not-on-qa-yet": 9, "rolled-back": 2},
}
"""Height of a dash; what needs somebody stands out by shape, too."""
_DASH = 6
_PILES: tuple[tuple[Progress, tuple[Progress, ...]], ...] = (
    ("bad", ("bad", "unknown")),
    ("needs-qa", ("needs-qa", "orphan", "not-on-qa-yet")),
    ("waiting", ("waiting", "rolled-back")),
    ("deployable", ("deployable", "promoted", "live")),
)
"""The parts of a column from its foot, each with the marks that have its colour."""


class _Place(NamedTuple):
    """A slot, and where it is drawn."""

    slot: Slot
    tile: int
    left: int

    @property
    def right(self) -> int:
        return self.left + self.slot.width


class Tiles:
    """Draws one window.

    Args:
        at: line -> after how many landings it stands; every slot ends there or does not reach there.
    """

    def __init__(
        self,
        window: Sequence[LandingEntry],
        shared: Columns,
        lines: Sequence[PictureLine],
        at: Mapping[int, int],
    ) -> None:
        self._window = window
        self._shared = shared
        self._lines = lines
        self._marks = [standing(e.progress, e.state).mark for e in window]
        self._places = list(_laid_out(shared.slots))
        ends = {0: Spot(0, 0)} | {each.slot.end: Spot(each.tile, each.right) for each in self._places}
        self._at = {line.revno: ends[at[line.revno]] for line in lines}
        self._lanes = lanes(lines, self._at)
        self._bars = self._undone()
        self._head = _LANE * (max(self._lanes.values(), default=-1) + 1) + 2
        self._foot = _LINE_UNDONE * (max((lane for *_, lane in self._bars), default=-1) + 1)
        self._live_until = max((at[line.revno] for line in lines if line.kind == "deployable"), default=0)

    @property
    def bars(self) -> bool:
        """Whether anything is drawn as undone."""
        return bool(self._bars)

    def drawn(self) -> Iterator[str]:
        """One SVG for each tile."""
        last = self._places[-1].tile
        for tile, group in groupby(self._places, key=lambda place: place.tile):
            part = list(group)
            width = WIDTH if tile < last else max(part[-1].right, _NARROWEST)
            height = self._head + _TALL + self._foot + _LANE
            first = self._window[part[0].slot.begin]
            yield (
                f'<svg width={width} height={height} viewBox="0 0 {width} {height}">'
                f"{''.join(self._tile(tile, part))}<text y={height - 2}>r{first.revno}</text></svg>"
            )

    def _tile(self, tile: int, part: Sequence[_Place]) -> Iterator[str]:
        going = [place for place in part if place.slot.end <= self._live_until]
        if going:
            yield f"<rect class=go width={going[-1].right} y={self._head} height={_TALL} />"
        for first, last, lane in self._bars:
            reached = [place for place in part if place.slot.begin <= last and place.slot.end > first]
            if reached:
                left, right = reached[0].left, reached[-1].right
                y = self._head + _TALL + _LINE_UNDONE * lane + 1
                yield f"<rect class=undone x={left + 1} y={y} width={right - left - 2} height=3 />"
        if self._shared.dense:
            for folded, group in groupby(part, key=lambda place: place.slot.folded):
                places = list(group)
                yield from map(self._fold, places) if folded else [self._stretch(places)]
        else:
            yield from map(self._mark, part)
        for line in self._lines:
            if self._at[line.revno].tile == tile:
                yield self._line(line)

    def _mark(self, place: _Place) -> str:
        entry = self._window[place.slot.begin]
        stands = standing(entry.progress, entry.state)
        who = f" ({clean(entry.person, NAME_SHOWN)})" if entry.person else ""
        waits = in_few_words(entry)
        standing_words = f"{stands.both}, {waits}" if waits else stands.both
        said = f"r{entry.revno} {clean(entry.title, TITLE_SHOWN)}{who}: {standing_words}"
        return (
            f"<a href=#r{entry.revno} tabindex=-1><title>{escape(said, quote=False)}</title>"
            f"<use href=#m-{stands.mark} x={place.left + 3} y={self._head + 3} /></a>"
        )

    def _fold(self, place: _Place) -> str:
        begin, end = place.slot.begin, place.slot.end
        mark, first, newest = self._marks[begin], self._window[begin].revno, self._window[end - 1].revno
        label = fold_label(mark, end - begin)
        return (
            f"<a href=#r{newest} tabindex=-1><title>{span(first, newest)}: {label}</title>"
            f'<rect class="fold {mark}" x={place.left + 1} y={self._head + 2} width={place.slot.width - 2}'
            f" height={_TALL - 4} rx=4 /><text text-anchor=middle x={place.left + place.slot.width // 2}"
            f" y={self._head + 16}>{label}</text></a>"
        )

    def _stretch(self, places: Sequence[_Place]) -> str:
        """Dashes or columns that follow each other, as one link to the newest landing of them."""
        begin, end = places[0].slot.begin, places[-1].slot.end
        newest = self._window[end - 1].revno
        counted = Counter(self._marks[begin:end])
        said = ", ".join(f"{counted[mark]} {PROGRESS[mark][0]}" for mark in PROGRESS if counted[mark])
        paths = self._dashes(places) if self._shared.each == 1 else self._piles(places)
        return (
            f"<a href=#r{newest} tabindex=-1><title>{span(self._window[begin].revno, newest)}: {said}</title>"
            f"<rect class=all x={places[0].left} width={places[-1].right - places[0].left} height={_TALL}"
            f" y={self._head} />{''.join(paths)}</a>"
        )

    def _dashes(self, places: Sequence[_Place]) -> Iterator[str]:
        """Runs of landings that stand alike as one dashed line each."""
        middle = self._head + _TALL // 2
        moves: dict[Progress, list[str]] = {}
        for mark, group in groupby(places, key=lambda place: self._marks[place.slot.begin]):
            run = list(group)
            moves.setdefault(mark, []).append(f"M{run[0].left} {middle}h{run[-1].right - run[0].left}")
        for mark, drawn in moves.items():
            yield _path("dash", mark, tall(mark), "".join(drawn))

    def _piles(self, places: Sequence[_Place]) -> Iterator[str]:
        """Columns, each with parts as large as the share of landings that stand so."""
        moves: dict[Progress, list[str]] = {}
        for place in places:
            begin, end = place.slot.begin, place.slot.end
            counted = Counter(self._marks[begin:end])
            foot, passed = self._head + _TALL, 0
            for colour, marks in _PILES:
                if number := sum(counted[mark] for mark in marks):
                    passed += number
                    top = self._head + _TALL - round(_TALL * passed / (end - begin))
                    moves.setdefault(colour, []).append(f"M{place.left + 4} {foot}V{top}")
                    foot = top
        for colour, drawn in moves.items():
            yield _path("pile", colour, 7, "".join(drawn))

    def _line(self, line: PictureLine) -> str:
        x, y = self._at[line.revno].x, _LANE * self._lanes[line.revno] + 11
        side = " text-anchor=end" if leftward(line, x) else ""
        return (
            f'<path class="line {line.kind}" d="M{x} {y - 9}V{self._head + _TALL}"/>'
            f'<text class="{line.kind}" x={x - 3 if side else x + 3} y={y}{side}>{escape(line.name)}</text>'
        )

    def _undone(self) -> list[tuple[int, int, int]]:
        """First and last place of what one rollback undid, and the lane: those that overlap lie side by side.

        A range that is smaller than a column is left out: the column shows it.
        """
        undone: dict[int, list[int]] = {}
        for place, entry in enumerate(self._window):
            if entry.undone_by is not None:
                undone.setdefault(entry.undone_by, []).append(place)
        bars: list[tuple[int, int, int]] = []
        ends: list[int] = []
        for places in sorted(undone.values()):
            for first, last in _ranges(places):
                if last - first + 1 < self._shared.each:
                    continue
                lane = next((n for n, end in enumerate(ends) if end < first), len(ends))
                lane = min(lane, _BARS - 1)
                if lane == len(ends):
                    ends.append(last)
                ends[lane] = max(ends[lane], last)
                bars.append((first, last, lane))
        return bars


def sample(mark: Progress, shared: Columns) -> str:
    """How the legend shows what the window is drawn with."""
    if not shared.dense:
        return f'<use href="#m-{mark}"/>'
    if shared.each == 1:
        return _path("dash", mark, tall(mark), "M1 9h15")
    return _path("pile", next(colour for colour, marks in _PILES if mark in marks), 12, "M9 3V15")


def tall(mark: Progress) -> int:
    """Height of a dash, in pixels."""
    return _DASHES.get(mark, _DASH)


def _path(kind: str, mark: Progress, width: int, moves: str) -> str:
    return f'<path class="{kind} {mark}" stroke-width={width} d="{moves}"/>'


def _laid_out(slots: Sequence[Slot]) -> Iterator[_Place]:
    """One behind the other; what has no room at the end of a tile begins the next."""
    tile = left = 0
    for slot in slots:
        if left + slot.width > WIDTH:
            tile, left = tile + 1, 0
        yield _Place(slot, tile, left)
        left += slot.width


def _ranges(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    first = previous = places[0]
    for place in places[1:]:
        if place != previous + 1:
            yield first, previous
            first = place
        previous = place
    yield first, previous
