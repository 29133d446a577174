"""Random histories of a project, lived twice: by an undisturbed one, and by one that forgets all it can."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.errors import SourceError
from shepherd.snapshot import Snapshot
from shepherd.snapshot_outline import same_but_for_times
from shepherd.stages.find import NOTHING_ACCEPTED, Acceptance
from shepherd.store.snapshots import Snapshots
from tests.project import Project
from tests.random_team import a_day, someone_speaks

BRANCH = 'promote = { ref = "released" }\nqa = { ref = "qastaging" }\nverdict_notes = "refs/notes/qa"\n'


class Forgetful(Project):
    """Loses its cache before every run."""

    def find(self, acceptance: Acceptance = NOTHING_ACCEPTED, why: str = "") -> str:
        self.drop_cache()
        return super().find(acceptance, why)


def live(project: Project, seed: int, days: int = 6) -> Iterator[Snapshot]:
    """The same history for the same seed: the snapshot of every run.

    Beside what a random team does: branches that are merged, reverts with the inverse diff, notes, positions
    that move, weeks in which nothing happens (`keep` is 90 days, 30 are shown), a mainline that is rewritten.
    """
    chance = random.Random(seed)
    ids = project.land("[no-qa] Begin", "[bug=1] One", "[bug=2] Two")
    for ref in ("production", "released", "qastaging"):
        project.repo.set_ref(ref, ids[0])
    for _ in range(days):
        project.now += timedelta(days=chance.choice((0, 0, 1, 1, 3, 25, 50)))
        a_day(project, chance, ids)
        _something_rarer(project, chance, ids)
        if chance.random() < 0.1:
            yield from rewritten(project, ids)
        yield project.look()
        if chance.random() < 0.4:
            someone_speaks(project, chance, ids)
            at_once = Snapshots(project.state / "snapshots", "stable").latest()
            judged = project.judge()
            assert at_once and same_but_for_times(at_once, judged), "a word is judged by the tags read last"
            yield judged


def _something_rarer(project: Project, chance: random.Random, ids: list[str]) -> None:
    repo, at = project.repo, int(project.now.timestamp())
    match chance.randrange(6):
        case 0:
            side = repo.commit(
                f"[bug={chance.randint(1, 6)}] On a branch", branch="side", date=at, parents=[ids[-1]]
            )
            ids.append(repo.merge("[incr] Merge it", side, date=at))
        case 1:
            ids.append(repo.revert(chance.choice(ids[-3:]), date=at))
        case 2:
            word = chance.choice(("ok", "bad", "needstesting"))
            repo.note(chance.choice(ids[-4:]), f"QA: {word} seen\n", date=at)
        case 3 | 4:
            repo.set_ref(chance.choice(("released", "qastaging")), chance.choice(ids[-6:]))


def rewritten(project: Project, ids: list[str]) -> Iterator[Snapshot]:
    """The newest landing, which a run has seen, is replaced: no data, until a person accepts that."""
    yield project.look()
    project.repo.set_ref("stable", ids[-2])
    ids[-1:] = project.land("[bug=3] Not what was there before")
    with pytest.raises(SourceError, match="rewritten"):
        project.find()
    yield project.judge()
    project.find(Acceptance(rewrite=True), "a secret was in it")


def twins(folder: Path) -> tuple[Project, Forgetful]:
    return Project(folder / "undisturbed", BRANCH), Forgetful(folder / "forgetful", BRANCH)
