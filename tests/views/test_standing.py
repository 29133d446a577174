"""Two facts about a landing, how far it is and how good: wherever it is shown, both are."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from msgspec.structs import replace

from shepherd.situation import Situation
from shepherd.snapshot import Progress as Far
from shepherd.snapshot import PromotedRev, Snapshot
from shepherd.snapshot import State as Own
from shepherd.views import text
from shepherd.views.page import branch_page
from shepherd.views.words import PROGRESS, standing
from tests.views.factory import NOW, entry, rev, sha, snapshot
from tests.views.reader import Reader

CALM = Situation(now=NOW)
GREEN = {"live", "promoted", "deployable"}
"""Marks that are drawn as all is well."""
MANY = 300


def turned_bad(state: Own = "bad", many: bool = False) -> Snapshot:
    """r104 was promoted, and turned out to be not good before production ran it."""
    landings = tuple(
        replace(each, progress="promoted", state=state, good=False) if each.revno == 104 else each
        for each in snapshot().landings
    )
    if many:
        landings = (*(entry(r, progress="waiting") for r in range(107 + MANY, 106, -1)), *landings)
    return snapshot(landings=landings, promoted=PromotedRev(104, sha(104)), tip=rev(landings[0].revno))


@pytest.mark.parametrize(
    ("state", "mark", "word"),
    [
        ("bad", "bad", "bad"),
        ("needstesting", "needs-qa", "needs testing"),
        ("unknown", "unknown", "unknown"),
        ("orphan", "orphan", "names no bug"),
    ],
)
def test_a_promoted_landing_that_is_not_good_looks_so_in_every_place(
    state: Own, mark: str, word: str
) -> None:
    given = turned_bad(state)
    page = branch_page(given, CALM)
    picture = page[page.index('<div class="tiles') : page.index("</figure>")]
    assert re.search(f"<a href=#r104 tabindex=-1><title>[^<]*</title><use href=#m-{mark} ", picture)
    legend = re.search(r'<span data-state="promoted"><svg.*?href="#m-([a-z-]+)"/></svg>(.*?)</span>', picture)
    assert legend is not None and legend.groups() == (mark, f"1 promoted, {word}")
    assert f"r104: promoted, {word}" in picture
    blocker = page[page.index('<ol class="blockers">') :].partition("</ol>")[0]
    assert f'<b class="promoted {mark}">promoted, {word}</b>' in blocker
    row = page[page.index("<tr id=r104>") :].partition("</p>")[0]
    assert f'<td class="promoted {mark}">promoted<p>{word}<' in row
    persons = Reader(page[page.index('<details id="persons">') :].partition("</details>")[0]).text
    assert f"promoted, {word} r104" in persons
    mine = next(each for each in given.landings if each.revno == 104)
    assert text.explain(mine, given).splitlines()[0].startswith("r104 was promoted")
    assert f"its QA state is: {word}" in " ".join(text.explain(mine, given).split())
    line = next(line for line in text.landings(given, CALM).splitlines() if line.startswith("r104"))
    assert re.match(rf"r104 +[0-9-]+ +promoted +{word} ", line)


def test_dashes_of_a_long_window_are_marks_too() -> None:
    page = branch_page(turned_bad(many=True), CALM)
    assert 'class="dash bad"' in page and 'class="dash promoted"' not in page


@pytest.mark.parametrize("far", get_args(Far))
@pytest.mark.parametrize("own", get_args(Own))
def test_nothing_bad_looks_as_if_all_were_well(far: Far, own: Own) -> None:
    stands = standing(far, own)
    assert stands.far == PROGRESS[far][0]
    if own == "bad":
        assert stands.mark not in GREEN
        assert "bad" in stands.both
    if stands.mark != far:
        assert stands.classes == f"{far} {stands.mark}"
        assert stands.own and stands.group == f"{stands.far}, {stands.own}"
    else:
        assert (stands.classes, stands.group) == (far, stands.far)
