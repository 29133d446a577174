"""`inv notes` on real repositories: what the last answer lists, and what only journal, archive and git know
(docs/guide.md#what-goes-live)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shepherd.errors import NoAnswerError, SettingsError, SourceError
from shepherd.notes import ReleaseNotes
from shepherd.stages.archive import archive_branch
from shepherd.stages.find import Acceptance
from shepherd.stages.notes import notes_between
from shepherd.store.snapshots import Snapshots
from shepherd.values import parse_rev
from shepherd.views.notes import notes_of
from tests.inv import inv_here
from tests.project import Project
from tests.promoting import promote, ready


def between(project: Project, base: str | None, to: str) -> ReleaseNotes:
    snapshot = Snapshots(project.state / "snapshots", "stable").latest()
    assert snapshot is not None
    return notes_between(project.settings, snapshot, parse_rev(base) if base else None, parse_rev(to))


def revnos(notes: ReleaseNotes) -> list[int]:
    return [line.revno for line in notes.landings]


def test_the_proposed_deployment_reads_alike_from_the_answer_and_from_the_journal(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='compare_url = "https://x.example/{from}..{to}"')
    ids = project.land("[bug=1] One", "[bug=2] Two", "[bug=3] Three", "[rollback=2] Out", "[rollback=1] Too")
    project.deploy(ids[0])
    for bug in (1, 2, 3):
        project.tag(bug, "qa-ok")
    snapshot = project.look()
    notes = notes_of(snapshot)
    assert notes is not None and notes == between(project, None, "tip")
    assert revnos(notes) == [2, 3, 4, 5]
    assert [(line.revno, line.rolled_back_by) for line in notes.landings if line.rolled_back] == [(2, 4)]
    assert [(line.revno, line.rolled_back_by) for line in notes.taken_out] == [(1, 5)]
    assert notes.compare_url == f"https://x.example/{ids[0]}..{ids[4]}"


def test_what_a_promotion_brought_begins_where_the_ref_was_before(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project)
    project.tag(4, "qa-ok")
    promote(project)
    notes = between(project, None, "promoted")
    assert (notes.base.revno, notes.base.id, notes.to.id) == (3, ids[2], ids[4])
    assert revnos(notes) == [4, 5]
    assert notes.promoted_at == project.now and notes.promoted_by == "tester"
    first = between(project, None, "r3")
    assert (first.base.revno, revnos(first), first.promoted_by) == (1, [2, 3], "tester")


def test_of_part_of_a_promotion_nobody_is_said_to_have_promoted_it(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    promote(project)
    assert between(project, "r2", "r3").promoted_at is None


@pytest.mark.parametrize("archived", [False, True])
def test_what_went_live_long_ago_comes_from_the_archive_or_from_git(tmp_path: Path, archived: bool) -> None:
    project = Project(tmp_path, top='keep = "1h"')
    project.land("[bug=1] One", "[bug=2] Two", "[rollback=1] Out", "[rollback=3] Back", "[bug=5] Five")
    project.deploy(project.land(*(f"[no-qa] N{n}" for n in range(6, 40)))[-1])
    project.land("[no-qa] Newest")
    snapshot = project.look()
    assert min(entry.revno for entry in snapshot.landings) > 5, "the answer does not list them"
    if archived:
        archive_branch(project.settings, "stable", project.run("archive"))
    notes = between(project, "r3", "r5")
    assert [(line.revno, line.again) for line in notes.landings] == [(1, True), (4, False), (5, False)]
    assert [(line.revno, line.rolled_back_by) for line in notes.taken_out] == [(3, 4)]
    assert notes.landings[0].title == "One"


def test_two_revisions_have_to_be_in_their_order(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    project.look()
    for base, to, why in (
        ("r3", "r2", "r3 is not older than r2"),
        ("r3", "r3", "r3 is not older than r3"),
        ("r2", "r77", "r77 is not a landing of stable"),
        (None, "r1", "production runs r1, and no promotion brought exactly r1"),
    ):
        with pytest.raises(SettingsError, match=why):
            between(project, base, to)


def test_what_is_not_there_is_no_revision(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] One", "[no-qa] Two")[0])
    project.look()
    with pytest.raises(NoAnswerError, match="no promoted revision"):
        between(project, None, "promoted")


def test_the_command_prints_each_form(tmp_path: Path) -> None:
    _, ids = ready(tmp_path)
    inv_here(tmp_path, "find", "judge")
    text = inv_here(tmp_path, "notes")
    assert text.out.splitlines() == [
        "stable: r1 to r3",
        "2 landings",
        "",
        "r2  Two (Ann, bug 2)",
        "r3  Three (Ann)",
        "",
        f"Revision: {ids[2]}",
    ]
    assert "- Two (r2, Ann, bug 2)" in inv_here(tmp_path, "notes", "--format", "markdown").out
    document = json.loads(inv_here(tmp_path, "notes", "--from", "r1", "--to", "r2", "--format", "json").out)
    assert (document["from"]["revno"], [each["state"] for each in document["landings"]]) == (1, ["ok"])
    wrong = inv_here(tmp_path, "notes", "--format", "html")
    assert (wrong.code, wrong.out) == (2, "") and "text, markdown, json" in wrong.err


def test_where_there_is_nothing_to_deploy_there_are_no_notes_of_it(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    assert inv_here(tmp_path, "notes").code == 5, "no answer yet"
    project.look()
    stale = inv_here(tmp_path, "notes")
    assert (stale.code, stale.out) == (5, "") and "stale" in stale.err
    project.deploy(ids[4])
    inv_here(tmp_path, "find", "judge")
    nothing = inv_here(tmp_path, "notes")
    assert (nothing.code, nothing.out) == (8, "") and "nothing new" in nothing.err
    assert inv_here(tmp_path, "notes", "--from", "r1", "--to", "r3").code == 0


def test_a_caution_that_stops_stops_the_notes_too(tmp_path: Path) -> None:
    project, _ = ready(tmp_path, branch='promote = { ref = "production" }')
    project.repo.commit("Hotfix", branch="production")
    inv_here(tmp_path, "find", "judge")
    done = inv_here(tmp_path, "notes")
    assert (done.code, done.out) == (8, "")
    assert "do not deploy r3" in done.err and "drop-hotfix" in done.err


def test_notes_of_history_say_with_their_code_that_there_is_no_data_now(tmp_path: Path) -> None:
    ready(tmp_path)
    inv_here(tmp_path, "find", "judge")
    (tmp_path / "bugs.json").unlink()
    inv_here(tmp_path, "judge")
    done = inv_here(tmp_path, "notes", "--from", "r1", "--to", "r3")
    assert done.code == 5 and "r2  Two" in done.out


def test_what_was_promoted_on_a_mainline_that_is_gone_is_no_beginning(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    project.look()
    promote(project)
    project.look()
    project.repo.set_ref("refs/heads/stable", ids[0])
    new = project.land("[no-qa] Zero", "[no-qa] Two", "[no-qa] Three")
    project.repo.set_ref("released", new[2])
    with pytest.raises(SourceError):
        project.find()
    project.find(Acceptance(rewrite=True), "cleaned up")
    project.judge()
    with pytest.raises(SettingsError, match="r3, promoted before it, is not on the mainline any more"):
        between(project, None, "promoted")
    assert revnos(between(project, "r1", "promoted")) == [2, 3, 4]
