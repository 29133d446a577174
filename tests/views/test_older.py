"""The pages of older landings: whatever a message says, it is only text there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shepherd.story import Story
from shepherd.views.older import ListedName, StoryRows, list_page, range_file, range_page
from tests.views.factory import NOW
from tests.views.test_hostile import ATTACKS

ROWS = StoryRows("https://bugs.example.org/{bug}", "https://forge.example.org/{request}")


def story(revno: int = 1234, **others: object) -> Story:
    told = {
        "id": "ab" * 20,
        "title": "Fix it",
        "person": "Ann",
        "bugs": (),
        "landed_at": NOW,
        "in_production": True,
        "undone_by": None,
        "live_since": None,
        "promoted_at": None,
        "promoted_by": "",
    }
    return Story(revno, **(told | others))  # type: ignore[arg-type]  # each by its name


@pytest.mark.parametrize("name", ATTACKS)
def test_hostile_text_is_text(name: str) -> None:
    said = ATTACKS[name]
    calm = ROWS.render([story(title="x", person="x", branch="x", promoted_by="x", promoted_at=NOW)])
    hostile = ROWS.render(
        [
            story(
                title=said,
                person=said,
                branch=said,
                promoted_by=said,
                promoted_at=NOW,
                url=f"javascript:{said}",
            )
        ]
    )
    assert hostile.count("<") == calm.count("<")
    assert "javascript:" not in hostile or "href" not in hostile.split("javascript:")[0].rsplit("<", 1)[-1]
    assert "&" + said not in hostile or "<" not in said


def test_a_request_of_hostile_text_is_text() -> None:
    page = list_page("stable", "numbers", [ListedName("n1", 'x"><script>alert(1)</script>', (1,))])
    assert "<script>alert" not in page


def test_what_became_of_it() -> None:
    since = NOW - timedelta(days=400)
    live = ROWS.render([story(live_since=since)])
    assert "<td class=live>live<p>since" in live
    assert "since" not in ROWS.render([story()])
    undone = ROWS.render([story(undone_by=2300)])
    assert "rolled back<p>by <a href=r2001-3000.html#r2300>r2300</a>; production has both" in undone


def test_items_are_links() -> None:
    row = ROWS.render([story(bugs=(7,), requests=("#12",))])
    assert "<a href=https://bugs.example.org/7>7</a>" in row
    assert "<a href=https://forge.example.org/12>#12</a>" in row


@pytest.mark.parametrize(
    ("revno", "file"), [(1, "r1-1000.html"), (1000, "r1-1000.html"), (1001, "r1001-2000.html")]
)
def test_the_page_of_a_landing_never_changes(revno: int, file: str) -> None:
    assert range_file(revno) == file


def test_the_newest_page_leads_to_no_newer_one() -> None:
    assert "r2001-3000.html" in range_page("stable", 1001, ROWS, [story()])
    assert "r2001-3000.html" not in range_page("stable", 1001, ROWS, [story()], newest=True)
