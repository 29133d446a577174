"""Audits of what went otherwise: by older releases, past the shepherd, killed, on a rewritten mainline."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.stages.find import Acceptance
from shepherd.store import Database, Journal, JournalEntry
from tests.auditing import audit, landing, the_move
from tests.promoting import entries, promote, ready

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""


def test_what_an_earlier_release_left_out_is_said(tmp_path: Path) -> None:
    """Neither rules nor conditions nor hashes, as releases before 0.5 wrote it."""
    project, ids = ready(tmp_path)
    project.look()
    with Database.of(project.settings) as database:
        place = {"revno": 3, "id": ids[2], "sha": ids[2], "ref": "released", "from": 1}
        act = {"act": "promote", "ref": "released", "from": ids[0], "from_revno": 1}
        act |= {"to": ids[2], "to_revno": 3}
        database.append(
            "stable", [JournalEntry("meant", f"{ids[2]} x", act, "ann", "why not")], project.run("x")
        )
        database.append("stable", [JournalEntry("promoted", "", place, "ann", "why not")], project.run("x"))
        with database.begin() as connection:
            connection.exec_driver_sql(
                "update journal set data = replace(data, '\"rule\":', '\"other\":') where kind = 'state'"
            )
    move = the_move(project, "promoted")
    assert move.checks is None
    assert [each.rule for each in move.landings] == ["", ""]
    assert not any(each.plain for each in move.landings)
    assert [gap.partition(":")[0] for gap in move.gaps] == [
        "which checks and limits held, and which cautions there were",
        "which version of the shepherd did it",
        "by which rule r2, r3 had their state",
    ]


def test_production_that_nobody_promoted(tmp_path: Path) -> None:
    project, ids = ready(tmp_path, branch="")
    project.look()
    project.deploy(ids[2])
    project.look()
    move = the_move(project, "r2")
    assert (move.kind, move.to.revno, move.who) == ("seen", 3, "")
    assert "who did it, when exactly, and why" in move.gaps[0]
    assert landing(move, 2).live_since == move.at


def test_out_back_and_out_again(tmp_path: Path) -> None:
    project, ids = ready(tmp_path, branch="")
    project.look()
    for sha in (ids[2], ids[0], ids[2]):
        project.deploy(sha)
        project.look()
    moves = audit(project, "r2").moves
    assert [(each.kind, each.to.revno) for each in moves] == [("seen", 3), ("seen", 3)]
    assert moves[0].entry > moves[1].entry
    assert [each.what for each in moves[1].since] == ["production runs r1, back from r3"]


def test_when_the_repository_is_gone_the_journal_still_tells(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project)
    whole = the_move(project, "promoted")
    project.drop_cache()
    (tmp_path / "project.git").rename(tmp_path / "lost.git")
    told = the_move(project, "promoted")
    assert [(each.revno, each.id, each.state, each.rule) for each in told.landings] == [
        (each.revno, each.id, each.state, each.rule) for each in whole.landings
    ]
    assert the_move(project, ids[2]).entry == whole.entry
    assert "the repository could not be read" in told.gaps[0]
    assert all(each.title == "" for each in told.landings)


def test_states_of_a_release_that_named_no_rule_are_not_written_again(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    project.look()
    with Database.of(project.settings) as database, database.begin() as connection:
        connection.exec_driver_sql(
            "update journal set data = replace(data, '\"rule\":', '\"other\":') where kind = 'state'"
        )
    before = len(entries(project, "state"))
    project.look()
    assert len(entries(project, "state")) == before


def test_a_promotion_whose_run_was_ended_before_it_could_say_so(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    project.look()
    data = {"act": "promote", "ref": "released", "from": ids[0], "from_revno": 1, "to": ids[2], "to_revno": 3}
    with Database.of(project.settings) as database, database.begin() as connection:
        meant = JournalEntry("meant", f"{ids[2]} ended-run", data, "ann", "the release")
        Journal(connection, "stable").append([meant], run_id="ended-run", at=project.now)
    project.repo.set_ref("released", ids[2])
    project.look()
    move = the_move(project, "ended-run")
    assert (move.kind, move.who, move.run_id) == ("promotion", "ann", "ended-run")
    assert move.how.startswith("done by run ended-run, which was ended before it could say so; found out by")
    assert the_move(project, "promoted") == move


def test_a_freeze_that_was_on_when_somebody_else_moved_the_ref(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    project.look()
    with Database.of(project.settings) as database:
        on = JournalEntry("freeze", "f1", {"on": True}, "ann", "new disks")
        over = JournalEntry(
            "freeze", "f2", {"on": True, "until": "2011-08-01T09:01:00Z"}, "bob", "over by then"
        )
        database.append("stable", [on, over], project.run("freeze.on"))
    project.repo.set_ref("released", ids[2])
    project.look()
    move = the_move(project, "r3")
    assert (move.kind, move.who) == ("foreign", "")
    assert [(each.who, each.why) for each in move.freezes] == [("ann", "new disks")]
    assert "who did it" in move.gaps[0]


def test_what_went_out_before_a_rewrite_of_the_mainline(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project)
    project.deploy(ids[2])
    project.look()
    before = the_move(project, "promoted")
    project.repo.set_ref("stable", ids[0])
    others = project.land("[no-qa] Two, otherwise", "[no-qa] Three, otherwise")
    project.deploy(others[-1])
    project.repo.set_ref("released", others[-1])
    project.find(Acceptance(rewrite=True), "it was wrong")
    project.look()
    after = the_move(project, ids[2])
    told = [(each.revno, each.id, each.state, each.rule) for each in after.landings]
    assert told == [(each.revno, each.id, each.state, each.rule) for each in before.landings]
    assert "is not on the mainline any more" in after.gaps[0]
