"""A made-up team that lands, tags, speaks and deploys at random, seeded: for properties of whole runs."""

from __future__ import annotations

import random
from collections.abc import Iterator

from shepherd.snapshot import Snapshot
from tests.project import Project

TAGS = ("qa-ok", "qa-needstesting", "qa-untestable", "qa-bad")


def live_a_while(project: Project, chance: random.Random, days: int = 4) -> Iterator[Snapshot]:
    """Let the team work for some days; the snapshot after each day."""
    ids = project.land("[no-qa] Begin")
    project.deploy(ids[0])
    for _ in range(days):
        a_day(project, chance, ids)
        snapshot = project.look()
        yield snapshot
        if chance.random() < 0.5:
            someone_speaks(project, chance, ids)
            yield project.judge()


def a_day(project: Project, chance: random.Random, ids: list[str]) -> None:
    """Some landings, some tags, perhaps a deployment."""
    for _ in range(chance.randint(0, 5)):
        ids += project.land(message(chance, len(ids)))
    for _ in range(chance.randint(0, 4)):
        tags = chance.sample(TAGS, chance.choice((0, 1, 1, 1, 2)))
        if chance.random() < 0.2:
            tags.append(f"bad-commit-{chance.choice((*range(1, len(ids) + 1), 999))}")
        project.tag(chance.randint(1, 6), *tags, title="A bug")
    if chance.random() < 0.4:
        project.deploy(ids[chance.randrange(len(ids))])


def message(chance: random.Random, landed: int) -> str:
    """A message as PQM would have it."""
    marks = chance.choice(
        (
            lambda: f"[bug={chance.randint(1, 6)}]",
            lambda: f"[bug={chance.randint(1, 6)},{chance.randint(1, 6)}]",
            lambda: f"[bug={chance.randint(1, 6)}][incr]",
            lambda: "[no-qa]",
            lambda: "[testfix]",
            lambda: f"[bug={chance.randint(1, 6)}][qa-ok]",
            lambda: f"[rollback={chance.randint(1, landed + 2)}]",
            lambda: f"[rollback={max(1, landed - 2)}-{landed}]",
            lambda: "",
        )
    )()
    return f"{marks} Change number {landed + 1}"


def someone_speaks(project: Project, chance: random.Random, ids: list[str]) -> None:
    """A verdict or a cover on some landing that is read."""
    last = len(ids)
    revno = chance.randint(max(1, last - 3), last)
    if revno < last and chance.random() < 0.3:
        project.cover(f"r{revno}", f"r{last}", undone=chance.random() < 0.7)
    else:
        project.verdict(f"r{revno}", chance.choice(("ok", "bad", "untestable", "needstesting", "withdraw")))
