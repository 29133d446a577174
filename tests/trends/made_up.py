"""Journals that are made up: some at random, whatever sense that makes, and one as a team works for years."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from shepherd.landing import Landing
from shepherd.store import JournalEntry
from shepherd.words import State

START = datetime(2010, 3, 1, 9, 0, tzinfo=UTC)
STATES: tuple[State, ...] = get_args(State)


def sha(revno: int, line: str = "") -> str:
    return f"{line or 'a'}{revno:039}"


class Writer:
    """Entries, numbered as the journal does it, each in the run of the last `tick`."""

    def __init__(self, now: datetime) -> None:
        self.now, self.runs = now, 0
        self.entries: list[JournalEntry] = []

    def tick(self, later: timedelta) -> None:
        """Another run, so much later."""
        self.now += later
        self.runs += 1

    def write(self, kind: str, subject: str = "", **data: Any) -> None:
        self.entries.append(
            JournalEntry(
                kind,
                subject,
                data,
                at=self.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                run_id=f"run-{self.runs}",
                seq=len(self.entries) + 1,
            )
        )


def some_landings(chance: random.Random, number: int) -> list[Landing]:
    """Landings of which some roll others back, with dates that are not always in order."""
    at, landings = START.timestamp() - 86_400, []
    for revno in range(1, number + 1):
        at += chance.expovariate(1 / 40_000)
        targets: tuple[int, ...] = ()
        if revno > 2 and chance.random() < 0.3:
            targets = tuple(sorted({chance.randrange(max(1, revno - 6), revno) for _ in range(2)}))
        wrong = chance.choice((0, 0, 0, 0, 50_000, -50_000))
        landings.append(Landing(revno, sha(revno), int(at) + wrong, mark_targets=targets))
    return landings


def chaos(chance: random.Random, landings: Sequence[Landing], number: int) -> list[JournalEntry]:
    """Entries at random: production, promotions, QA, answers, states, alarms, words, and rewrites of the
    mainline, in which some landings had other commits, or other numbers."""
    writer, rewritten = Writer(START), chance.choice((0, 0, 1, 2))
    size, begun = len(landings), False
    when = sorted(chance.sample(range(number), rewritten))
    lines = [_former(chance, landings, f"{'bcd'[era]}") for era in range(rewritten)] + [list(landings)]
    uses_qa, promotes = chance.random() < 0.7, chance.random() < 0.7
    near = 1
    for step in range(number):
        line = lines[sum(step >= each for each in when)]
        writer.tick(timedelta(seconds=int(chance.choice((0, 60, 3_600, 20_000, 200_000)) * chance.random())))
        if step in when:
            if chance.random() < 0.7:
                writer.write(
                    "deployed",
                    **_at(chance, line, near),
                    **({"kept": sha(1)} if chance.random() < 0.5 else {}),
                )
            writer.write("rewrite", revno=size)
        near = min(size, max(1, near + chance.choice((-3, 0, 1, 1, 2, 4))))
        kind = chance.choice(
            ("deployed", "promoted", "on-qa", "answer", "state", "state", "state", "alarm", "tip", "cover")
        )
        if kind == "deployed":
            writer.write("deployed", **_at(chance, line, near))
        elif kind == "promoted" and promotes:
            begun_at = {"from": 1} if chance.random() < 0.8 else {}
            writer.write("promoted", **_at(chance, line, near + 1), **begun_at)
        elif kind == "on-qa" and uses_qa:
            writer.write("on-qa", **_at(chance, line, near + 2))
        elif kind == "answer":
            _answer(chance, writer, line, near)
        elif kind == "state":
            landing = chance.choice(line)
            writer.write(
                "state", landing.id, revno=landing.revno, to=chance.choice((*STATES, "ok", "ok", "bad"))
            )
        elif kind == "alarm":
            landing = chance.choice(line)
            writer.write("alarm", landing.id, revno=landing.revno, on=chance.random() < 0.5)
        elif kind == "tip":
            writer.write("tip", **_at(chance, line, size))
        elif kind == "cover" and chance.random() < 0.4:
            target, by = chance.choice(line), chance.choice((None, chance.choice(line).id))
            writer.write("cover", target.id, by=by, undone=by is not None and chance.random() < 0.6, tip=near)
    return writer.entries


def _former(chance: random.Random, landings: Sequence[Landing], name: str) -> list[Landing]:
    """The mainline as it was: from some place on with other commits, or with one more of them."""
    cut = chance.randrange(len(landings))
    if chance.random() < 0.5:
        return [*landings[:cut], *(Landing(p.revno, sha(p.revno, name), 0) for p in landings[cut:])]
    more = [Landing(cut + 1, sha(cut + 1, name), 0)]
    return [*landings[:cut], *more, *(Landing(p.revno + 1, p.id, 0) for p in landings[cut:])]


def _at(chance: random.Random, line: Sequence[Landing], revno: int) -> dict[str, Any]:
    if chance.random() < 0.03:
        return {"revno": 0, "id": ""}
    place = line[min(max(revno, 1), len(line)) - 1]
    return {"revno": place.revno, "id": place.id}


def _answer(chance: random.Random, writer: Writer, line: Sequence[Landing], near: int) -> None:
    deployed = _at(chance, line, near)
    deployable = _at(chance, line, near + 2) if chance.random() < 0.6 else None
    answer = "deploy" if deployable else chance.choice(("nothing-new", "blocked", "no-data"))
    writer.write(
        "answer",
        answer=answer,
        deployable=deployable["revno"] if deployable else None,
        deployed=deployed["revno"] if answer != "no-data" else None,
        **({"id": deployable["id"] if deployable else None} if chance.random() < 0.8 else {}),
        **({"stopped": "hotfix"} if chance.random() < 0.1 else {}),
    )
