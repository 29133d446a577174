"""The list of landings: its sections, and the tables that each is cut into.

A browser passes over a table that is out of sight, and takes for its height what the page says. An attribute
may not say it, since the page's policy allows no style but the one sheet; so classes do, digit by digit: one
pair for a wide screen, one for a narrow one (`landings.css`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from shepherd.snapshot import LATELY, LandingEntry, Snapshot
from shepherd.views.condition_html import is_kept_back
from shepherd.views.rows import Detail
from shepherd.views.words import revno_of, standing

PART = 200
"""Landings in one table."""
IN_FULL, WITH_BRANCH = 100, 1100
"""Landings of a section that are shown in full, and that name their branch; older ones are told in brief."""
DRAWN = 300
"""Landings of a section that is always drawn as a whole."""

_STEP = 640
"""CSS pixels that the classes count in; 40rem."""
_LINE, _AROUND = 21.5, 17
"""Pixels from one line to the next, and around a landing."""
_WIDE, _NARROW = 86, 42
"""Letters of a line of what a landing is."""


class ListPart(Struct, frozen=True):
    """One table."""

    landings: Sequence[LandingEntry]
    detail: Detail
    classes: str
    """What lets a browser pass over it; empty for one that is always drawn."""


class ListSection(Struct, frozen=True):
    """One part of the list, with a heading."""

    key: str
    title: str
    parts: Sequence[ListPart]


def sections(snapshot: Snapshot) -> list[ListSection]:
    """The window, what went live lately, and whatever else is named: a landing stands in exactly one."""
    deployed = revno_of(snapshot.deployed) or 0
    lately = snapshot.generated_at - LATELY
    window, live, other = [], [], []
    for entry in snapshot.landings:
        if entry.revno > deployed:
            window.append(entry)
        elif entry.progress == "live" and (entry.live_since or entry.landed_at) >= lately:
            live.append(entry)
        else:
            other.append(entry)
    return [
        ListSection(key, title, list(_parts(landings)))
        for key, title, landings in (
            ("window", "Waiting to go live, newest first", window),
            ("live", "Went live lately", live),
            ("other", "Other landings named here", other),
        )
    ]


def _parts(landings: Sequence[LandingEntry]) -> Iterator[ListPart]:
    # the first is one of those in full
    if not landings:
        return
    borders = [0, *range(IN_FULL, len(landings), PART), len(landings)]
    for start, end in pairwise(borders):
        part = landings[start:end]
        detail: Detail = "full" if start < IN_FULL else "brief" if start < WITH_BRANCH else "least"
        # few tables cost little to draw: their heights are right, and pictures of the whole page complete
        yield ListPart(part, detail, _room(part, detail) if len(landings) > DRAWN else "")


def _room(landings: Sequence[LandingEntry], detail: Detail) -> str:
    """The classes that state about how high these are: `t2 u5` on a wide screen, `n4 m1` on a narrow one."""
    wide = narrow = 0.0
    for entry in landings:
        stands, what = _lines_of_standing(entry, detail), list(_texts(entry, detail))
        # beside each other on a wide screen; below each other, with who and when, on a narrow one
        wide += max(stands, _lines(what, _WIDE))
        narrow += 1 + stands / 2 + _lines(what, _NARROW)
    tens, units = divmod(_steps(wide, len(landings)), 10)
    narrow_tens, narrow_units = divmod(_steps(narrow, len(landings)), 10)
    return f"part t{tens} u{units} n{narrow_tens} m{narrow_units}"


def _steps(lines: float, landings: int) -> int:
    return max(1, min(99, round((lines * _LINE + landings * _AROUND) / _STEP)))


def _lines_of_standing(entry: LandingEntry, detail: Detail) -> int:
    waits = 2 if entry.blocked_by and (detail == "full" or (detail == "brief" and not entry.good)) else 0
    kept = 2 if detail != "least" and is_kept_back(entry) else 0
    return 1 + bool(standing(entry.progress, entry.state).own) + waits + kept


def _texts(entry: LandingEntry, detail: Detail) -> Iterable[str]:
    """What stands below each other, about."""
    yield entry.title
    yield entry.reason
    if detail != "least" and entry.branch:
        yield entry.branch
    elif (detail == "full" or not entry.good) and (entry.labels or entry.undone_by or entry.live_since):
        yield ""
    if entry.remedy:
        yield entry.remedy
    yield from entry.warnings
    yield from entry.hints
    if detail == "full":
        yield from entry.conditions
        yield from ("" for _ in entry.touches)
        yield from ("" for _ in entry.checks[:1])


def _lines(texts: Iterable[str], letters: int) -> int:
    return sum(len(text) // letters + 1 for text in texts)
