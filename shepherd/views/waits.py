"""Who waits for whom, in words: `inv waits`, and the section of the page of trends (docs/trends.md#waits)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from shepherd.cautions import cautions, stopping
from shepherd.plans.waits import ELSEWHERE, NOT_READ, WAIT_THEMSELVES, MoveKind, Mover, NextMove, Waits
from shepherd.sentence import joined
from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.views import answer
from shepherd.views.clean import clean
from shepherd.views.terminal import fit, table, wrap
from shepherd.views.text import of_branch
from shepherd.views.words import ago, count, name, some, standing, utc

LANDINGS_SHOWN = 5
"""Of one mover; the JSON has more."""
PEOPLE_SHOWN = 4
_STANDS = 20
"""Columns of where a landing stands."""

WHO: dict[MoveKind, str] = {
    "qa-server": "the QA server",
    "operators": "the shepherd's operators",
    "conditions": "checks and limits",
    "promotion": "the people who deploy",
    "deployment": "the deployment of what is promoted",
}
"""Who or what has the next move, where that is no person."""
COMPONENT = {
    ELSEWHERE: "elsewhere (none of the components)",
    NOT_READ: "component not known (production contains it)",
}
"""What stands in place of a component's name."""


def as_text(snapshot: Snapshot, waits: Waits, situation: Situation, *, by_component: bool = False) -> str:
    """The answer in a line, then who has the next move on what, the oldest wait first."""
    known = cautions(snapshot, situation)
    headline, stopped = answer.headline(snapshot, known), stopping(known) is not None
    lines = [wrap(of_branch(snapshot, headline), rest="  "), ""]
    if not waits.known:
        lines.append(wrap("Who waits for whom is not known, for want of data."))
    elif not waits.movers:
        lines.append(wrap("Nobody waits for anybody: whatever has landed is live."))
    elif by_component:
        for each in waits.components:
            lines += [wrap(f"{component_name(each.component)}:")]
            for mover in each.movers:
                lines += _of_mover(mover, situation.now, stopped, "  ")
            lines.append("")
    else:
        for mover in waits.movers:
            lines += [*_of_mover(mover, situation.now, stopped), ""]
    return "\n".join(lines).rstrip("\n")


def _of_mover(mover: Mover, now: datetime | None, stopped: bool, indent: str = "") -> Iterator[str]:
    since = f"{'the oldest ' if mover.count > 1 else ''}since {utc(mover.since)}{ago(mover.since, now)}"
    who = who_moves(mover, stopped)
    yield wrap(f"{who[:1].upper()}{who[1:]}: {what_waits(mover)}; {since}", indent, f"{indent}  ")
    _, *rows = table(
        ("", "landed", "", "behind", "what"), [_row(each) for each in mover.landings[:LANDINGS_SHOWN]], 76
    )
    yield from (f"{indent}  {row}" for row in rows)
    if mover.count > LANDINGS_SHOWN:
        yield f"{indent}  and {mover.count - LANDINGS_SHOWN} more"


def _row(landing: NextMove) -> tuple[str, ...]:
    day = utc(landing.since).partition(" ")[0]
    behind = f"{landing.behind} behind" if landing.behind else ""
    return f"r{landing.revno}", day, fit(stands(landing), _STANDS).rstrip(), behind, landing.title


def who_moves(mover: Mover, stopped: bool) -> str:
    """Who or what has the next move.

    Args:
        stopped: nobody may deploy now, as in a freeze.
    """
    if stopped and mover.kind in ("promotion", "deployment"):
        return f"{WHO[mover.kind]}, once that is allowed"
    return name(mover.who) if mover.kind == "person" else WHO[mover.kind]


def component_name(component: str) -> str:
    """A component as people read it."""
    return COMPONENT.get(component) or clean(component)


def stands(landing: NextMove) -> str:
    """Where a landing stands: "needs QA", "not on QA yet, bad"."""
    return standing(landing.progress, landing.state).group


def what_waits(mover: Mover) -> str:
    """What waits for that move: "2 landings, and 5 good ones behind, of Ann and Bob"."""
    landings = count(mover.count, "landing")
    if mover.kind in WAIT_THEMSELVES:
        return f"{landings} of {people(mover.people)}"
    if not mover.behind:
        return f"{landings}, and no good one behind yet"
    ones = "1 good one" if mover.behind == 1 else f"{mover.behind:,} good ones"
    return f"{landings}, and {ones} behind, of {people(mover.people)}"


def people(names: Sequence[str]) -> str:
    """Several people: "Ann, Bob and 3 more"; nobody known comes last."""
    shown = [name(each) for each in sorted(names, key=lambda each: not each)]
    return some(shown, PEOPLE_SHOWN) if len(shown) > PEOPLE_SHOWN else str(joined(shown))
