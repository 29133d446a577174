"""What the headers of a forge say of its rate limit, and JSON that has another shape than expected."""

from __future__ import annotations

import pytest

from shepherd.errors import TrackerError
from shepherd.trackers.forge.wire import budget_of, decoded_as, until_reset
from shepherd.trackers.http import HttpSession
from shepherd.words import Budget
from tests.trackers.forge_kit import Kit

GIVEN = {"ratelimit-limit": "60", "ratelimit-remaining": "59", "ratelimit-reset": "1795000000"}


def test_a_rate_limit_is_read() -> None:
    assert budget_of(GIVEN, "ratelimit-") == Budget("", 60, 59, 1795000000)
    assert budget_of(GIVEN, "ratelimit-", "core") == Budget("core", 60, 59, 1795000000)


def test_one_without_a_time_is_read_too() -> None:
    assert budget_of({**GIVEN, "ratelimit-reset": "soon"}, "ratelimit-") == Budget("", 60, 59, 0)


@pytest.mark.parametrize("wrong", ["", "many", "-1", "9" * 13, "\u0663"])
def test_what_is_no_number_says_nothing(wrong: str) -> None:
    assert budget_of({**GIVEN, "ratelimit-remaining": wrong}, "ratelimit-") is None
    assert until_reset({"ratelimit-reset": wrong}, "ratelimit-reset") == ""


def test_json_of_another_shape_is_one_sentence() -> None:
    session = HttpSession("Gitea", "https://git.example.org/")
    with pytest.raises(TrackerError) as refused:
        decoded_as(list[int], b'{"token": "s3cret"}', session)
    assert "what answers at git.example.org is not Gitea" in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_what_the_limit_still_has_comes_with_the_reading(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = "X-RateLimit-" if kit.is_github else "RateLimit-"
    sent = kit.forge.headers
    limited = {f"{prefix}Limit": "60", f"{prefix}Remaining": "7", f"{prefix}Reset": "0"}
    monkeypatch.setattr(kit.forge, "headers", lambda: {**sent(), **limited})
    budget = kit.read("12").budget
    assert budget is not None and (budget.limit, budget.left) == (60, 7)
