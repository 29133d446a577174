"""What an answer of GitHub amounts to, and what its limit still has."""

from __future__ import annotations

import json

import pytest

from shepherd.trackers.github.meaning import budget, meaning
from shepherd.words import Budget


@pytest.mark.parametrize("kind", ["RATE_LIMIT", "RATE_LIMITED"])
def test_a_limit_is_read_behind_data_of_any_length(kind: str) -> None:
    body = {"data": {"repository": {"c0": "x" * 5000}}, "errors": [{"type": kind, "path": ["repository"]}]}
    meant = meaning(200, {}, json.dumps(body).encode())
    assert (meant.status, meant.headers["retry-after"]) == (429, "60")


def test_only_a_question_that_can_be_asked_in_parts_is_too_much() -> None:
    assert meaning(502, {}, b"").status == 502
    assert meaning(502, {}, b"", divisible=True).status == 413
    assert meaning(503, {}, b"", divisible=True).status == 503


def test_nothing_of_a_header_gets_into_words() -> None:
    meant = meaning(403, {"x-github-sso": "required; url=https://github.com/orgs/acme/sso?a=SECRET"}, b"{}")
    assert "authorise the token for the organisation" in meant.why
    assert "SECRET" not in meant.why


def test_what_the_limit_still_has() -> None:
    headers = {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": "4711",
        "x-ratelimit-reset": "1790000000",
        "x-ratelimit-resource": "graphql",
    }
    assert budget(headers) == Budget("graphql", 5000, 4711, 1790000000)
    assert budget({**headers, "x-ratelimit-remaining": "many"}) is None
    assert budget({**headers, "x-ratelimit-resource": "<b>"}) == Budget("", 5000, 4711, 1790000000)
    assert budget({}) is None
