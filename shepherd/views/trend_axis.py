"""The axes of a chart of trends: round numbers upwards, a few months from left to right; and how long
something took, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from math import ceil, log10
from typing import Literal

from msgspec import Struct

Unit = Literal["count", "share", "seconds"]
"""What is measured: whole things, parts of one, a time."""

TICKS = 4
"""Lines above nought, at most."""
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_STEPS = (
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)),
)
"""Seconds that people count in."""
_LABEL = 30
"""Width of a month's name and the room beside it."""


class Axis(Struct, frozen=True):
    """The numbers at the left of a chart."""

    top: float
    """What its upper end stands for."""
    ticks: tuple[tuple[float, str], ...]
    """From nought upwards."""


def axis(unit: Unit, largest: float) -> Axis:
    """Round numbers from nought to the first one that is not smaller than `largest`."""
    step = _step(unit, largest)
    number = max(1, ceil(largest / step - 1e-9))
    return Axis(number * step, tuple((n * step, _label(unit, n * step, step)) for n in range(number + 1)))


def _step(unit: Unit, largest: float) -> float:
    if unit == "seconds":
        return next((step for step in _STEPS if step * TICKS >= largest), _STEPS[-1])
    least = 1.0 if unit == "count" else 0.01
    step = max(least, 10.0 ** int(log10(max(largest, least))) / 100)
    while step * TICKS < largest - 1e-9:
        # 1, 2, 5, 10, 20, …
        step *= 2.5 if f"{step:e}".startswith("2") else 2
    return step


def _label(unit: Unit, value: float, step: float) -> str:
    if unit == "count" or not value:
        return f"{round(value):,}"
    if unit == "share":
        return f"{round(value * 100)}%"
    for size, name in ((_DAY, "day"), (_HOUR, "h"), (_MINUTE, "min")):
        if step >= size:
            number = round(value / size)
            return f"{number:,} {name}{'s' if name == 'day' and number != 1 else ''}"
    raise AssertionError("the smallest step is a minute")


def how_long(seconds: float) -> str:
    """As people say it: "40 s", "25 min", "3.5 h", "36 h", "2.5 days"."""
    for size, name, below in ((1, "s", _MINUTE), (_MINUTE, "min", _HOUR), (_HOUR, "h", 2 * _DAY)):
        if seconds < below and not (name == "min" and round(seconds / size) == 60):
            return f"{_short(seconds / size) if name == 'h' else round(seconds / size)} {name}"
    return f"{_short(seconds / _DAY)} days"


def _short(number: float) -> str:
    """One digit behind the point where that says something."""
    return f"{number:.1f}".removesuffix(".0") if number < 9.95 else f"{round(number):,}"


def share(part: float) -> str:
    """ "7%", "0.5%"."""
    return f"{_short(part * 100)}%"


def months(starts: Sequence[date], width: float) -> list[tuple[int, str, str]]:
    """Which periods have a label below: their place, the month, and the year where it is said.

    Args:
        starts: the first day of each period.
        width: of one period, in the units of the picture.
    """
    begin = [n for n, day in enumerate(starts) if n and day.replace(day=1) != starts[n - 1].replace(day=1)]
    if starts[0].day <= 7 or not begin or begin[0] * width >= _LABEL:
        begin.insert(0, 0)
    for every in (1, 2, 3, 6, 12, 24, 60, 120):
        chosen = [n for n in begin if not (12 * starts[n].year + starts[n].month - 1) % every]
        if len(chosen) > 1 and all(b - a >= _LABEL / width for a, b in pairwise(chosen)):
            break
    else:
        chosen = begin[:1]
    labels, said = [], None
    for n in chosen:
        year = starts[n].year
        labels.append((n, f"{starts[n]:%b}", "" if year == said else str(year)))
        said = year
    return labels
