"""One chart of trends as SVG: a bar or a dot for each period, drawn by our own hand (docs/feeds.md#trends).

What is not known is hatched, what did not happen is a gap, and no line goes through either. Shapes tell all
that colours do: it is printed, and read by those who do not see colours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from html import escape

from markupsafe import Markup
from msgspec import Struct

from shepherd.views.trend_axis import Axis, Unit, axis, months

LEFT, RIGHT, ABOVE, BELOW = 56, 8, 8, 30
_FEWEST = 8
"""Periods that there is always room for: a single one is no wall."""
_MONTH = 24
"""Width of its name."""
BEYOND = 4
"""How many times the highest dot the scale goes up to, at most; what took longer has an arrow."""


NOTHING = Axis(1, ((0, ""),))
"""The axis where there is nothing to measure."""
HATCHED = ' fill="url(#unknown)"'
"""By a pattern that the page defines."""


class Point(Struct, frozen=True):
    """What is drawn for one period."""

    value: float | None
    high: float | None = None
    """Where the line above the dot ends."""
    known: bool = True
    """False: there is something, but not known what."""
    over: bool = True
    """False: the period goes on, so that it may change."""


class Chart(Struct, frozen=True):
    """One chart. All its words are ours."""

    key: str
    """Unique on the page."""
    title: str
    words: str
    """What it shows, for those who do not see it."""
    unit: Unit
    bars: bool
    starts: tuple[date, ...]
    """The first day of each period, oldest first."""
    points: tuple[Point, ...]
    width: int = 360
    height: int = 160


def scale(charts: Sequence[Chart]) -> Axis:
    """One axis for charts that are compared with each other."""
    points = [point for chart in charts for point in chart.points]
    values = [point.value for point in points if point.value is not None]
    if not values:
        return NOTHING
    highest = max(values)
    high = max((p.high for p in points if p.high is not None), default=0)
    return axis(charts[0].unit, max(highest, min(high, BEYOND * highest)))


def drawn(chart: Chart, upwards: Axis | None = None) -> Markup:
    """The SVG.

    Args:
        upwards: the axis that it shares with others.
    """
    return Markup("".join(_Drawing(chart, upwards or scale([chart])).pieces()))  # noqa: S704  # escaped there


class _Drawing:
    def __init__(self, chart: Chart, upwards: Axis) -> None:
        self._chart = chart
        self._axis = upwards
        self._slot = (chart.width - LEFT - RIGHT) / max(len(chart.points), _FEWEST)
        self._base = chart.height - BELOW

    def pieces(self) -> Iterator[str]:
        chart = self._chart
        yield (
            f'<svg viewBox="0 0 {chart.width} {chart.height}" role="img"'
            f' aria-labelledby="{chart.key}-t {chart.key}-d"><title id="{chart.key}-t">{escape(chart.title)}'
            f'</title><desc id="{chart.key}-d">{escape(chart.words)}</desc>'
        )
        yield from self._frame()
        column = f"{ABOVE}h{_n(self._slot)}V{self._base}h-{_n(self._slot)}z"
        unknown = (n for n, point in enumerate(chart.points) if not point.known)
        yield _path("n", (f"M{self._left(n)} {column}" for n in unknown), HATCHED)
        yield from self._bars() if chart.bars else self._dots()
        yield "</svg>"

    def _frame(self) -> Iterator[str]:
        right = self._chart.width - RIGHT
        yield _path("g", (f"M{LEFT} {self._y(value)}H{right}" for value, _ in self._axis.ticks))
        for value, text in self._axis.ticks:
            yield f'<text x="{LEFT - 6}" y="{_n(float(self._y(value)) + 4)}" text-anchor="end">{text}</text>'
        for place, month, year in months(self._chart.starts, self._slot):
            x = self._left(place)
            if float(x) + _MONTH > self._chart.width:
                continue
            yield f'<text x="{x}" y="{self._base + 13}">{month}</text>'
            if year:
                yield f'<text x="{x}" y="{self._base + 25}">{year}</text>'

    def _bars(self) -> Iterator[str]:
        gap = self._slot / 8
        width = _n(self._slot - 2 * gap)
        bars: dict[str, list[str]] = {"b": [], "o": [], "z": []}
        for n, point in self._valued():
            left = _n(LEFT + n * self._slot + gap)
            if point.value:
                bar = f"M{left} {self._base}V{self._y(point.value)}h{width}V{self._base}"
                bars["b" if point.over else "o"].append(bar)
            else:
                # none, and that is known
                bars["z"].append(f"M{left} {self._base - 1}h{width}")
        yield from (_path(name, parts) for name, parts in bars.items())

    def _dots(self) -> Iterator[str]:
        yield _path("w", (self._up(n, point.value, point.high) for n, point in self._valued() if point.high))
        line, last = [], -2
        for n, point in self._valued():
            line.append(f"{'L' if n == last + 1 else 'M'}{self._middle(n)} {self._y(point.value)}")
            last = n
        yield _path("l", line)
        dots = [(f"{self._middle(n)} {self._y(p.value)}", p.over) for n, p in self._valued()]
        yield _path("d", (f"M{at}h0" for at, _ in dots))
        yield _path("e", (f"M{at}h0" for at, over in dots if not over))

    def _up(self, n: int, value: float | None, high: float | None) -> str:
        """The line above a dot, with an end, or an arrow where it goes on."""
        assert value is not None and high is not None
        start = f"M{self._middle(n)} {self._y(value)}"
        if high > self._axis.top:
            return f"{start}V{ABOVE - 4}m-3 4l3 -4l3 4"
        return f"{start}V{self._y(high)}m-2.5 0h5"

    def _valued(self) -> Iterator[tuple[int, Point]]:
        return ((n, point) for n, point in enumerate(self._chart.points) if point.value is not None)

    def _left(self, place: int) -> str:
        return _n(LEFT + place * self._slot)

    def _middle(self, place: int) -> str:
        return _n(LEFT + (place + 0.5) * self._slot)

    def _y(self, value: float | None) -> str:
        assert value is not None
        return _n(self._base - (self._base - ABOVE) * max(0, value) / self._axis.top)


def _path(name: str, parts: Iterator[str] | Sequence[str], fill: str = "") -> str:
    """All that looks alike is one path."""
    path = "".join(parts)
    return f'<path class="{name}"{fill} d="{path}"/>' if path else ""


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
