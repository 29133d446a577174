"""`python -m tests.replay.answers`: what recorded runs are answered now, as text, where a change of the rules
shows in the diff.

A line for each answer, and below it one for each landing of which the run before did not say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from shepherd.snapshot import DeployedRev, LandingEntry, Rev, Snapshot
from shepherd.stages.judge_input import snapshot_of
from shepherd.stages.kept_inputs import KeptInput
from tests.replay.record import RECORDED, recorded

ANSWERS = Path(__file__).parent / "answers"
COMMAND = ".venv/bin/python -m tests.replay.answers"


def answers(kept: Iterable[KeptInput]) -> Iterator[str]:
    """The lines of one branch."""
    before: dict[str, str] = {}
    for number, each in enumerate(kept, 1):
        snapshot = snapshot_of(each.given)
        yield f"{number}: {_answer(snapshot)}"
        now = {landing.id: _landing(landing) for landing in reversed(snapshot.landings)}
        yield from (f"  {line}" for sha, line in now.items() if before.get(sha) != line)
        if snapshot.complete:
            before = now


def _answer(snapshot: Snapshot) -> str:
    parts: list[str] = [snapshot.answer]
    places: dict[str, Rev | DeployedRev | None] = {
        "deployable": snapshot.deployable,
        "tip": snapshot.tip,
        "deployed": snapshot.deployed,
    }
    parts += [f"{name} {_rev(place)}" for name, place in places.items()]
    numbers = {
        "blockers": [each.revno for each in snapshot.blockers],
        "alarms": [each.revno for each in snapshot.alarms],
        "over limits": [each.revno for each in snapshot.landings if each.exceeds],
    }
    parts += [f"{name} {', '.join(f'r{each}' for each in them)}" for name, them in numbers.items() if them]
    parts += [f"problem: {each}" for each in snapshot.problems]
    return "; ".join(parts)


def _landing(landing: LandingEntry) -> str:
    undone = f", undone by r{landing.undone_by}" if landing.undone_by else ""
    return f"r{landing.revno} {landing.state} by {landing.rule}, {landing.progress}{undone}: {landing.reason}"


def _rev(place: Rev | DeployedRev | None) -> str:
    return f"r{place.revno}" if place else "none"


def now(name: str) -> str:
    """What follows now from the recorded runs of a branch."""
    return "".join(f"{line}\n" for line in answers(recorded(name)))


def written(name: str) -> str:
    """What followed when the text was written last."""
    return (ANSWERS / f"{name}.txt").read_text("utf-8")


def main() -> None:
    ANSWERS.mkdir(exist_ok=True)
    for name in RECORDED:
        (ANSWERS / f"{name}.txt").write_text(now(name), encoding="utf-8")


if __name__ == "__main__":
    main()
