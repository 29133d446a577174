"""What every snapshot must be, whatever led to it: the schema in docs/, and the promises between its keys."""

from __future__ import annotations

import json
import random
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from shepherd.snapshot import Snapshot
from shepherd.views.feeds import snapshot_json
from tests.project import Project
from tests.random_team import live_a_while
from tests.views.factory import everything_wrong

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "snapshot.schema.json").read_text())


def check(snapshot: Snapshot) -> None:
    """Hold a snapshot against the schema and against what its keys say of each other."""
    for shown in (snapshot_json(snapshot), snapshot_json(snapshot, everything_wrong())):
        Draft202012Validator(SCHEMA).validate(json.loads(shown))
    by_revno = {entry.revno: entry for entry in snapshot.landings}
    assert len(by_revno) == len(snapshot.landings)
    deployed = snapshot.deployed.revno if snapshot.deployed else 0
    named = {b.revno for b in snapshot.blockers} | {a.revno for a in snapshot.alarms}
    for entry in snapshot.landings:
        named |= {*entry.blocked_by} | ({entry.undone_by} if entry.undone_by else set())
        assert (entry.deployable_as_tip is None) == (entry.revno <= deployed)
        assert entry.deployable_as_tip is not True or entry.blocked_by_count == 0
        assert list(entry.blocked_by) == sorted(entry.blocked_by)
        assert entry.deployable_as_tip is not True or not entry.conditions
        assert len(entry.conditions) >= len(entry.exceeds) <= len(snapshot.limits)
    assert named <= by_revno.keys()
    if snapshot.waits is not None:
        waits = by_revno[snapshot.waits.revno]
        assert not waits.blocked_by_count and waits.deployable_as_tip is False
        assert waits.revno > max(deployed, snapshot.deployable.revno if snapshot.deployable else 0)
    if snapshot.deployable:
        assert by_revno[snapshot.deployable.revno].deployable_as_tip
        assert not any(e.deployable_as_tip for e in snapshot.landings if e.revno > snapshot.deployable.revno)
    blocking = sorted(b.revno for b in snapshot.blockers)
    highest, before = max(deployed, snapshot.deployable.revno if snapshot.deployable else 0), -1
    for step in snapshot.staircase:
        assert list(step.cleared) == blocking[: len(step.cleared)] and len(step.cleared) > before
        assert step.tip > highest and step.frees > 0
        highest, before = step.tip, len(step.cleared)
    if snapshot.blockers and not snapshot.staircase_more:
        assert snapshot.tip and snapshot.staircase[-1].tip == snapshot.tip.revno
    following = snapshot.next
    assert (following is not None) == (snapshot.answer == "deploy")
    if following is not None:
        assert (following.base.revno, following.to) == (deployed, snapshot.deployable)
        assert list(following.landings) == sorted(following.landings)
        window = range(deployed + 1, following.to.revno + 1)
        assert set(window) <= set(following.landings) <= {*window, *range(1, deployed + 1)}
        assert set(following.undone) <= set(following.landings)
        assert not set(following.undone) & set(following.undone_later)
        assert all(revno <= deployed for revno in following.taken_out)
        for revno in following.undone_later:
            undone_by = by_revno[revno].undone_by
            assert revno in following.landings and undone_by is not None


@pytest.mark.parametrize("seed", range(4))
def test_every_snapshot_of_a_team_fits_the_schema(tmp_path: Path, seed: int) -> None:
    project = Project(tmp_path)
    for snapshot in live_a_while(project, random.Random(seed)):
        check(snapshot)


def test_a_snapshot_without_answer_fits_the_schema(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "[bug=1] One")[0])
    project.look()
    (tmp_path / "bugs.json").unlink()
    check(project.look())


def test_the_schema_is_one_and_refuses_what_is_wrong(tmp_path: Path) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin")[0])
    document = json.loads(snapshot_json(project.look()))
    document["answer"] = "deploy"
    assert not Draft202012Validator(SCHEMA).is_valid(document)


@pytest.mark.parametrize("said", ["success", "pending", "failed", "5"])
def test_a_snapshot_with_conditions_fits_the_schema(tmp_path: Path, said: str) -> None:
    """A limit that the tip exceeds, a rollback that counts for nothing, and checks of any kind."""
    limit = 'limits = [{ paths = ["*.sql"], max = 1, reason = "one a day" }]\nchecks = ["ci/*"]'
    project = Project(tmp_path, branch=limit)
    project.deploy(project.land("[no-qa] One")[0])
    shas = [project.repo.commit(f"[no-qa] {name}", {name: "1"}) for name in ("a.sql", "b.sql", "c.py")]
    shas.append(project.repo.commit("[rollback=3] Undo", {"b.sql": None}))
    shas += project.land("[bug=1] Six", "[no-qa] Seven")
    project.tag(1, "qa-needstesting")
    for sha in shas:
        project.check(sha, ci_build=5 if said == "5" else said)
    snapshot = project.look()
    check(snapshot)
    assert snapshot.limits and snapshot.checks and any(entry.touches for entry in snapshot.landings)
    assert (snapshot.waits is None) == (said == "success")


def test_a_snapshot_in_which_conditions_alone_keep_everything_back_fits_the_schema(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='checks = ["ci/*"]')
    project.deploy(project.land("[no-qa] One", "[no-qa] Two")[0])
    snapshot = project.look()
    check(snapshot)
    assert (snapshot.answer, snapshot.blockers) == ("blocked", ()) and snapshot.waits


def test_a_snapshot_of_a_release_before_conditions_says_the_same(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] One", "[bug=1] Two", "[no-qa] Three")[0])
    project.tag(1, "qa-needstesting")
    snapshot = project.look()
    document = msgspec.to_builtins(snapshot)
    for key in ("checks", "limits", "waits"):
        del document[key]
    for each in document["landings"]:
        for key in ("conditions", "exceeds", "checks", "touches"):
            del each[key]
    for each in (*document["blockers"], *document["staircase"]):
        del each["if_checks_pass"]
    assert msgspec.convert(document, Snapshot, strict=False) == snapshot
