"""Why something went out, from the journal: what counts is what was known when it did (docs/audit.md)."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import SettingsError
from shepherd.stages.audit_moves import moves_in
from shepherd.stages.feed_entries import news_of
from shepherd.stages.history import landing_events
from shepherd.store import JournalEntry
from shepherd.values import parse_rev
from tests.auditing import audit, landing, the_move
from tests.inv import ROOT
from tests.project import Project, lines_of
from tests.promoting import PROMOTE, promote, ready
from tests.random_team import a_day, someone_speaks

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""
CASES = tomllib.loads((ROOT / "tests" / "cases" / "audit_moves.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_moves(case: dict[str, Any]) -> None:
    kinds = {"p": "promoted", "d": "deployed"}
    seen = [
        JournalEntry(kinds[which], data={"revno": revno, "id": f"sha{revno}", **more}, seq=seq)
        for seq, (which, revno, more) in enumerate(case["entries"], 1)
    ]
    promoted = [entry for entry in seen if entry.kind == "promoted"]
    moves = moves_in(promoted, [entry for entry in seen if entry.kind == "deployed"])
    assert [[each.kind, each.base.revno if each.base else None, each.to.revno] for each in moves] == case[
        "moves"
    ]


def test_a_promotion_with_its_landings(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project, why="the release of August")
    project.deploy(ids[2])
    project.look()
    move = the_move(project, "promoted")
    assert (move.kind, move.base and move.base.revno, move.to.revno) == ("promotion", 1, 3)
    assert (move.who, move.why, move.ref) == ("tester", "the release of August", "released")
    assert [(each.revno, each.state, each.rule, each.plain) for each in move.landings] == [
        (2, "ok", "items", True),
        (3, "untestable", "mark", True),
    ]
    assert landing(move, 2).reason == "bug 2 is qa-ok"
    assert landing(move, 2).rule_anchor == "docs/rules.md#state"
    assert all(each.live_since == move.live[0].at for each in move.landings)
    assert len(move.hash) == 64
    assert move.gaps == (
        "which version of the shepherd did it: that was not recorded by the release of that time",
    )


def test_each_name_of_a_promotion_leads_to_it(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project)
    entry = the_move(project, "promoted").entry
    run_id = the_move(project, "promoted").run_id
    for name in ("r3", "3", ids[2], ids[2][:9], run_id, "r2", "bug:2", ids[1]):
        assert the_move(project, name).entry == entry, name
    assert [each.revno for each in the_move(project, "r2").landings if each.asked] == [2]


def test_what_was_said_later_does_not_count_and_is_told_apart(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project)
    project.deploy(ids[2])
    project.look()
    before = the_move(project, "promoted")
    project.tag(2, "qa-bad", "bad-commit-2")
    project.look()
    project.verdict("r3", "bad", "it broke the printer")
    after = the_move(project, "promoted")
    assert (landing(after, 2).state, landing(after, 3).state) == ("ok", "untestable")
    assert landing(after, 2).words == landing(before, 2).words
    assert [each.what for each in landing(after, 2).since] == [
        "bug 2: qa-bad, bad-commit-2",
        "bad-commit-2 on bug 2 names it",
        "bad, was ok",
        "an alarm about it began",
    ]
    assert "verdict: bad" in [each.what for each in landing(after, 3).since]
    assert not landing(after, 2).plain


def test_a_verdict_is_told_with_who_when_and_why(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    project.look()
    project.verdict("r4", "ok", "tried it on QA")
    promote(project)
    (word,) = [each for each in landing(the_move(project, "r5"), 4).words if each.what.startswith("verdict")]
    assert (word.what, word.who, word.why) == ("verdict: ok", "tester", "tried it on QA")
    assert word.how.startswith("inv verdict, run ")
    assert word.by_their_clock is not None
    assert landing(the_move(project, "r5"), 4).rule == "verdict"


def test_a_git_note_is_told_as_one(tmp_path: Path) -> None:
    project, ids = ready(tmp_path, branch=f'{PROMOTE}\nverdict_notes = "refs/notes/qa"')
    project.repo.git("notes", "--ref", "qa", "add", "-m", "QA: ok tried it", ids[3])
    promote(project)
    (word,) = [each for each in landing(the_move(project, "r5"), 4).words if each.what.startswith("verdict")]
    assert word.how.startswith("git note, commit ")
    assert word.how.endswith(": anybody who may push can set its author")


def test_another_rule_for_the_same_state_is_recorded(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    project.look()
    project.verdict("r2", "ok", "looked again")
    promote(project, "r3")
    told = landing(the_move(project, "r3"), 2)
    assert (told.state, told.rule) == ("ok", "verdict")
    assert "looked again" in told.reason


def test_what_was_passed_is_told_with_the_reason(tmp_path: Path) -> None:
    limits = f'{PROMOTE}\nlimits = [{{ paths = ["*"], max = 1 }}]'
    project, _ = ready(tmp_path, branch=limits)
    promote(project, "r3", despite="the shop opens today")
    move = the_move(project, "promoted")
    assert move.despite == "the shop opens today"
    assert len(move.passed) == 1
    assert move.limits is not None
    assert [(each.max, each.paths, each.holds) for each in move.limits] == [(1, ("*",), False)]


def test_a_landing_that_never_went_live(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    project.look()
    (never,) = audit(project, "r4").never_live
    assert never.what.startswith("nothing brought it live")
    assert "needstesting" in never.what
    (older,) = audit(project, "r1").never_live
    assert older.what.startswith("production had it before the shepherd looked for the first time")


def test_rolled_back_within_it_and_brought_back(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    more = project.land("[rollback=4] Back", "[no-qa] Seven")
    promote(project)
    roles = {each.revno: each.role for each in the_move(project, "promoted").landings}
    assert roles == {2: "live", 3: "live", 4: "undone", 5: "live", 6: "live", 7: "live"}
    project.deploy(more[-1])
    project.look()
    project.land("[rollback=6] Forth again")
    project.look()
    project.verdict("r8", "ok")
    project.verdict("r4", "ok")
    promote(project)
    roles = {each.revno: each.role for each in the_move(project, "promoted").landings}
    assert roles == {4: "back", 6: "taken-out", 8: "live"}


def test_what_names_nothing_is_refused(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    project.look()
    with pytest.raises(SettingsError, match="nothing was ever promoted"):
        audit(project, "promoted")
    with pytest.raises(SettingsError, match="neither a landing of stable nor a promotion"):
        audit(project, "r99")
    with pytest.raises(SettingsError, match="neither a landing of stable nor a promotion"):
        audit(project, "20260101T000000Z-abcd")


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6, 8, 9, 10, 11])
def test_a_random_team_is_told_what_its_snapshots_said(tmp_path: Path, seed: int) -> None:
    """Whatever happens later: state and rule of each landing are those of the answer that it went out by."""
    chance = random.Random(seed)
    project = Project(tmp_path, branch=PROMOTE)
    ids = project.land("[no-qa] Begin")
    project.deploy(ids[0])
    project.repo.set_ref("released", ids[0])
    project.look()
    said: dict[int, dict[int, tuple[str, str, str]]] = {}
    for _ in range(6):
        a_day(project, chance, ids)
        if chance.random() < 0.5:
            project.look()
            someone_speaks(project, chance, ids)
        plan, snapshot = promote(project)
        if plan is not None:
            said[plan.to.revno] = {each.revno: (each.id, each.state, each.rule) for each in snapshot.landings}
    assert said
    for revno, states in said.items():
        move = next(each for each in audit(project, f"r{revno}").moves if each.kind == "promotion")
        assert move.landings
        for each in move.landings:
            assert (each.id, each.state, each.rule) == states[each.revno]


def test_another_rule_alone_is_told_by_history_and_is_no_news(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    project.look()
    snapshot = project.look()
    before = len(news_of(project.settings, snapshot) or ())
    logged = len(list(lines_of(project, "landing")))
    assert logged
    project.verdict("r2", "ok", "looked again")
    snapshot = project.look()
    told = [event.what for event in landing_events(project.settings, snapshot, parse_rev("r2"))]
    assert "r2: still ok, by another rule" in told
    assert len(news_of(project.settings, snapshot) or ()) == before
    assert len(list(lines_of(project, "landing"))) == logged
