"""The sections "Goes live with r28" and "Must wait" of the page (docs/guide.md#what-goes-live)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from msgspec.structs import replace

from shepherd.situation import Maintenance, Situation, Unread
from shepherd.snapshot import DeployedRev, Next, Rev, Snapshot
from shepherd.views.page import branch_page
from tests.views.factory import NOW, entry, every_progress, no_data, rev, sha, snapshot
from tests.views.reader import Reader

CALM = Situation(now=NOW)


def section(given: Snapshot, key: str, situation: Situation = CALM) -> str:
    """The HTML of one of them; empty where it is left out."""
    found = re.search(rf'<section id="{key}">.*?</section>', branch_page(given, situation), re.DOTALL)
    return found[0] if found else ""


def said(given: Snapshot, key: str = "next", situation: Situation = CALM) -> str:
    return Reader(section(given, key, situation)).text


def proposing(*landings: int, undone: tuple[int, ...] = (), taken_out: tuple[int, ...] = ()) -> Snapshot:
    following = Next(Rev(100, sha(100)), rev(103), landings, "https://x.example/c", (), undone, taken_out)
    return snapshot(next=following)


def long_one(goes: int, waits: int) -> Snapshot:
    """So many landings go live, and so many must wait."""
    last, tip = 100 + goes, 100 + goes + waits
    landings = [entry(r, progress="waiting", deployable_as_tip=False) for r in range(tip, last, -1)]
    landings += [entry(r) for r in range(last, 100, -1)]
    return snapshot(tip=rev(tip), deployable=rev(last), landings=tuple(landings), blockers=())


def test_what_goes_live_is_listed_in_the_order_in_which_it_landed() -> None:
    text = said(snapshot())
    assert text.startswith("Goes live with r103 (3) 1 of them rolled back again within it. r101 Make the")
    assert "101 work when it rains Bob Builder · bug 800101 rolled back by r102" in text
    assert "r102 a rollback Make the thing" in text and "r103 QA ok Make the thing" in text
    assert text.index("r101") < text.index("r102 a") < text.index("r103 QA")
    assert section(snapshot(), "next").count("<s>") == 1


def test_revisions_bugs_and_requests_are_links() -> None:
    landings = (*snapshot().landings[:3], entry(103, requests=("#12",)), *snapshot().landings[4:])
    links = Reader(section(snapshot(landings=landings), "next")).links
    assert links[-4:] == [
        "#r103",
        "https://bugs.example.org/bugs/800103",
        "https://forge.example.org/pull/12",
        "stable.notes.txt",
    ]


def test_what_must_wait_says_why_and_whose_move_it_is() -> None:
    text = said(every_progress(), "must-wait")
    assert text.startswith("Must wait (13) r104 bad Make the thing")
    assert "104 work when it rains nobody known · bug 800104 Zoë Žižek's move" in text
    assert "r110 names no bug" in text and "Ann Example's move" in text
    assert "r112 waiting, needs no QA" in text
    assert "waits for r104, r106" in text


def test_nothing_waits_and_nothing_goes() -> None:
    assert said(snapshot(tip=rev(103), blockers=()), "must-wait") == ""
    nothing = snapshot(answer="nothing-new", tip=rev(100), deployable=None, landings=(), blockers=())
    assert said(nothing) == said(nothing, "must-wait") == ""
    blocked = snapshot(answer="blocked", deployable=None)
    assert said(blocked) == "" and said(blocked, "must-wait").startswith("Must wait (6) r101")


def test_what_runs_again_and_what_is_live_no_longer_is_said() -> None:
    text = said(proposing(99, 101, 102, 103, undone=(101,), taken_out=(100,)))
    assert text.startswith("Goes live with r103 (4)")
    assert "r99 runs again: it was rolled back before" in text
    assert "Rolled back by it, and live no longer r100 Make the thing" in text
    page = Reader(branch_page(proposing(99, 101, 102, 103, undone=(101,), taken_out=(100,)), CALM)).text
    assert "4 landings go live: r99 again, and r101 to r103 (1 of them rolled back again within it)." in page
    assert "Rolled back by it, and live no longer: r100." in page


def test_a_comparison_is_linked_where_its_address_may_be_followed() -> None:
    assert "https://x.example/c" in Reader(section(proposing(101, 102, 103), "next")).links
    following = proposing(101, 102, 103).next
    assert following is not None
    evil = snapshot(next=replace(following, compare_url="javascript:alert(1)"))
    assert "javascript" not in section(evil, "next")


@pytest.mark.parametrize(
    ("given", "situation"),
    [
        (no_data(), CALM),
        (snapshot(), Situation(now=NOW + timedelta(hours=1))),
        (snapshot(), Situation(now=NOW, unread={"stable": Unread(NOW, "find", "no route to host")})),
    ],
    ids=["no-data", "stale", "unread"],
)
def test_nobody_is_told_what_goes_live_where_that_is_not_known(given: Snapshot, situation: Situation) -> None:
    assert section(given, "next", situation) == section(given, "must-wait", situation) == ""
    assert f">{sha(103)}</code></p>" not in branch_page(given, situation)


def test_what_a_hotfix_stops_only_would_go_live() -> None:
    stopped = snapshot(deployed=DeployedRev(100, sha(100), (sha(1),)))
    html = section(stopped, "next")
    assert said(stopped).startswith("Would go live with r103 (3)")
    assert "notes" not in html and "button" not in html and sha(103) not in html
    assert said(stopped, "must-wait").startswith("Must wait (3)")


def test_a_caution_that_does_not_stop_leaves_it() -> None:
    assert said(snapshot(), situation=Situation(now=NOW, maintenance=Maintenance())).startswith("Goes live")


def test_the_whole_sha_is_at_the_top_without_script() -> None:
    header = branch_page(snapshot(), CALM).partition("</header>")[0]
    assert f'<p class="sha"><code>{sha(103)}</code></p>' in header


def test_a_few_more_are_not_folded() -> None:
    assert "<details>" not in section(long_one(30, 30), "next")
    assert section(long_one(30, 30), "must-wait").count("<li>") == 30
    assert section(long_one(31, 31), "must-wait").count("<li>") == 25


def test_without_a_forge_there_is_a_command_for_the_diff() -> None:
    diff = f"git diff {sha(100)[:12]} {sha(103)[:12]}"
    assert f"Its diff, in a clone: {diff}" in said(snapshot())
    stopped = snapshot(deployed=DeployedRev(100, sha(100), (sha(1),)))
    assert "git diff" not in said(stopped)


def test_long_lists_fold_and_very_long_ones_are_cut() -> None:
    folded = section(long_one(60, 30), "next")
    assert folded.partition("<details>")[0].count("<li>") == 25
    assert folded.count("<li>") == 60 and "<summary>35 more</summary>" in folded
    assert "data-notes" in folded
    cut = section(long_one(5000, 4000), "next")
    assert cut.count("<li>") == 100 and "<summary>4975 more</summary>" in cut
    assert 'And 4900 more, in <a href="#window">the list below</a>.' in cut
    assert "data-notes" not in cut, "what is not there cannot be copied"
    waiting = section(long_one(5000, 4000), "must-wait")
    assert waiting.count("<li>") == 25 and "Must wait (4000)" in waiting
    assert 'And 3975 more, in <a href="#window">the list below</a>.' in waiting


def test_nobody_is_waited_for_whose_landing_is_rolled_back() -> None:
    undone = entry(104, progress="rolled-back", state="bad", good=False, undone_by=106)
    waiting = entry(105, progress="waiting", deployable_as_tip=False, blocked_by=(104,), blocked_by_count=1)
    given = snapshot(landings=(entry(106), waiting, undone, *snapshot().landings[-3:]))
    assert "waits for r104 (r106 rolls it back)" in said(given, "must-wait")
