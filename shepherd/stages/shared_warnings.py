"""Warnings that many landings share are said once, of the branch (docs/interfaces.md#landings)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from shepherd.marks.trailers import ELSEWHERE
from shepherd.snapshot import LandingEntry

MANY = 20
"""Landings that may have a warning of one kind each, whatever share of all they are."""
SHARE = 10
"""Said once is what more than one of so many has."""
PROBLEMS_SHOWN = 20
"""Items that could not be read for one reason and are named one by one."""

_PARTICULAR = re.compile(r'"[^"]*+"|“[^”]*+”|[0-9a-f]{7,64}\b|\b[a-z]?[0-9]++(?:\.[0-9]++)*+')
"""What of a sentence is about one landing or item: quotations, SHAs, numbers."""


def kind_of(warning: str) -> str:
    """The warning without what it is about."""
    return ELSEWHERE if ELSEWHERE in warning else _PARTICULAR.sub("…", warning)


def shared(entries: Sequence[LandingEntry]) -> tuple[list[LandingEntry], list[str]]:
    """The landings without the warnings that many of them share, and those as sentences about all."""
    first: dict[str, tuple[LandingEntry, str]] = {}
    having: dict[str, int] = {}
    for entry in entries:
        for kind, warning in {kind_of(warning): warning for warning in reversed(entry.warnings)}.items():
            first.setdefault(kind, (entry, warning))
            having[kind] = having.get(kind, 0) + 1
    once = {
        kind
        for kind, count in having.items()
        if kind == ELSEWHERE or (count > MANY and count * SHARE > len(entries))
    }
    if not once:
        return list(entries), []
    quiet = [
        replace(entry, warnings=tuple(each for each in entry.warnings if kind_of(each) not in once))
        if entry.warnings
        else entry
        for entry in entries
    ]
    said = []
    for kind in sorted(once, key=lambda kind: -having[kind]):
        entry, warning = first[kind]
        others = having[kind] - 1
        too = f" and {others:,} other landing{'s' if others > 1 else ''}" if others else ""
        said.append(f"r{entry.revno}{too}: {warning}")
    return quiet, said


def folded(unreadable: Iterable[str]) -> list[str]:
    """What is said of items that could not be read: of each cause the first few, and how many more."""
    by_kind: dict[str, list[str]] = {}
    for problem in unreadable:
        by_kind.setdefault(kind_of(problem), []).append(problem)
    lines: list[str] = []
    for same in by_kind.values():
        more = len(same) - PROBLEMS_SHOWN
        if more > 1:
            del same[PROBLEMS_SHOWN:]
            same[-1] += f"; and so for {more:,} more (inv landings --state unknown)"
        lines += same
    return lines
