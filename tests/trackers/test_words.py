"""Tags and labels -> words (docs/rules.md#what-people-say)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.trackers.words import Vocabulary
from shepherd.words import WORST_FIRST, ItemTags

PLAIN = Vocabulary({})
MAPPED = Vocabulary({"ok": ("QA Pass", "verified"), "bad": ("QA Fail",)})


@pytest.mark.parametrize(
    ("tags", "spoken"),
    [
        ([], ItemTags()),
        (["qa-ok"], ItemTags(("ok",))),
        (["QA-Ok"], ItemTags(("ok",))),
        ([" qa-bad "], ItemTags(("bad",))),
        (["qa-ok", "qa-needstesting"], ItemTags(("needstesting", "ok"))),
        (["qa-untestable", "qa-bad", "qa-untestable"], ItemTags(("bad", "untestable"))),
        (["qa-good", "xqa-ok", "qa-ok-not", "ok", ""], ItemTags()),
        (["bad-commit-12", "bad-revision-3"], ItemTags((), (3, 12))),
        (["Bad-Commit-12", "bad-commit-12"], ItemTags((), (12,))),
        (["bad-commit-9999999999"], ItemTags((), (9_999_999_999,))),
        (
            ["bad-commit-0", "bad-commit-00", "bad-commit-10000000000", "bad-commit-", "bad-commit--1"],
            ItemTags(),
        ),
        (["bad-commit-1x", "bad-commit-1 2", "bad-commit-٣", "not-bad-commit-1"], ItemTags()),
        (["qa-bad", "bad-commit-7"], ItemTags(("bad",), (7,))),
    ],
)
def test_tags_of_a_bug(tags: list[str], spoken: ItemTags) -> None:
    assert PLAIN.of_bug(tags) == spoken


def test_a_request_names_no_landing_but_its_own() -> None:
    assert PLAIN.of_request(["qa-bad", "bad-commit-7"]) == ItemTags(("bad",))


def test_other_words_stand_beside_the_usual_ones() -> None:
    assert MAPPED.of_bug(["qa pass"]) == ItemTags(("ok",))
    assert MAPPED.of_request(["QA FAIL", "qa-ok"]) == ItemTags(("bad", "ok"))
    assert PLAIN.of_bug(["QA Pass"]) == ItemTags()


@given(st.lists(st.text() | st.sampled_from(["qa-ok", "QA-BAD", "bad-commit-1"])))
def test_any_tags_give_words_worst_first_without_doubles(tags: list[str]) -> None:
    words = PLAIN.of_bug(tags).words
    assert list(words) == [word for word in WORST_FIRST if word in words]
