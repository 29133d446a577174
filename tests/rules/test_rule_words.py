"""Each rule that gives a state is explained, at a place of docs/rules.md that states it."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from shepherd.rules.rule_words import RULES, words_of
from shepherd.rules.states import Rule
from tests.inv import ROOT

STATED = {
    "verdict": "1. A **verdict** on p, the newest: ok, bad, untestable, needstesting.",
    "reopened": "that a later run sees appear makes p **bad** again",
    "brought": "The evidence on the commit then goes to that landing, whatever there is on the landing",
    "named-bad": "names the bad landing. Only bug trackers have it; on a forge, `qa-bad` on the request",
    "exempt": "3. Its subject matches `exempt_subjects`: **exempt** (good).",
    "rollback": "its own message names no bug except its targets'",
    "brings-back": "A rollback brings something back if some landing that is no pure rollback",
    "plain-bad": "It is about every landing on that bug that production does not run yet.",
    "unrepaired": "If r6 is undone at the tip, or production runs r4 and not r6, r4 is **bad**",
    "mark": "6. `[testfix]`: **testfix** (good; a warning if it names bugs). `[qa-ok]`: **ok**.",
    "unasked": "Where it cannot say which request brought a landing",
    "items": "7. Bugs or request: the worst of them",
    "nothing": "8. Nothing: **orphan**",
}
"""A rule -> words of the section that its anchor leads to."""
ELSEWHERE = {"verdict": "state"}
"""Where those words stand in another section, which the list of rules is in."""


def section(anchor: str) -> str:
    """The text under a heading, on one line."""
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    found = re.search(
        rf"^#+ {anchor.replace('-', '[- ]')}$(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL | re.IGNORECASE
    )
    assert found, anchor
    return " ".join(found[1].split())


def test_every_rule_is_explained() -> None:
    assert set(RULES) == set(get_args(Rule)) == set(STATED)


@pytest.mark.parametrize("rule", get_args(Rule))
def test_its_anchor_leads_to_where_it_is_stated(rule: Rule) -> None:
    assert section(RULES[rule].anchor)
    stated = section(ELSEWHERE.get(rule, RULES[rule].anchor))
    assert STATED[rule].casefold() in stated.casefold()


def test_the_page_about_audits_lists_them() -> None:
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    for name, words in RULES.items():
        assert f"| `{name}` | {words.says} | [{words.anchor}](rules.md#{words.anchor}) |" in page


def test_what_is_no_rule_is_not_explained() -> None:
    assert words_of("magic") is None
    assert words_of("") is None
