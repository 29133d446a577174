"""Who waits for whom: the oldest wait first, whose move it is, and whose good landings stand behind
(docs/trends.md#waits)."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shepherd.plans.waits import ELSEWHERE, LANDINGS_LISTED, NOT_READ, WAIT_THEMSELVES, Mover, waits_of
from shepherd.situation import Situation
from shepherd.snapshot import Blocker, DeployedRev, LandingEntry, Snapshot
from shepherd.views.templates import pages
from shepherd.views.terminal import width
from shepherd.views.waits import as_text
from shepherd.views.waits_section import section
from tests.project import Project
from tests.random_team import live_a_while
from tests.views.condition_looks import ANN, frozen
from tests.views.factory import NOW, entry, sha, snapshot

SITUATION = Situation(now=NOW)


def needs_qa(revno: int, person: str, **changes: Any) -> LandingEntry:
    fields = {"state": "needstesting", "good": False, "progress": "needs-qa", "person": person}
    return entry(revno, **{**fields, "whose_move": person, "deployable_as_tip": False, **changes})


def good(revno: int, person: str, *blocked_by: int, **changes: Any) -> LandingEntry:
    held = {"progress": "waiting", "deployable_as_tip": False, "blocked_by": blocked_by}
    return entry(revno, **{**held, "person": person, "blocked_by_count": len(blocked_by), **changes})


def answered(*landings: LandingEntry, **changes: Any) -> Snapshot:
    """A snapshot of these, in which all that is not good blocks."""
    newest_first = sorted(landings, key=lambda each: -each.revno)
    fields: dict[str, Any] = {"answer": "blocked", "deployable": None, "next": None, "alarms": ()}
    fields["blockers"] = tuple(
        Blocker(each.revno, each.person, each.landed_at, 1, None, 0)
        for each in newest_first
        if not each.good and each.progress not in ("live", "rolled-back")
    )
    return snapshot(landings=tuple(newest_first), **{**fields, **changes})


def who(movers: tuple[Mover, ...]) -> list[tuple[str, list[int], int, tuple[str, ...]]]:
    return [
        (each.who or each.kind, [one.revno for one in each.landings], each.behind, each.people)
        for each in movers
    ]


class TestWhoseMove:
    def test_the_oldest_wait_comes_first_whoever_has_most(self) -> None:
        waits = waits_of(
            answered(
                needs_qa(101, "Bob"),
                needs_qa(102, "Ann"),
                needs_qa(103, "Ann"),
                good(104, "Cy", 101, 102, 103),
                good(105, "Bob", 101, 102, 103),
            )
        )
        assert who(waits.movers) == [("Bob", [101], 2, ("Bob", "Cy")), ("Ann", [102, 103], 2, ("Bob", "Cy"))]
        assert waits.movers[1].since == waits.movers[1].landings[0].since

    def test_what_stands_behind_is_counted_once(self) -> None:
        waits = waits_of(
            answered(
                needs_qa(101, "Ann"), good(102, "Bob", 101), needs_qa(103, "Ann"), good(104, "Cy", 101, 103)
            )
        )
        assert who(waits.movers) == [("Ann", [101, 103], 2, ("Bob", "Cy"))]
        assert [each.behind for each in waits.movers[0].landings] == [2, 1]

    def test_the_one_who_is_named_has_it_and_not_the_author(self) -> None:
        assert who(waits_of(answered(needs_qa(101, "Ann", whose_move="Bob"))).movers)[0][0] == "Bob"

    @pytest.mark.parametrize(
        ("changes", "kind"),
        [
            ({"progress": "not-on-qa-yet"}, "qa-server"),
            ({"progress": "not-on-qa-yet", "state": "bad"}, "person"),
            ({"progress": "unknown", "state": "unknown"}, "operators"),
            ({"progress": "promoted", "state": "bad"}, "person"),
        ],
    )
    def test_what_is_nobodys_move(self, changes: dict[str, Any], kind: str) -> None:
        [mover] = waits_of(answered(needs_qa(101, "Ann", **changes))).movers
        assert mover.kind == kind

    def test_what_can_go_waits_for_who_deploys(self) -> None:
        promoted_at = NOW - timedelta(hours=1)
        waits = waits_of(
            answered(
                entry(101, progress="promoted", person="Ann", promoted_at=promoted_at),
                entry(102, person="Bob"),
                entry(103, person=""),
                good(104, "Cy"),
            )
        )
        assert who(waits.movers) == [
            ("promotion", [102, 103], 0, ("", "Bob")),
            ("conditions", [104], 0, ("Cy",)),
            ("deployment", [101], 0, ("Ann",)),
        ]
        assert waits.movers[2].since == promoted_at

    def test_what_is_live_or_undone_waits_for_nobody(self) -> None:
        live = entry(100, progress="live", state="bad", good=False)
        undone = needs_qa(101, "Ann", progress="rolled-back", undone_by=102)
        assert waits_of(answered(live, undone)).movers == ()

    def test_without_data_nothing_is_known(self) -> None:
        waits = waits_of(snapshot(complete=False, answer="no-data", landings=(), problems=("no",)))
        assert not waits.known and not waits.movers

    def test_a_list_that_was_cut_goes_on_with_what_blocks(self) -> None:
        oldest = tuple(range(101, 201))
        blockers = [needs_qa(revno, "Ann") for revno in oldest]
        waits = waits_of(
            answered(
                *blockers,
                needs_qa(201, "Bob"),
                good(202, "Cy", *oldest, blocked_by_count=101),
                needs_qa(203, "Di"),
            )
        )
        assert [(each.who, each.count, each.behind) for each in waits.movers] == [
            ("Ann", 100, 1),
            ("Bob", 1, 1),
            ("Di", 1, 0),
        ]
        assert len(waits.movers[0].landings) == LANDINGS_LISTED

    def test_what_was_undone_in_between_kept_nothing_back_there(self) -> None:
        """r103 undid r101, and r105 brought it back."""
        waits = waits_of(
            answered(
                needs_qa(101, "Ann"),
                good(102, "Bob", 101),
                needs_qa(103, "Cy"),
                good(104, "Di", 103),
                good(105, "Ed", 101, 103),
            )
        )
        assert who(waits.movers) == [("Ann", [101], 2, ("Bob", "Ed")), ("Cy", [103], 2, ("Di", "Ed"))]

    @pytest.mark.parametrize("seed", range(3))
    def test_what_stands_behind_is_what_the_snapshot_says(self, tmp_path: Path, seed: int) -> None:
        """The same, counted in the plain way: a landing at a time."""
        for each in live_a_while(Project(tmp_path), random.Random(seed)):
            if not each.complete:
                continue
            theirs: dict[str, set[int]] = {}
            blocking = {blocker.revno: blocker for blocker in each.blockers}
            for mover in waits_of(each).movers:
                assert mover.count == len(mover.landings)
                of_mover = {one.revno for one in mover.landings} & blocking.keys()
                behind = [e for e in each.landings if e.good and of_mover.intersection(e.blocked_by)]
                behind = [e for e in behind if e.progress == "waiting"]
                assert mover.behind == len(behind)
                if mover.kind not in WAIT_THEMSELVES:
                    assert set(mover.people) == {e.person for e in behind}
                for one in mover.landings:
                    theirs.setdefault(mover.who, set()).add(one.revno)
                    if one.revno in blocking:
                        behind = [e for e in each.landings if e.good and one.revno in e.blocked_by]
                        assert one.behind == len([e for e in behind if e.progress == "waiting"])
            moved = set().union(*theirs.values()) if theirs else set()
            assert blocking.keys() <= moved
            for landing in each.landings:
                if landing.progress in ("deployable", "promoted"):
                    assert landing.revno in moved


class TestComponents:
    SET = ("web", "database")

    def test_a_landing_stands_in_each_that_it_touches(self) -> None:
        waits = waits_of(
            answered(
                needs_qa(101, "Ann", components=("database",)),
                needs_qa(102, "Bob", components=("web", "database")),
                needs_qa(103, "Cy"),
                components=self.SET,
            )
        )
        assert [(each.component, [mover.who for mover in each.movers]) for each in waits.components] == [
            ("database", ["Ann", "Bob"]),
            ("web", ["Bob"]),
            (ELSEWHERE, ["Cy"]),
        ]

    def test_of_what_production_contains_it_is_not_known(self) -> None:
        waits = waits_of(
            answered(needs_qa(99, "Ann"), deployed=DeployedRev(100, sha(100)), components=self.SET)
        )
        assert [each.component for each in waits.components] == [NOT_READ]

    def test_none_are_set(self) -> None:
        waits = waits_of(answered(needs_qa(101, "Ann")))
        assert (waits.components, waits.movers[0].landings[0].components) == ((), ())


class TestText:
    def test_it_says_who_since_when_and_what_stands_behind(self) -> None:
        made = answered(needs_qa(101, "Ann"), good(102, "Bob", 101), good(103, "Cy", 101))
        text = as_text(made, waits_of(made), SITUATION)
        assert (
            " ".join(text.split())
            .partition("; ")[0]
            .endswith("Ann: 1 landing, and 2 good ones behind, of Bob and Cy")
        )
        assert "\n  r101  2010-" in text and "needs QA" in text

    def test_while_nobody_may_deploy_it_is_nobodys_move_yet(self) -> None:
        made = answered(good(101, "Ann", progress="deployable"), good(102, "Bob", progress="promoted"))
        for said in ("the people who deploy", "the deployment of what is promoted"):
            now, then = f"{said}:", f"{said}, once that is allowed:"
            calm, stopped = (
                " ".join(as_text(made, waits_of(made), each).split()) for each in (SITUATION, frozen(ANN))
            )
            assert now in calm.replace("The ", "the ") and then not in calm.replace("The ", "the ")
            assert then in stopped.replace("The ", "the ")
        html = pages().get_template("trends/waits.html.j2").render(waits=section(made, frozen(ANN)))
        assert "the people who deploy, once that is allowed" in html

    def test_long_lists_are_counted(self) -> None:
        made = answered(*(needs_qa(revno, "Ann") for revno in range(101, 113)))
        assert as_text(made, waits_of(made), SITUATION).endswith("  and 7 more")

    def test_nothing_waits_and_nothing_is_known(self) -> None:
        nothing = answered(answer="nothing-new")
        assert "Nobody waits for anybody" in as_text(nothing, waits_of(nothing), SITUATION)
        no_data = snapshot(complete=False, answer="no-data", landings=(), problems=("the tracker is away",))
        text = as_text(no_data, waits_of(no_data), SITUATION)
        assert text.startswith("no data: the tracker is away")
        assert "not known" in text and "Nobody" not in text

    @pytest.mark.parametrize("by_component", [False, True])
    def test_hostile_names_steer_nothing_and_lines_fit(self, by_component: bool) -> None:
        nasty = "\x1b[31mAnn\u202e " + "山" * 60
        made = answered(
            needs_qa(101, nasty, title=nasty, components=(nasty,)),
            *(good(revno, f"{nasty}{revno}", 101) for revno in range(102, 110)),
            components=(nasty,),
        )
        text = as_text(made, waits_of(made), SITUATION, by_component=by_component)
        assert "\x1b" not in text and "\u202e" not in text
        assert all(width(line) <= 80 for line in text.splitlines())


class TestSection:
    def render(self, made: Snapshot) -> str:
        environment = pages()
        return environment.from_string('{% include "trends/waits.html.j2" %}').render(
            waits=section(made, SITUATION)
        )

    def test_each_landing_leads_to_its_row(self) -> None:
        html = self.render(answered(needs_qa(101, "Ann"), good(102, "Bob", 101)))
        assert '<a href="stable.html#r101">r101</a>' in html
        assert '<th scope="row"><bdi>Ann</bdi>' in html and "1 good landing of Bob" in html

    def test_untrusted_text_is_escaped(self) -> None:
        html = self.render(
            answered(needs_qa(101, "<b>Ann", title="<script>", components=("<i>",)), components=("<i>",))
        )
        assert "<script>" not in html and "<b>Ann" not in html and "<i>" not in html
        assert "&lt;script&gt;" in html

    def test_what_is_long_is_folded(self) -> None:
        html = self.render(answered(*(needs_qa(100 + n, f"Person {n}") for n in range(1, 31))))
        assert "<details><summary>18 more" in html
        assert html.count("<bdi>Person") == 30

    def test_without_data_it_says_so(self) -> None:
        html = self.render(snapshot(complete=False, answer="no-data", landings=(), problems=("no",)))
        assert "Not known, for want of data." in html
