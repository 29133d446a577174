"""Since when production runs what it runs, and what was promoted before, on real repositories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shepherd.landing import Revision
from shepherd.stages.past_promotions import SHOWN, deployed_rev, past_promotions
from shepherd.stages.timeline import RefMove
from tests.project import Project
from tests.promoting import PROMOTE, promote, ready
from tests.store import keeping

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""

NOON = datetime(2011, 8, 24, 12, 0, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def test_since_when_and_by_whom_production_runs_it(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    first = project.look()
    assert first.deployed is not None
    assert (first.deployed.since, first.deployed.at_least, first.deployed.by) == (
        first.generated_at - timedelta(minutes=1),
        True,
        "",
    )
    promote(project)
    project.deploy(ids[2])
    project.now += timedelta(hours=1)
    seen = project.look()
    project.now += timedelta(days=3)
    later = project.look()
    assert later.deployed is not None and later.deployed.revno == 3
    assert later.deployed.since == seen.generated_at - timedelta(minutes=1)
    assert (later.deployed.at_least, later.deployed.by) == (False, "tester")


def test_a_promotion_says_how_much_and_how_long_it_had_waited(tmp_path: Path) -> None:
    project, _ = ready(
        tmp_path, f'{PROMOTE}\ncompare_url = "https://forge.example/compare/{{from}}...{{to}}"'
    )
    promote(project)
    snapshot = project.look()
    [past] = snapshot.promotions
    assert (past.base.revno, past.to.revno, past.landings, past.by, past.seen) == (1, 3, 2, "tester", False)
    landed = [entry.landed_at for entry in snapshot.landings if entry.revno in (2, 3)]
    waits = sorted(int((past.at - each).total_seconds()) for each in landed)
    assert (past.waited_median_s, past.waited_longest_s) == (sum(waits) // 2, waits[-1])
    assert past.compare_url == f"https://forge.example/compare/{past.base.id}...{past.to.id}"


def test_without_promotions_it_is_what_production_was_seen_to_do(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[no-qa] One", "[no-qa] Two", "[no-qa] Three")
    project.deploy(ids[0])
    assert project.look().promotions == ()
    for revno in (3, 2):
        project.deploy(ids[revno - 1])
        project.now += timedelta(hours=1)
        snapshot = project.look()
    assert [(p.base.revno, p.to.revno, p.landings, p.seen) for p in snapshot.promotions] == [
        (3, 2, 0, True),
        (1, 3, 2, True),
    ]


def test_where_only_the_mainline_moved_production_did_not() -> None:
    moves = [RefMove(4, at(0), "a"), RefMove(9, at(1), "b"), RefMove(8, at(2), "c", kept="b")]
    place = deployed_rev(Revision(8, "c"), (), moves, ())
    assert (place.since, place.at_least) == (at(1), False)
    assert [(p.to.revno, p.at) for p in past_promotions(moves, (), {}, lambda base, to: None)] == [(9, at(1))]
    again = [*moves[:2], RefMove(9, at(1.5), "b"), moves[2]]
    assert deployed_rev(Revision(8, "c"), (), again, ()).since == at(1)


def test_what_is_not_known_of_every_landing_is_not_told() -> None:
    moves = [RefMove(1, at(0), "a"), RefMove(3, at(9), "c", who="ann")]
    [some] = past_promotions((), moves, {(3, "c"): at(8)}, lambda base, to: None)
    assert (some.waited_median_s, some.waited_longest_s) == (None, None)
    [known] = past_promotions((), moves, {(2, "b"): at(3), (3, "c"): at(8)}, lambda base, to: None)
    assert (known.waited_median_s, known.waited_longest_s) == (3.5 * 3600, 6 * 3600)


def test_how_long_others_waited_that_have_these_numbers_now_is_not_told() -> None:
    moves = [RefMove(1, at(0), "a"), RefMove(3, at(9), "c", who="ann")]
    rewritten = {(2, "x"): at(3), (3, "y"): at(8)}
    [past] = past_promotions((), moves, rewritten, lambda base, to: None)
    assert (past.landings, past.waited_median_s, past.waited_longest_s) == (2, None, None)


def test_landings_of_two_mainlines_are_not_counted() -> None:
    moves = [RefMove(2, at(0), "a"), RefMove(3, at(9), "y"), RefMove(4, at(9), "z")]
    rewritten = {(1, "v"): at(1), (2, "x"): at(3), (3, "y"): at(8), (4, "z"): at(8)}
    last, first = past_promotions((), moves, rewritten, lambda base, to: None)
    assert (first.landings, first.waited_longest_s) == (0, None)
    assert (last.landings, last.waited_longest_s) == (1, 3600)


def test_another_ref_by_other_settings_is_no_promotion(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    project.look()
    promote(project)
    before = project.look()
    assert [each.to.revno for each in before.promotions] == [3]
    project.repo.set_ref("released2", ids[4])
    project.write_settings('promote = { ref = "released2" }')
    snapshot = project.look()
    assert snapshot.promoted is not None
    assert (snapshot.promoted.revno, snapshot.promoted.at, snapshot.promoted.by) == (5, None, "")
    assert snapshot.promotions == before.promotions


def test_without_data_the_last_promotions_are_known_still(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    project.look()
    promote(project)
    before = project.look()
    (tmp_path / "bugs.json").write_text("no JSON")
    snapshot = project.look()
    assert not snapshot.complete
    assert [(p.to, p.by, p.waited_longest_s) for p in snapshot.promotions] == [
        (before.promotions[0].to, "tester", None)
    ]
    assert before.deployed is not None and before.deployed.since is not None
    assert snapshot.deployed == before.deployed, "who is called at night reads since when it runs"


def test_the_last_ones_newest_first() -> None:
    moves = [RefMove(revno, at(revno), f"{revno}") for revno in range(1, SHOWN + 9)]
    past = past_promotions((), moves, {}, lambda base, to: None)
    assert [each.to.revno for each in past] == list(range(SHOWN + 8, 8, -1))


def test_a_ref_that_somebody_else_moved_was_only_seen() -> None:
    moves = [RefMove(1, at(0), "a"), RefMove(2, at(1), "b", "ann"), RefMove(3, at(2), "c", foreign=True)]
    past = past_promotions((), moves, {}, lambda base, to: None)
    assert [(each.by, each.seen) for each in past] == [("", True), ("ann", False)]


def test_what_is_left_of_a_lost_journal_tells_no_history(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    project.look()
    project.deploy(ids[2])
    assert project.look().promotions
    project.deploy(ids[1])
    project.look()
    keeping.change(project, "DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)")
    snapshot = project.judge()
    assert not snapshot.complete and snapshot.promotions == ()
