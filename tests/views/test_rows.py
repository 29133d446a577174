"""The rows of a page: one a landing, with all that is known of it."""

from __future__ import annotations

import json
import re
from typing import get_args

import msgspec
from msgspec import UNSET

from shepherd.sentence import Sentence
from shepherd.situation import Situation
from shepherd.snapshot import LandingEntry, Progress
from shepherd.views.feeds import plain_json
from shepherd.views.page import branch_page
from shepherd.views.rows import Detail, Rows
from tests.views.factory import (
    NOW,
    about_bug,
    entry,
    every_progress,
    sha,
    snapshot,
)
from tests.views.reader import Reader

CALM = Situation(now=NOW)


def row(page: str, revno: int) -> str:
    match = re.search(rf"<tr id=r{revno}>(.*?)(?=<tr |</tbody>)", page, re.DOTALL)
    assert match is not None
    return match[1]


def test_every_progress_has_its_word_and_its_shape() -> None:
    page = branch_page(every_progress(), CALM)
    style = page[page.index("<style>") : page.index("</style>")]
    for word in get_args(Progress):
        shown = "rolled-back" if word == "rolled-back" else word
        assert f".{shown}::before" in style
        if word != "rolled-back":
            assert f"<td class={word}>" in page
    assert "<td class=rolled-back>rolled back<p>bad" in branch_page(snapshot(), CALM)


def test_production_running_a_bad_landing_is_not_shown_as_fine() -> None:
    assert '<td class="live bad">live<p>bad' in row(branch_page(every_progress(), CALM), 99)


def test_each_landing_has_one_row_that_can_be_linked_to() -> None:
    reader = Reader(branch_page(every_progress(), CALM))
    revnos = [i for i in reader.ids if re.fullmatch(r"r\d+", i)]
    assert revnos == [f"r{e.revno}" for e in every_progress().landings]
    assert len(set(reader.ids)) == len(reader.ids)


def test_a_row_tells_everything_of_its_landing() -> None:
    cells = row(branch_page(every_progress(), CALM), 109)
    text = Reader(cells).text
    for said in (
        "r109 needs QA behind r104",
        "Make the thing number 109",
        "bug 800109 is qa-needstesting",
        "bug 800109 is qa-needstesting · request #12",
        "closes #7",
        "~ann/launchpad/bug-800109",
        "Bob Builder: try it on the QA server",
        "has qa-ok and qa-needstesting",
        "2010-01-30 23:15",
    ):
        assert said in text
    assert Reader(cells).links == [
        "#r109",
        "#r104",
        f"https://git.example.org/launchpad/commit/?id={sha(109)}",
        "https://bugs.example.org/bugs/800109",
        "https://forge.example.org/pull/12",
        "https://bugs.example.org/bugs/7",
    ]


def test_rollbacks_name_each_other() -> None:
    page = branch_page(snapshot(), CALM)
    assert "undoes r101" in Reader(row(page, 102)).text
    assert "undone by r102" in Reader(row(page, 101)).text


def test_a_landing_is_not_said_to_wait_for_itself() -> None:
    assert "behind" not in row(branch_page(snapshot(), CALM), 104)


def test_what_is_on_its_way_out_waits_for_nothing() -> None:
    goes = entry(102, progress="deployable", blocked_by=(101,), blocked_by_count=1)
    assert "behind" not in row(branch_page(snapshot(landings=(goes,)), CALM), 102)


def test_of_many_blockers_a_row_names_the_oldest_and_counts_the_rest() -> None:
    many = entry(106, progress="waiting", blocked_by=tuple(range(1, 101)), blocked_by_count=250)
    page = branch_page(snapshot(landings=(many,)), CALM)
    assert "behind r1 and 249 more" in Reader(row(page, 106)).text


def test_landings_stand_in_the_section_they_belong_to() -> None:
    page = branch_page(every_progress(), CALM)
    section = {
        key: re.findall(
            r"<tr id=r(\d+)>", page.partition(f'<section id="{key}" ')[2].partition("</section>")[0]
        )
        for key in ("window", "live", "other")
    }
    assert section["window"][0] == "116"
    assert section["window"][-1] == "101"
    assert section["live"] == ["100"]
    assert section["other"] == ["99", "12"]


def test_a_row_says_who_promoted_its_landing() -> None:
    landing = entry(101, progress="promoted", promoted_at=NOW, promoted_by="Olga <o>")
    page = branch_page(snapshot(landings=(landing,)), CALM)
    assert "promoted 2011-08-24 10:15 UTC by Olga <o>" in Reader(row(page, 101)).text


def test_of_a_long_window_good_landings_of_long_ago_are_told_in_brief() -> None:
    rows = tuple(
        entry(
            r, **({"state": "bad", "progress": "bad", "good": False} if r == 120 else {"progress": "waiting"})
        )
        for r in range(1300, 100, -1)
    )
    page = branch_page(snapshot(landings=rows), CALM)
    assert len(Reader(row(page, 1300)).links) == 3
    assert len(Reader(row(page, 120)).links) == 2
    assert Reader(row(page, 121)).links == ["#r121"]
    assert "Make the thing number 121 work when it rains bug 800121 is qa-ok" in Reader(row(page, 121)).text
    assert "bug-800121" not in row(page, 121)
    assert "the good ones in brief, the rest with <code>inv explain</code>" in page


def detailed(detail: Detail, **changes: object) -> str:
    given = snapshot(landings=(entry(105, **changes),))
    return row(f"{Rows(given).render(given.landings, detail)}</tbody>", 105)


def test_the_less_is_told_of_a_good_landing_the_longer_ago_it_was() -> None:
    links = {detail: Reader(detailed(detail)).links for detail in get_args(Detail)}
    assert [len(links[detail]) for detail in ("full", "brief", "least")] == [3, 1, 1]
    assert ["bug-800105" in detailed(detail) for detail in ("full", "brief", "least")] == [True, True, False]


def test_what_needs_somebody_keeps_the_link_to_its_bug_and_what_is_to_be_done() -> None:
    bad = {"good": False, "state": "needstesting", "progress": "needs-qa", "remedy": "try it"}
    assert "https://bugs.example.org/bugs/800105" in Reader(detailed("least", **bad)).links
    assert "try it" in detailed("least", **bad)
    assert "git.example.org" in detailed("brief", **bad)
    assert "git.example.org" not in detailed("least", **bad)


def test_a_state_that_says_why_needs_no_reason_in_brief_but_its_bugs() -> None:
    shown = detailed("brief", state="testfix", reason="it landed marked [testfix]", requests=("#12",))
    assert "test fix" in shown and "landed marked" not in shown
    assert "<p>bug 800105 request #12<" in shown
    assert "landed marked" in detailed("full", state="testfix", reason="it landed marked [testfix]")


def test_a_number_links_to_its_own_row_and_who_has_to_move_is_marked() -> None:
    shown = detailed("full", progress="bad", whose_move="Olga <o>", remedy="roll it back")
    assert shown.startswith("<th><a href=#r105>r105</a>")
    assert "<p class=m><b>Olga &lt;o&gt;</b>: roll it back" in shown


def test_a_thousand_rows_are_terse() -> None:
    rows = tuple(entry(r, progress="waiting") for r in range(1100, 100, -1))
    assert len(branch_page(snapshot(landings=rows), CALM).encode()) < 500 * 1000


def test_a_row_names_who_merged_it_and_by_whom_it_is_found() -> None:
    shown = row(branch_page(every_progress(), CALM), 115)
    assert "merged by Olga Ortiz · with <span class=c>Cy Cole, Bob Builder</span><td>Ann Example<td>" in shown
    assert "class=c" not in row(branch_page(every_progress(), CALM), 109)


def test_a_row_in_brief_is_found_by_its_co_authors_too() -> None:
    rows = tuple(entry(r, progress="waiting", co_authors=("Cy",)) for r in range(1300, 100, -1))
    assert "<span class=c>Cy</span>" in row(branch_page(snapshot(landings=rows), CALM), 101)


def test_a_snapshot_without_merger_and_co_authors_is_read() -> None:
    document = json.loads(plain_json(entry(104, person="Ann")))
    del document["merged_by"], document["co_authors"]
    old = msgspec.convert(document, LandingEntry)
    assert (old.merged_by, old.people) == ("", ("Ann",))


def test_a_reason_without_parts_is_shown_as_it_is_and_its_bug_behind_it() -> None:
    """As a release before 0.2 wrote it."""
    old = entry(104, reason="bug 800104 is qa-ok, 2011-08-24 10:15 UTC <b>", state="ok")
    assert old.reason_parts is UNSET and "reason_parts" not in json.loads(plain_json(old))
    text = Reader(row(branch_page(snapshot(landings=(old,)), CALM), 104)).text
    assert "bug 800104 is qa-ok, 2011-08-24 10:15 UTC <b> · bug 800104" in text


def test_only_its_own_bugs_are_linked_and_what_a_person_wrote_is_text() -> None:
    reason = Sentence(about_bug(5, " has bad-commit-104"), ", and ", about_bug(800104, " is ok (bug 800104)"))
    shown = row(branch_page(snapshot(landings=(entry(104, reason=reason),)), CALM), 104)
    link = "<a href=https://bugs.example.org/bugs/800104>800104</a>"
    assert f"<p>bug 5 has bad-commit-104, and bug {link} is ok (bug 800104)" in shown
