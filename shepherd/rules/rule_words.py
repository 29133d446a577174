"""What each rule that gives a state says, in a sentence, and where docs/rules.md states it: for who reads an
audit (docs/audit.md#rules)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from msgspec import Struct

from shepherd.rules.states import Rule


class RuleWords(Struct, frozen=True):
    """A rule for people."""

    says: str
    anchor: str
    """Of docs/rules.md."""

    @property
    def place(self) -> str:
        """Where it is stated: "docs/rules.md#state"."""
        return f"docs/rules.md#{self.anchor}"


RULES: Mapping[Rule, RuleWords] = {
    "verdict": RuleWords("a person's verdict is decisive, the newest one", "verdicts"),
    "reopened": RuleWords("what was marked bad after a verdict makes the landing bad again", "state"),
    "brought": RuleWords(
        "a commit that it brought in had been called bad or needs testing, and that word follows the commit",
        "words-follow-commits",
    ),
    "named-bad": RuleWords(
        "a bad-commit tag names this landing, its own request is qa-bad, or the status of its bug said bad"
        " when it was the newest",
        "bad-commit",
    ),
    "exempt": RuleWords(
        "its subject matches exempt_subjects of the settings: nobody needs to test it", "state"
    ),
    "rollback": RuleWords("a pure rollback needs no QA: it only takes back what had landed", "pure-rollback"),
    "brings-back": RuleWords(
        "a rollback that brings back what had been undone needs QA", "brings-something-back"
    ),
    "plain-bad": RuleWords(
        "a qa-bad that names no landing is about each landing on that bug that is not live yet",
        "whom-a-tag-speaks-for",
    ),
    "unrepaired": RuleWords(
        "a status called it bad; what repaired it is undone, or production runs this one and not what"
        " repairs it",
        "repairs",
    ),
    "mark": RuleWords("its commit message has a mark: testfix, qa-ok or no-qa", "state"),
    "unasked": RuleWords(
        "the forge could not say which request brought it, so it is unknown", "number-is-a-claim"
    ),
    "items": RuleWords("the worst word on its bugs or its request counts", "state"),
    "nothing": RuleWords(
        "it names no bug, no request and no mark: the settings say what that means", "state"
    ),
}


def words_of(rule: str) -> RuleWords | None:
    """None: it is no rule of this release."""
    return RULES.get(cast(Rule, rule))
