"""What comes from outside may be anything: no field may change what the page or the terminal does."""

from __future__ import annotations

import json
import unicodedata
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shepherd.conditions import ConditionState
from shepherd.situation import Freeze, Hang, Maintenance, Running, Schedule, Situation, StageRuns
from shepherd.snapshot import (
    Alarm,
    Blocker,
    CheckEntry,
    DeployedRev,
    LimitEntry,
    LimitTouch,
    Next,
    PastPromotion,
    PromotedRev,
    Rev,
    Snapshot,
    StairStep,
)
from shepherd.views import feeds, text
from shepherd.views.clean import is_web_address
from shepherd.views.help import help_page
from shepherd.views.help_parts import HelpFacts
from shepherd.views.notes import as_markdown, as_text, notes_of
from shepherd.views.page import branch_page, index_page
from shepherd.views.terminal import width
from tests.views.factory import NOW, entry, snapshot
from tests.views.reader import Reader

ATTACKS = {
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "unquoted": "x onload=alert(1) id=r1",
    "ends": "</title></style></header></table>-->]]><!--<main>",
    "template": "{{ 7*7 }}{% raw %}{bug.__class__}",
    "entity": "&lt;b&gt; &#60;script&#62; &amp",
    "controls": "a\x00b\x07c\x08\x0b\x0c\r\nd\te\x7f\x85\x9b31m",
    "escape": "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    "bidi": "user\u202e\u2066gnp.exe\u2069\u202c\u200f\u061c",
    "invisible": "a\u200bb\u2060c\ufeffd\U000e0041e\u00ad",
    "lines": "a\u2028b\u2029c",
    "wide": "山" * 200 + "👨‍👩‍👧‍👦" * 30,
    "combining": "e" + "\u0301" * 500,
    "long": "ab<" * 3500,
    "one-word": "x" * 10_000,
    "broken": "\udc80\ud800\uffff",
}
ADDRESSES = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "//evil.example",
    "https://x.example/\n\"onclick='alert(1)'",
    "https://x.example/\u202egnp",
    "https://x.example/ space",
    "https://x.example/" + "a" * 5000,
]


def everywhere(said: str, url: str = "no address") -> Snapshot:
    """One snapshot with `said` in every field that holds text."""
    hostile = entry(
        104,
        id=said,
        title=said,
        branch=said,
        url=url,
        person=said,
        requests=(said,),
        labels=(said,),
        state="bad",
        good=False,
        progress="bad",
        reason=said,
        whose_move=said,
        remedy=said,
        warnings=(said,),
        hints=(said,),
        merged_by=said,
        co_authors=(said, said),
    )
    return snapshot(
        run_id=said,
        branch=said,
        deployed=DeployedRev(100, said, (said,)),
        landings=(hostile,),
        blockers=(Blocker(104, said, NOW, 3, None, 0),),
        alarms=(Alarm(99, said, None),),
        warnings=(said,),
        problems=(said,),
        bug_url=url,
        request_url=url,
    )


def around(said: str) -> Situation:
    return Situation(
        now=NOW,
        maintenance=Maintenance(NOW, said, said, NOW + timedelta(hours=1)),
        hang=Hang(said, 1, NOW, said),
        stages={said: StageRuns(None, NOW, said)},
        last_aborted=NOW,
        aborted_because=said,
    )


def promoted(said: str, url: str = "no address") -> Snapshot:
    """The same in what is told of deployments."""
    return snapshot(
        branch=said,
        deployed=DeployedRev(100, said, (said,), since=NOW, by=said),
        promoted=PromotedRev(100, said, NOW, said),
        next=Next(Rev(100, said), Rev(104, said), (104,), url, (), (), (99,)),
        verdict_notes=said,
        staircase=(StairStep((104,), 106, 2),),
        promotions=(
            PastPromotion(NOW, Rev(90, said), Rev(100, said), 10, said, said, compare_url=url),
            PastPromotion(NOW, Rev(99, said), Rev(90, said), 0, said, said, seen=True),
        ),
    )


def kept_back(said: str, url: str = "no address") -> Snapshot:
    """The same in what is told of checks and limits."""
    checks = tuple(CheckEntry(said, state, said, NOW, url) for state in get_args(ConditionState))
    waits = {"progress": "waiting", "deployable_as_tip": False, "url": ""}
    landings = (
        entry(106, checks=checks, conditions=(said, said), **waits),
        entry(105, conditions=(said,), exceeds=(0,), touches=(LimitTouch(0, (said, said)),), **waits),
        entry(103, url="", checks=checks[:1], touches=(LimitTouch(0, (said,), 101),)),
    )
    limits = (LimitEntry((said, said), 1, said),)
    return snapshot(landings=landings, blockers=(), checks=(said, said), limits=limits, waits=Rev(106, said))


def freezing(said: str) -> Situation:
    """Frozen by a person and by the settings, and soon again."""
    freezes = (Freeze(NOW, None, said, said), Freeze(NOW, NOW, "", said)) * 2
    return Situation(
        now=NOW, freezes={"stable": freezes}, freezes_next={"stable": Freeze(NOW, NOW, said, said)}
    )


def at_work(said: str) -> Situation:
    return Situation(
        now=NOW,
        running=Running(said, said, said, 1, NOW),
        versions={said: said},
        schedule=Schedule(said, NOW, NOW, 7, False, NOW, True),
    )


def pages(said: str) -> list[str]:
    one = everywhere(said)
    no_data = snapshot(answer="no-data", problems=(said, said), branch=said, landings=one.landings)
    return [
        branch_page(one, around(said), [(said, "x.html")]),
        index_page([one, no_data], around(said), [said]),
        branch_page(promoted(said), at_work(said)),
        branch_page(kept_back(said), freezing(said)),
        branch_page(
            replace(kept_back(said), answer="blocked", deployable=None), replace(freezing(said), freezes={})
        ),
        index_page([kept_back(said)], freezing(said)),
        help_page(said, HelpFacts(("brackets",), ("github",), ("block",), "notes", {"qa-ok": (said,)})),
    ]


def texts(said: str) -> list[str]:
    one = everywhere(said)
    return [
        text.status(one, around(said)),
        text.landings(one, around(said)),
        text.explain(one.landings[0], one),
        text.status(promoted(said), at_work(said)),
        text.status(kept_back(said), freezing(said)),
        text.explain(kept_back(said).landings[0], kept_back(said)),
    ]


def stray(shown: str) -> set[str]:
    """Characters that steer: controls, bidi marks, lone surrogates, other invisible ones."""
    allowed = "\n\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
    return {
        c for c in shown if c not in allowed and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    }


@pytest.mark.parametrize("name", ATTACKS)
def test_no_element_and_no_attribute_comes_from_text(name: str) -> None:
    for attacked, harmless in zip(pages(ATTACKS[name]), pages("word"), strict=True):
        assert Reader(attacked).elements == Reader(harmless).elements


@given(st.text(st.characters(), min_size=1).filter(lambda s: s.strip()))
@settings(max_examples=60, deadline=None)
def test_no_text_at_all_changes_the_structure_or_steers_a_terminal(said: str) -> None:
    for attacked, harmless in zip(pages(said), pages("word"), strict=True):
        assert Reader(attacked).elements == Reader(harmless).elements
        attacked.encode()
    for shown in texts(said):
        assert not stray(shown)
        assert max(map(width, shown.splitlines())) <= 80


@pytest.mark.parametrize("name", ATTACKS)
def test_no_character_in_a_page_steers_or_hides(name: str) -> None:
    for page in pages(ATTACKS[name]):
        assert not stray(page)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_terminal_gets_nothing_but_text_of_80_columns(name: str) -> None:
    for shown in texts(ATTACKS[name]):
        assert not stray(shown)
        assert "\N{ZERO WIDTH JOINER}" not in shown
        assert max(map(width, shown.splitlines())) <= 80


@pytest.mark.parametrize("name", ATTACKS)
def test_release_notes_cannot_steer_a_terminal_either(name: str) -> None:
    said = ATTACKS[name]
    landings = everywhere(said).landings
    notes = notes_of(replace(promoted(said), landings=landings))
    assert notes is not None
    for shown, harmless in ((as_text(notes), 6), (as_markdown(notes), 6)):
        assert not stray(shown)
        assert sum(bool(line) for line in shown.splitlines()) == harmless


@pytest.mark.parametrize("name", ATTACKS)
def test_a_page_stays_short_whatever_the_length_of_texts(name: str) -> None:
    for attacked, harmless in zip(pages(ATTACKS[name]), pages("word"), strict=True):
        assert len(attacked) - len(harmless) < 57_000


@pytest.mark.parametrize("url", ADDRESSES)
def test_only_web_addresses_become_links(url: str) -> None:
    links = Reader(branch_page(everywhere("word", url), Situation())).links
    assert [link for link in links if not link.startswith("#")] == []
    links = Reader(branch_page(kept_back("word", url), Situation())).links
    assert url not in links and not [link for link in links if "script:" in link or "evil" in link]
    links = Reader(branch_page(promoted("word", url), Situation())).links
    assert url not in links and not [link for link in links if "script:" in link or "evil" in link]


@pytest.mark.parametrize("url", ADDRESSES[:5])
def test_an_address_that_is_no_link_is_still_shown(url: str) -> None:
    assert url.strip() in Reader(branch_page(everywhere("word", url), Situation())).text


def test_quotes_in_a_web_address_stay_inside_it() -> None:
    url = "https://x.example/?a='b\"c&lt;d>"
    assert is_web_address(url)
    reader = Reader(branch_page(everywhere("word", url), Situation()))
    assert url in reader.links
    assert ("a", ("href",)) in reader.elements
    assert {names for tag, names in reader.elements if tag == "a"} == {
        ("href",),
        ("class", "href"),
        ("href", "tabindex"),
    }


def test_a_pattern_is_no_format_string() -> None:
    one = everywhere("word", "https://x.example/{bug.__class__}/{bug}")
    assert "https://x.example/{bug.__class__}/800104" in Reader(branch_page(one, Situation())).links


def test_what_was_taken_away_leaves_a_trace() -> None:
    page = branch_page(everywhere("evil\u202etxt.exe"), Situation())
    assert "evil\N{REPLACEMENT CHARACTER}txt.exe" in page


@pytest.mark.parametrize("name", [name for name in ATTACKS if name != "broken"])
def test_json_carries_the_text_unchanged(name: str) -> None:
    read = json.loads(feeds.snapshot_json(everywhere(ATTACKS[name])))
    assert read["landings"][0]["title"] == ATTACKS[name]


def test_a_long_reason_does_not_push_out_what_follows_it() -> None:
    said = text.status(snapshot(), around("x" * 10_000))
    for words in (
        "until 2011-08-24 11:15 UTC",
        "created 2011-08-24 10:15 UTC (0 seconds ago)",
        "process 1 on",
    ):
        assert words in " ".join(said.split())
