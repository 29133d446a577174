"""Trends for terminals: a row for each period, newest last (docs/trends.md)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import get_args

from shepherd.trends.model import By, Period, Spread, Trends, WaitPhase
from shepherd.views.terminal import wrap
from shepherd.views.words import count

PHASES: dict[WaitPhase, str] = {
    "qa-server": "QA server",
    "person": "person",
    "others": "others",
    "promotion": "promotion",
    "deployment": "deployment",
}
"""What each is called where it heads a column."""
_BEGINS: dict[By, str] = {
    "day": "day",
    "week": "week from",
    "month": "month from",
    "quarter": "quarter from",
    "year": "year from",
}
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_NOTHING = "-"
_NOT_KNOWN = "?"


def as_text(trends: Trends) -> str:
    """How often, how fast, how well; where the time went; what is left out. Ends without a line end."""
    rows = [*trends.periods, trends.whole]
    names = [*(_name(period) for period in trends.periods), "all"]
    begins = _BEGINS[trends.by]
    head: tuple[str, ...] = (
        begins,
        "deploys",
        "live",
        "half in",
        "9 in 10",
        "failed",
        "of deploys",
        "restored",
    )
    blocks = [
        [wrap(f"{trends.branch}: how often, how fast, how well, by {trends.by} ({trends.timezone})")],
        _table(head, [[name, *_keys(row)] for name, row in zip(names, rows, strict=True)]),
    ]
    if trends.whole.phases_known:
        phases = [phase for phase in get_args(WaitPhase) if phase in trends.whole.phases]
        blocks.append(
            [
                "Where the time from landing to live went: half of the landings waited less",
                *_table(
                    (begins, "landings", *(PHASES[phase] for phase in phases)),
                    [[name, *_waits(row, phases)] for name, row in zip(names, rows, strict=True)],
                ),
            ]
        )
    blocks.append(list(_legend(trends)))
    if trends.left_out:
        lines = (wrap(sentence, "- ", "  ") for sentence in trends.left_out)
        blocks.append(["Left out, since it is not known, or nothing to count:", *lines])
    return "\n\n".join("\n".join(block) for block in blocks)


def duration(seconds: int) -> str:
    """In its two largest units: `3d 4h`, `12m`."""
    for (size, unit), (next_size, next_unit) in pairwise(_UNITS):
        if seconds >= size:
            rest = seconds % size // next_size
            return f"{seconds // size}{unit}" + (f" {rest}{next_unit}" if rest else "")
    return f"{seconds}s"


def _name(period: Period) -> str:
    return f"{period.start}" if period.over else f"{period.start}*"


def _keys(period: Period) -> list[str]:
    lead, live, deployments = period.lead, period.went_live, period.deployments
    return [
        _count(deployments),
        _count(live),
        _half(lead, live),
        duration(lead.p90_s) if lead else _none_of(live),
        _share(period.failed, period.judged_live, live),
        _share(period.failed_deployments, period.judged_deployments, deployments),
        _restored(period),
    ]


def _restored(period: Period) -> str:
    if period.restored is None and period.failures_open:
        return "+"
    return _half(period.restored, period.failures_open) + ("+" if period.failures_open else "")


def _waits(period: Period, phases: Sequence[WaitPhase]) -> list[str]:
    # of what is known of, there is no wait for what was not set up
    there = 0 if period.phases_known else period.went_live
    known = _count(period.phases_known or (period.went_live and 0))
    return [known, *(_half(period.phases.get(phase), there) for phase in phases)]


def _count(number: int | None) -> str:
    return _NOT_KNOWN if number is None else f"{number}"


def _share(part: int, judged: int, there: int | None) -> str:
    """How many of those of which it is known."""
    return f"{part} of {judged}" if judged else _none_of(there)


def _half(spread: Spread | None, there: int | None) -> str:
    return duration(spread.median_s) if spread else _none_of(there)


def _none_of(there: int | None) -> str:
    """Where nothing is known of how it was: whether that is since there was nothing."""
    return _NOTHING if there == 0 else _NOT_KNOWN


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, numbers to the right."""
    widths = [max(map(len, cells)) for cells in zip(head, *rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in (head, *rows)
    ]


def _legend(trends: Trends) -> list[str]:
    whole = trends.whole
    lines = []
    if whole.moves_back:
        lines.append(f"Besides, {count(whole.moves_back, 'move')} of production back to an older revision.")
    if whole.failures_open:
        lines.append(f"+ {count(whole.failures_open, 'failure')} that began then and is not over.")
    lines.append(f"*: is going on · {_NOT_KNOWN}: is not known · {_NOTHING}: there was none")
    return [wrap(line) for line in lines]
