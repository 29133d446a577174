"""Which of the known landings a REV names, and which it names best (docs/interfaces.md#revisions)."""

from __future__ import annotations

import pytest

from shepherd.git.revisions import RANKS, WHOLE, named
from shepherd.landing import Landing
from shepherd.values import parse_rev


def revnos(text: str, *landings: Landing, ranks: int = RANKS) -> list[int]:
    return [each.revno for each in named(parse_rev(text, wide=True), landings, ranks=ranks)]


def of_request(revno: int, *requests: str, url: str = "") -> Landing:
    return Landing(revno, f"{revno:040}", 0, requests=requests, url=url)


def of_branch(revno: int, branch: str) -> Landing:
    return Landing(revno, f"{revno:040}", 0, branch=branch)


REVIEWED = of_request(9, url="https://review.example.org/c/shop/+/12")


@pytest.mark.parametrize(
    ("text", "found"), [("#12", [1, 3]), ("!12", [2]), ("#7", [2]), ("!7", [2]), ("#1", []), ("!3", [])]
)
def test_request_is_found_by_its_number_and_by_its_sign_where_both_exist(text: str, found: list[int]) -> None:
    landings = (of_request(1, "#12"), of_request(2, "!7", "!12"), of_request(3, "#12", "#13"), REVIEWED)
    assert revnos(text, *landings) == found


def test_request_of_a_project_that_may_be_ours_is_found_by_its_number() -> None:
    assert revnos("!12", of_request(1, "group/shop!12"), of_request(2, "group/shop!112")) == [1]
    assert revnos("#12", of_request(1, "group/shop!12")) == [1]


@pytest.mark.parametrize(
    "url",
    [
        "https://review.example.org/c/group/shop/+/12",
        "https://review.example.org/c/shop/+/12/",
        "https://review.example.org/12",
        "https://review.example.org/#/c/12/",
        "https://phabricator.example.org/D12",
        "https://forge.example.org/acme/shop/pulls/12",
        "https://code.launchpad.net/~ann/shop/+git/shop/+merge/12",
    ],
)
def test_where_no_request_has_the_number_the_review_has(url: str) -> None:
    assert revnos("#12", of_request(1), of_request(2, url=url)) == [2]
    assert revnos("!12", of_request(2, url=url)) == []
    assert revnos("#2", of_request(2, url=url)) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.org/shop/commit/0123456789012345678901234567890123456712",
        "https://git.example.org/shop/commit/12",
        "https://phabricator.example.org/rSHOP12",
        "https://review.example.org/c/shop/+/12/3",
        "https://review.example.org/c/shop/+/12?tab=1",
    ],
)
def test_other_links_are_no_reviews_of_that_number(url: str) -> None:
    assert revnos("#12", of_request(1, url=url)) == []


def test_whole_name_of_a_branch_wins_over_what_follows_a_slash_and_that_over_a_part() -> None:
    landings = [of_branch(1, "renovate/all"), of_branch(2, "ann/renovate"), of_branch(3, "Renovate-2")]
    assert revnos("renovate", *landings) == [2]
    assert revnos("RENOVATE", *landings) == [1, 2, 3]
    assert revnos("renovate", *landings, of_branch(4, "renovate"), of_branch(5, "renovate")) == [4, 5]
    assert revnos("renovate", *reversed(landings), ranks=WHOLE) == [2]
    assert revnos("renov", *landings, ranks=WHOLE) == []
