"""The section "Who waits for whom" of the page of trends, as data for its template (docs/trends.md#waits)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from msgspec import Struct

from shepherd.cautions import cautions, stopping
from shepherd.plans.waits import WAIT_THEMSELVES, Mover, NextMove, waits_of
from shepherd.sentence import Sentence, time
from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.views.clean import clean
from shepherd.views.waits import LANDINGS_SHOWN, component_name, people, stands, who_moves
from shepherd.views.words import count

MOVERS_SHOWN = 12
"""Rows that are not folded away."""


class AwaitedLanding(Struct, frozen=True):
    """A landing that waits for a move, with its row on the page of its branch."""

    revno: int
    address: str
    stands: str
    title: str


class MoverRow(Struct, frozen=True):
    """Who has the next move, on what."""

    who: str
    since: Sentence
    landings: tuple[AwaitedLanding, ...]
    more: int
    """Landings that are not listed."""
    behind: str


class ComponentRows(Struct, frozen=True):
    """The same on one component."""

    name: str
    summary: str
    movers: tuple[MoverRow, ...]


class WaitsSection(Struct, frozen=True):
    """All that the section says."""

    known: bool
    of: Sentence
    """When the answer was given that it goes by."""
    movers: tuple[MoverRow, ...]
    components: tuple[ComponentRows, ...]
    shown: int = MOVERS_SHOWN


def section(snapshot: Snapshot, situation: Situation) -> WaitsSection:
    """What a snapshot says of who waits for whom."""
    waits = waits_of(snapshot)
    stopped = stopping(cautions(snapshot, situation)) is not None
    page = f"{quote(clean(snapshot.branch))}.html"
    return WaitsSection(
        waits.known,
        Sentence(time(waits.generated_at)),
        _rows(waits.movers, page, stopped),
        tuple(
            ComponentRows(
                component_name(each.component),
                f"{count(sum(mover.count for mover in each.movers), 'landing')},"
                f" the oldest since {each.movers[0].since:%Y-%m-%d}",
                _rows(each.movers, page, stopped),
            )
            for each in waits.components
        ),
    )


def _rows(movers: Sequence[Mover], page: str, stopped: bool) -> tuple[MoverRow, ...]:
    return tuple(
        MoverRow(
            who_moves(mover, stopped),
            Sentence(time(mover.since)),
            tuple(_landing(each, page) for each in mover.landings[:LANDINGS_SHOWN]),
            mover.count - min(mover.count, LANDINGS_SHOWN),
            _behind(mover),
        )
        for mover in movers
    )


def _landing(landing: NextMove, page: str) -> AwaitedLanding:
    return AwaitedLanding(landing.revno, f"{page}#r{landing.revno}", stands(landing), clean(landing.title))


def _behind(mover: Mover) -> str:
    if mover.kind in WAIT_THEMSELVES:
        return f"landings of {people(mover.people)}"
    if not mover.behind:
        return "no good landing yet"
    return f"{count(mover.behind, 'good landing')} of {people(mover.people)}"
