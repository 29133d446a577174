"""Trends of journals that real runs wrote, on both engines, against the plain second statement."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from shepherd.errors import NoAnswerError
from shepherd.landing import Landing
from shepherd.stages.archive import archive_branch
from shepherd.stages.find import Acceptance
from shepherd.stages.older import OlderHistory
from shepherd.stages.state import BranchSource
from shepherd.stages.trends import KINDS, trends_of
from shepherd.store import Database
from shepherd.trends.model import Trends
from tests.project import Project
from tests.promoting import promote
from tests.random_team import a_day, someone_speaks
from tests.trends.plain import Plain

pytestmark = pytest.mark.usefixtures("engine")
LONG_AGO = date(2011, 1, 1)


def agrees(project: Project) -> Trends:
    """The trends by day, which the plain statement tells from the same database."""
    found = trends_of(project.settings, "stable", project.now, "day", LONG_AGO)
    with Database.of(project.settings) as database, database.branch("stable") as store:
        rows = store.journal.entries(*KINDS, "cover")
        kept = store.cache.landings()
        landings: list[Landing] = [*OlderHistory(project.settings, "stable", store, kept).archived(), *kept]
        source = store.cache.fact("source", BranchSource)
    assert source is not None
    plain = Plain(rows, landings, source.read_at, project.now).told("day", LONG_AGO, "UTC")
    ours = msgspec.to_builtins(found)
    assert ([*ours["periods"]], ours["whole"]) == plain
    return found


@pytest.mark.parametrize("seed", range(4))
def test_a_random_team(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    project = Project(tmp_path, branch='qa = { ref = "tested" }\npromote = { ref = "released" }')
    ids = project.land("[no-qa] Begin")
    for ref in ("production", "released", "tested"):
        project.repo.set_ref(ref, ids[0])
    for _ in range(8):
        a_day(project, chance, ids)
        project.repo.set_ref("tested", ids[chance.randrange(len(ids))])
        snapshot = project.look()
        if chance.random() < 0.5:
            someone_speaks(project, chance, ids)
            snapshot = project.judge()
        if snapshot.answer == "deploy" and chance.random() < 0.7:
            promote(project)
        project.now += timedelta(hours=chance.randint(1, 30))
    assert agrees(project).whole.went_live


def test_what_is_archived_counts(tmp_path: Path) -> None:
    """What fell out of the cache is told from the archive, and said not to be known before it is there."""
    project = Project(tmp_path, top='keep = "2d"')
    ids = project.land("[no-qa] One", "[no-qa] Two", "[no-qa] Three")
    project.deploy(ids[0])
    project.look()
    project.deploy(ids[2])
    project.look()
    project.now += timedelta(days=9)
    for sha in project.land("[no-qa] Four", "[no-qa] Five"):
        project.deploy(sha)
        project.look()
    before = agrees(project)
    assert "r2 to r3 are not archived yet, so that only the deployments of them count: inv archive" in (
        before.left_out
    )
    assert (before.whole.deployments, before.whole.went_live) == (3, 2)
    archive_branch(project.settings, "stable", project.run("archive"))
    after = agrees(project)
    assert (after.whole.deployments, after.whole.went_live) == (3, 4)
    assert not any("archived" in sentence for sentence in after.left_out)


def test_a_rewritten_mainline(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[no-qa] One", "[no-qa] Two", "[no-qa] Three")
    project.deploy(ids[0])
    project.look()
    project.deploy(ids[2])
    project.look()
    project.repo.set_ref("stable", ids[1])
    project.land("[no-qa] Other three", "[no-qa] Four")
    project.find(Acceptance(rewrite=True), "moved on purpose")
    project.judge()
    # production still runs a commit that the mainline has lost: that is no deployment
    assert agrees(project).whole.deployments == 1


def test_nothing_was_read_yet(tmp_path: Path) -> None:
    project = Project(tmp_path)
    with pytest.raises(NoAnswerError, match="inv find"):
        trends_of(project.settings, "stable", datetime.now(UTC))
