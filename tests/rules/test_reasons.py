"""What a reason advises, where the cases do not ask."""

from __future__ import annotations

import pytest

from shepherd.rules.reasons import rollback_of


@pytest.mark.parametrize(
    ("marks", "advice"),
    [
        (["trailers", "brackets"], "marked [rollback=5]"),
        (["forge", "trailers"], "with the trailer Rolls-back: 5"),
        (["forge"], "land a `git revert` of it"),
    ],
)
def test_a_rollback_is_advised_in_words_that_would_be_heard(marks: list[str], advice: str) -> None:
    assert advice in rollback_of(5, marks)
