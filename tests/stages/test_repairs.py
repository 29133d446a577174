"""What a status called bad goes live only with what repairs it, from the tracker to what people read
(docs/rules.md#repairs)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from shepherd.cautions import cautions
from shepherd.errors import RefusedError
from shepherd.plans.promotion import Promotion
from shepherd.plans.waits import waits_of
from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.store import Database, JournalEntry
from shepherd.views.answer import standing_of
from shepherd.views.text import explain
from shepherd.whatif import suppose
from tests.project import Project, deployable, entry, states
from tests.promoting import PROMOTE, promote
from tests.stages.test_statuses import TABLES, after, say

FAILED, REPAIR, OTHER = 2, 4, 3


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """r2 failed, r4 repairs it, and r3, which lies between them, has not been tried."""
    project = Project(tmp_path, PROMOTE, TABLES)
    begin = project.land("[no-qa] Begin")[0]
    project.deploy(begin)
    project.repo.set_ref("released", begin)
    project.land("ABC-7: Login")
    after(project, "ABC-7", "QA failed")
    project.land("ABC-8: Search", "ABC-7: Login, repaired")
    say(project, "ABC-8", "In QA")
    return project


def passed(project: Project) -> Snapshot:
    return after(project, "ABC-7", "QA passed")


def test_it_does_not_go_live_while_its_repair_waits(project: Project) -> None:
    snapshot = passed(project)
    assert states(snapshot) == {1: "untestable", 2: "ok", 3: "needstesting", 4: "ok"}
    assert deployable(snapshot) is None
    failed = entry(snapshot, FAILED)
    assert (failed.good, failed.progress, failed.good_with) == (True, "waiting", (REPAIR,))
    assert (failed.blocked_by, failed.deployable_as_tip) == ((FAILED,), False)
    assert failed.reason == 'ABC-7 is "QA passed", for r2 only together with r4, which repairs it'
    assert entry(snapshot, REPAIR).blocked_by == (OTHER,)
    assert [blocker.revno for blocker in snapshot.blockers] == [OTHER]


def test_both_go_live_together(project: Project) -> None:
    passed(project)
    snapshot = after(project, "ABC-8", "QA passed")
    assert deployable(snapshot) == REPAIR
    assert [entry(snapshot, revno).progress for revno in (2, 3, 4)] == ["deployable"] * 3
    assert snapshot.next is not None and snapshot.next.landings == (2, 3, 4)


def test_people_read_what_it_waits_for(project: Project) -> None:
    snapshot = passed(project)
    assert standing_of(entry(snapshot, FAILED), snapshot) == "r2 is good (QA ok) and waits for r4"
    assert standing_of(entry(snapshot, REPAIR), snapshot) == "r4 is good (QA ok) and waits for older landings"
    told = [" ".join(line.split()) for line in explain(entry(snapshot, FAILED), snapshot).splitlines()]
    assert "waits for r4" in told
    assert [(mover.kind, mover.behind) for mover in waits_of(snapshot).movers] == [("person", 2)]


def test_nobody_promotes_it_alone(project: Project) -> None:
    passed(project)
    with pytest.raises(RefusedError, match=r"r2 .* only together with r4"):
        promote(project, "r2")
    assert promote(project)[0] is None
    shown: list[Promotion] = []
    after(project, "ABC-8", "QA passed")
    promote(project, shown=shown)
    assert [line.revno for line in shown[0].goes] == [2, 3, 4]


def test_where_production_runs_it_alone_that_is_an_alarm_until_its_repair_is_live(project: Project) -> None:
    project.deploy(project.repo.git("rev-parse", "stable~2"))
    snapshot = passed(project)
    (alarm,) = snapshot.alarms
    assert (alarm.revno, alarm.repaired_by) == (FAILED, REPAIR)
    (caution,) = [each for each in cautions(snapshot, Situation(now=project.now)) if each.kind == "alarm"]
    assert caution.sentence == (
        'production runs r2, which is bad: ABC-7 is "QA passed", for r2 only together with r4, which repairs'
        " it; r4 is not live"
    )
    assert caution.remedy == "deploying r4 repairs it"
    after(project, "ABC-8", "QA passed")
    project.deploy(project.repo.tip())
    snapshot = project.look()
    assert snapshot.alarms == () and states(snapshot)[FAILED] == "ok"


def test_what_is_said_of_it_alone_outranks_that(project: Project) -> None:
    passed(project)
    project.verdict("r2", "ok")
    snapshot = project.judge()
    assert deployable(snapshot) == FAILED
    assert not entry(snapshot, FAILED).good_with


def test_its_repair_is_rolled_back(project: Project) -> None:
    passed(project)
    after(project, "ABC-8", "QA passed")
    project.land("[rollback=4] Too slow")
    snapshot = project.look()
    assert states(snapshot)[FAILED] == "bad"
    assert entry(snapshot, FAILED).reason.endswith("which repairs it; r4 is undone")
    assert deployable(snapshot) is None


def test_the_tagger_does_not_seal_it(project: Project) -> None:
    """Where a later landing names the item, too, and the good word goes away, it is not good alone."""
    after(project, "ABC-8", "QA passed")
    project.full_run()
    passed(project)
    project.land("ABC-7: Login, nicer")
    snapshot = project.full_run()
    assert project.bugs["ABC-7"]["status"] == "In QA"
    assert states(snapshot) == {1: "untestable", 2: "needstesting", 3: "ok", 4: "ok", 5: "needstesting"}
    assert deployable(snapshot) is None
    snapshot = passed(project)
    assert (entry(snapshot, FAILED).good_with, deployable(snapshot)) == ((5,), 5)


def test_a_seal_of_another_branch_does_not_make_it_good_alone(project: Project) -> None:
    after(project, "ABC-8", "QA passed")
    passed(project)
    with Database.of(project.settings) as database:
        sha = project.repo.git("rev-parse", "stable~2")
        seal = JournalEntry("seal", f"{sha} ABC-7", {"word": "ok", "revno": FAILED})
        database.append("stable", [seal], project.run("tag"))
    project.land("ABC-7: Login, nicer")
    assert states(after(project, "ABC-7", "In QA"))[FAILED] == "needstesting"


@pytest.mark.parametrize("seed", range(12))
def test_suppositions_come_true(project: Project, seed: int) -> None:
    chance = random.Random(seed)
    before = passed(project)
    if seed % 2:
        before = after(project, "ABC-8", "QA passed")
    ok = [revno for revno in (2, 3) if chance.random() < 0.4]
    rollback = [chance.choice((3, 4))] if chance.random() < 0.6 else []
    supposed = suppose(before, ok, rollback)
    for revno in ok:
        project.verdict(f"r{revno}", "ok")
    if rollback:
        project.land(f"[rollback={rollback[0]}] Out with it")
    now = project.look()
    assert supposed.deployable == deployable(now)
    assert supposed.blocked_by == tuple(sorted(blocker.revno for blocker in now.blockers))


@pytest.mark.parametrize("deploy", [1, 2, 3, 4])
def test_a_supposed_deployment(project: Project, deploy: int) -> None:
    before = passed(project)
    supposed = suppose(before, (), (), deploy)
    project.deploy(project.repo.git("rev-parse", f"stable~{4 - deploy}"))
    assert supposed.deployable == deployable(project.look())


def test_the_tagger_seals_nothing_that_is_good_only_with_its_repair(project: Project) -> None:
    project.find()
    project.tagger()
    passed(project)
    project.land("ABC-7: Login, more of it")
    project.find()
    project.tagger()
    assert project.bugs["ABC-7"]["status"] == "In QA"
    snapshot = project.judge()
    assert states(snapshot) == {
        1: "untestable", 2: "needstesting", 3: "needstesting", 4: "ok", 5: "needstesting"
    }  # fmt: skip
    assert deployable(snapshot) is None
    project.find()
    snapshot = passed(project)
    assert entry(snapshot, FAILED).good_with == (5,)
