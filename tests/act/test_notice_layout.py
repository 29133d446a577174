"""The words of a notice: nothing in them is obeyed by a chat, and they fit."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from shepherd.plans.notice_layout import AGAIN, LONGEST_TEXT, document_of, harmless, lines_of, title_of
from tests.act.delivery import AT, CHANGE, NOTICE

OBEYED = re.compile(r"[<>*`|\\@]|\](?=[(\[:])|&#?\w+;|(?<![^\W_])[_~]|[_~](?![^\W_])|[_~]{2}|\s{2}|[\n\r\t]")
"""What some chat, or HTML, obeys."""
MARKUP = "<>*_`~|\\@[]()&#!:;- \nax1/.?="


@given(st.text(MARKUP, max_size=60) | st.text(max_size=60))
@example("~_")
@example("&amp;lt;!channel&gt;")
@example("[https://good](https://evil)")
def test_nothing_is_obeyed(text: str) -> None:
    shown = harmless(text)
    for part in re.split(r"https?://[^\s<>\"']+", shown):
        # where an address was taken out, the edge of what stands before it is not the edge of a word
        assert not OBEYED.search(f"a{part}a" if part != shown else part), shown
    assert not re.search(r"[<>*`|\\@]|\]\(", shown)
    assert harmless(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        'inv cover r5 --by r7 --branch release_1 --reason "it\'s wrong"',
        "HEAD~1 and refs/heads/a_b-c are good (100 %), R&D too!",
        "see https://qa.example.org/stable.html?a=b&c=d_e#r5",
        "Größe: 5 → 7, 日本語",
    ],
)
def test_what_can_be_copied_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_an_address_leads_where_it_did() -> None:
    assert harmless("https://x.example/@all/*a*") == "https://x.example/%40all/%2Aa%2A"


def test_a_message() -> None:
    first = replace(CHANGE, command="inv promote --to r123", url="https://git.example.org/compare/1..2")
    second = replace(CHANGE, text="r7 is bad, and production runs it", again=True)
    notice = replace(NOTICE, changes=(first, second), left_out=3)
    assert title_of(notice) == "stable: deploy r123"
    assert lines_of(notice, 1000).splitlines() == [
        "- r123 may be deployed: 5 landings are good",
        "  inv promote --to r123",
        "  https://git.example.org/compare/1..2",
        f"- {AGAIN}r7 is bad, and production runs it",
        "- and 3 more",
        "https://qa.example.org/stable.html",
    ]


@pytest.mark.parametrize("longest", [1, 2, 30, 140, 160, 380, 1000, 4000])
def test_it_fits(longest: int) -> None:
    changes = tuple(
        replace(CHANGE, key=f"k{number}", text=f"change {number} " + "x" * 90) for number in range(150)
    )
    text = lines_of(replace(NOTICE, changes=changes, left_out=2), longest)
    assert 0 < len(text) <= longest
    told = text.count("- change")
    if told > 1:
        # none is lost without being counted
        assert f"- and {152 - told} more" in text


def test_json_for_programs_is_bounded() -> None:
    changes = tuple(replace(CHANGE, text="x" * 10_000) for _ in range(150))
    document = document_of(replace(NOTICE, changes=changes, left_out=2), AT)
    assert len(document["changes"]) == 100
    assert document["left_out"] == 52
    assert len(document["text"]) < LONGEST_TEXT + 100


def test_a_message_about_the_host_has_no_branch() -> None:
    notice = replace(NOTICE, branch="", answer="", url="")
    assert title_of(notice) == "QA Shepherd"
    assert document_of(notice, AT)["branch"] is None


def test_a_test_says_so() -> None:
    assert "nothing happened" in lines_of(replace(NOTICE, changes=()), 1000)
    assert document_of(replace(NOTICE, changes=()), AT)["test"] is True
