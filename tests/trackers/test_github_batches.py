"""What GitHub refuses because it is too much is asked again in parts; what it refuses of one thing is that
thing's alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shepherd.errors import TrackerError
from shepherd.trackers import http
from shepherd.trackers.forge.batches import MOST_ALONE, Batches, TooMuchPart
from shepherd.trackers.forge.items import UnreadablePart
from shepherd.words import ItemTags
from tests.trackers.forge_kit import Kit, nameless
from tests.trackers.github_server import GitHub

pytestmark = pytest.mark.usefixtures("hasty")

SHAS = tuple(f"{number:040x}" for number in range(1, 41))


def landed(hub: GitHub, folder: Path) -> Kit:
    """Forty commits, each brought by a pull request of its own."""
    kit = Kit(hub, folder)
    hub.things |= {n: kit.request("qa-ok", commits=(sha,)) for n, sha in enumerate(SHAS, 1)}
    return kit


@pytest.mark.parametrize(
    "how",
    [
        "bad gateway",
        "too slow",
        "something went wrong",
        "something went wrong, 502",
        "validation timeout",
        "resource limits",
        "in part",
    ],
)
def test_a_question_that_is_too_much_is_asked_in_parts(hub: GitHub, tmp_path: Path, how: str) -> None:
    kit = landed(hub, tmp_path)
    hub.strong_for(10, how)
    reading = kit.read(claims=nameless(SHAS))
    assert reading.named == {sha: (f"#{n}",) for n, sha in enumerate(SHAS, 1)}
    assert not reading.unasked
    assert reading.requests <= 9  # 40, 20, 10 of 10, 11, and the rest from 5 on


@pytest.mark.parametrize("how", ["bad gateway", "too slow", "something went wrong", "validation timeout"])
def test_one_that_is_never_answered_is_unknown_alone(hub: GitHub, tmp_path: Path, how: str) -> None:
    kit = landed(hub, tmp_path)
    hub.fail(how, on=SHAS[17], times=99)
    reading = kit.read(claims=nameless(SHAS))
    assert list(reading.unasked) == [SHAS[17]]
    assert "does not answer the question about it in time" in reading.unasked[SHAS[17]]
    assert sum(map(bool, reading.named.values())) == 39
    assert reading.requests <= 20


@pytest.mark.parametrize(
    ("field", "kind", "value"),
    [
        ("Commit.associatedPullRequests", "FORBIDDEN", None),
        ("Commit.associatedPullRequests", "", None),
        ("Commit.associatedPullRequests", "NOT_FOUND", None),
    ],
)
def test_what_is_wrong_below_one_commit_is_that_landing_s(
    hub: GitHub, tmp_path: Path, field: str, kind: str, value: object
) -> None:
    kit = landed(hub, tmp_path)
    hub.spoil(field, of=SHAS[3], kind=kind, value=value)
    reading = kit.read(claims=nameless(SHAS))
    assert list(reading.unasked) == [SHAS[3]]
    assert sum(map(bool, reading.named.values())) == 39


def test_labels_that_are_null_are_not_no_labels(hub: GitHub, tmp_path: Path) -> None:
    kit = landed(hub, tmp_path)
    hub.spoil("PullRequest.labels", of=2)
    items = kit.read("#1", "#2").items
    assert items["#1"] == ItemTags(("ok",))
    assert "the answer is incomplete" in items["#2"].unreadable


def test_all_of_it_is_down(hub: GitHub, tmp_path: Path) -> None:
    kit = landed(hub, tmp_path)
    hub.fail("bad gateway", times=999)
    with pytest.raises(TrackerError, match="answered 502"):
        kit.read(claims=nameless(SHAS))
    assert hub.count() <= 6 + http.TRIES


def test_all_of_it_is_down_when_one_is_asked_for(hub: GitHub, tmp_path: Path) -> None:
    hub.fail("bad gateway", times=999)
    with pytest.raises(TrackerError, match="502"):
        Kit(hub, tmp_path).read("#1")
    assert hub.count() == http.TRIES + 1


def test_trouble_that_passes_is_nobody_s(hub: GitHub, tmp_path: Path) -> None:
    kit = landed(hub, tmp_path)
    hub.fail("bad gateway", times=8)
    reading = kit.read(claims=nameless(SHAS))
    assert not reading.unasked
    assert all(reading.named.values())


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("saml", "authorise the token for the organisation"),
        ("ip list", "not on the organisation's list of allowed IP addresses"),
        ("lifetime", "takes no token that lives so long"),
        ("classic token", "takes no classic token"),
        ("saml of REST", "authorise the token for the organisation"),
        ("ip list of REST", "not on the organisation's list of allowed IP addresses"),
        ("lifetime of REST", "takes no token that lives so long"),
        ("forbidden", "the token gives no right to it"),
    ],
)
def test_it_says_what_is_to_be_done(hub: GitHub, tmp_path: Path, fault: str, says: str) -> None:
    hub.fail(fault, times=9)
    with pytest.raises(TrackerError) as caught:
        Kit(hub, tmp_path).read("#1")
    assert says in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert hub.count() == 1


@given(
    total=some.integers(1, 250),
    strength=some.integers(1, 120),
    in_part=some.booleans(),
    poison=some.sets(some.integers(0, 249), max_size=6),
)
def test_each_is_right_or_unreadable_and_none_is_lost(
    total: int, strength: int, in_part: bool, poison: set[int]
) -> None:
    """At most 18 questions more for each that is never answered, and one for each part of a real limit."""
    asked = 0

    def once(keys: Sequence[int], _patient: bool) -> Mapping[int, int | TooMuchPart]:
        nonlocal asked
        asked += 1
        if poison.intersection(keys) or (len(keys) > strength and not in_part):
            return dict.fromkeys(keys, TooMuchPart("too much"))
        return {key: key * 2 if n < strength else TooMuchPart("too much") for n, key in enumerate(keys)}

    told: list[tuple[int, int | UnreadablePart]] = []
    hopeless = False
    try:
        told += Batches(100, "GitHub", lambda _patient: True).ask(range(total), once)
    except TrackerError:
        hopeless = True
    bad = {key for key, answer in told if isinstance(answer, UnreadablePart)}
    assert all(answer == key * 2 for key, answer in told if key not in bad)
    assert bad <= poison
    assert len(dict(told)) == len(told)
    if hopeless:
        assert len(poison & set(range(total))) >= MOST_ALONE
    else:
        assert {key for key, _ in told} == set(range(total))
        assert bad == poison & set(range(total))
    assert asked <= 12 + 18 * len(poison) + 3 * total / min(strength, 100)
