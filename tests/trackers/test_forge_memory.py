"""What a forge's tracker remembers of whose landings are, and what becomes of a landing that it cannot tell
(docs/rules.md#number-is-a-claim)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from shepherd.errors import TrackerError
from shepherd.settings import Settings, TrackerSettings
from shepherd.trackers.claims import Claim, Claims
from shepherd.trackers.forge.items import Absent, ForgeItem, Request, UnreadablePart
from shepherd.trackers.forge.memory import SETTLED_AFTER
from shepherd.trackers.forge.reading import ForgeTracker
from shepherd.trackers.http import HttpSession
from shepherd.words import ItemTags, TrackerData

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@dataclass
class Told:
    """What a made-up forge says."""

    requests: dict[str, list[Request] | UnreadablePart] = field(default_factory=dict)
    """By SHA; one that is absent is not known there."""
    now: datetime = NOON
    ends_after: int = 10_000
    """After so many answers it says nothing more."""
    asked: list[str] = field(default_factory=list)


class _Service:
    """See ForgeService."""

    def __init__(self, told: Told) -> None:
        self._told = told

    def requests_of(
        self, commits: Collection[str], base: str
    ) -> Iterator[tuple[str, Sequence[Request] | UnreadablePart]]:
        for answered, sha in enumerate(commits):
            if answered == self._told.ends_after:
                raise TrackerError("it says no more")
            self._told.asked.append(sha)
            if sha in self._told.requests:
                yield sha, self._told.requests[sha]

    def items_of(self, items: Collection[str], claimed: Collection[str]) -> Mapping[str, ForgeItem]:
        known = {f"#{r.number}": r for some in self._told.requests.values() for r in _requests(some)}
        return {item: known.get(item, Absent(f"there is no {item}")) for item in {*items, *claimed}}

    def labels(self) -> list[str]:
        return []

    def deployed(self, environments: Collection[str]) -> str:
        return ""

    def probe(self) -> str:
        return ""


def _requests(some: list[Request] | UnreadablePart) -> list[Request]:
    return [] if isinstance(some, UnreadablePart) else some


class Somewhere(ForgeTracker):
    """A forge without a network."""

    sign = "#"
    name = "Somewhere"
    root = "http://127.0.0.1:9/"

    def __init__(self, told: Told, claims: Claims) -> None:
        settings = Settings(
            branches={},
            tracker=TrackerSettings(type="github", project="acme/shop"),
            file=Path("shepherd.toml"),
        )
        super().__init__(settings, claims)
        self._told = told

    def open(self, session: HttpSession) -> _Service:
        session.now = self._told.now
        return _Service(self._told)


def read(told: Told, *landings: str | Claim, memory: bytes = b"") -> TrackerData:
    """One reading; `told.asked` holds what was asked by SHA in this one alone."""
    told.asked.clear()
    claims = Claims(tuple(each if isinstance(each, Claim) else Claim(each) for each in landings), "stable")
    return Somewhere(told, claims).read([r for each in claims.landings for r in each.requests], [], memory)


def brought(number: int, *labels: str, commits: tuple[str, ...] = ()) -> Request:
    return Request(number, labels, True, "stable", commits)


def test_what_was_answered_before_it_broke_off_is_not_asked_again() -> None:
    shas = [f"{number:040x}" for number in range(10)]
    told = Told({sha: [brought(n, "qa-ok")] if n % 3 else [] for n, sha in enumerate(shas, 1)})
    undisturbed = read(told, *shas)
    told.ends_after = 4
    memory, asked = b"", []
    for _ in range(2):
        with pytest.raises(TrackerError) as caught:
            read(told, *shas, memory=memory)
        memory = caught.value.memory
        asked += told.asked
    reading = read(told, *shas, memory=memory)
    assert sorted([*asked, *told.asked]) == shas
    assert (reading.named, reading.items) == (undisturbed.named, undisturbed.items)


def test_one_that_broke_off_keeps_what_was_known_before() -> None:
    told = Told({"a1": [brought(1, "qa-ok")]})
    before = read(told, "a1")
    told.ends_after = 0
    with pytest.raises(TrackerError) as caught:
        read(told, "a1", "b2", memory=before.memory)
    told.ends_after = 10
    assert read(told, "a1", "b2", memory=caught.value.memory).named == {"a1": ("#1",), "b2": ()}
    assert told.asked == ["b2"]


def test_no_request_is_asked_about_once_more_and_then_never() -> None:
    told = Told({"a1": []})
    reading = read(told, "a1")
    asked = []
    for seconds in (60, 599, 600, 601, 86_400):
        told.now = NOON + timedelta(seconds=seconds)
        reading = read(told, "a1", memory=reading.memory)
        assert reading.named == {"a1": ()}
        asked += [seconds] * len(told.asked)
    assert asked == [SETTLED_AFTER.total_seconds()]


def test_the_second_answer_counts() -> None:
    told = Told({"a1": []})
    first = read(told, "a1")
    told.requests["a1"] = [brought(7, "qa-bad")]
    told.now = NOON + timedelta(seconds=599)
    between = read(told, "a1", memory=first.memory)
    assert between.named == {"a1": ()}
    told.now = NOON + timedelta(hours=3)
    assert read(told, "a1", memory=between.memory).named == {"a1": ("#7",)}


def test_what_was_answered_early_by_our_own_clock_is_not_settled() -> None:
    """Ours may be days ahead: the forge's clock decides."""
    told = Told({"a1": []})
    first = read(told, "a1")
    told.now = NOON - timedelta(days=1)
    told.requests["a1"] = [brought(7)]
    assert read(told, "a1", memory=first.memory).named == {"a1": ()}
    told.now = NOON + SETTLED_AFTER
    assert read(told, "a1", memory=first.memory).named == {"a1": ("#7",)}


def test_a_memory_of_the_version_before() -> None:
    """It had no `settled`: what it holds of requests is used, the rest is asked once more."""
    told = Told({"a1": [brought(1, "qa-ok")], "b2": []})
    kept = msgspec.msgpack.decode(read(told, "a1", "b2").memory)
    for each in kept["commits"].values():
        del each["settled"]
    told.now = NOON + timedelta(days=2)
    old = msgspec.msgpack.encode(kept)
    reading = read(told, "a1", "b2", memory=old)
    assert reading.named == {"a1": ("#1",), "b2": ()}
    assert told.asked == ["b2"]
    read(told, "a1", "b2", memory=reading.memory)
    assert told.asked == []


NO = UnreadablePart("it answered 500")
SAYS_NOT = "Somewhere does not say which request brought it: it answered 500"


def test_one_that_it_cannot_tell_is_that_landing_s_and_asked_again() -> None:
    told = Told({"a1": [brought(1, "qa-ok")], "b2": NO, "c3": []})
    reading = read(told, "a1", "b2", "c3")
    assert reading.unasked == {"b2": SAYS_NOT}
    assert reading.named == {"a1": ("#1",), "b2": (), "c3": ()}
    assert reading.items == {"#1": ItemTags(("ok",))}
    told.requests["b2"] = [brought(2, "qa-bad")]
    again = read(told, "a1", "b2", "c3", memory=reading.memory)
    assert told.asked == ["b2"]
    assert not again.unasked
    assert again.named["b2"] == ("#2",)


def test_what_it_told_once_it_need_not_tell_again() -> None:
    told = Told({"a1": [brought(1, "qa-ok")]})
    before = read(told, "a1")
    told.requests = {"a1": NO, "b2": [brought(1, "qa-ok")]}
    reading = read(told, "a1", "b2", memory=before.memory)
    assert reading.named == {"a1": ("#1",), "b2": ("#1",)}
    assert not reading.unasked


def test_a_first_answer_of_none_is_none_until_the_second_is_refused() -> None:
    told = Told({"a1": []})
    first = read(told, "a1")
    told.requests["a1"] = NO
    told.now = NOON + timedelta(seconds=599)
    assert not read(told, "a1", memory=first.memory).unasked
    told.now = NOON + SETTLED_AFTER
    second = read(told, "a1", memory=first.memory)
    assert second.unasked == {"a1": SAYS_NOT}
    told.requests["a1"] = []
    assert not read(told, "a1", memory=second.memory).unasked


@pytest.mark.parametrize(("confirmed", "unasked"), [(True, {}), (False, {"a1": SAYS_NOT})])
def test_a_confirmed_claim_makes_the_question_needless(confirmed: bool, unasked: dict[str, str]) -> None:
    """One of two numbers in the message is no request of ours; the forge does not say more."""
    commits = ("a1",) if confirmed else ("dead",)
    told = Told({"a1": NO, "b2": [brought(1, "qa-ok", commits=commits)]})
    reading = read(told, Claim("a1", ("#1", "#2")))
    assert reading.unasked == unasked
    assert reading.named == {"a1": ("#1",) if confirmed else ()}


def test_a_commit_that_it_knows_no_more_is_forgotten() -> None:
    told = Told({"a1": []})
    first = read(told, "a1")
    told.now = NOON + timedelta(hours=1)
    told.requests = {}
    gone = read(told, "a1", memory=first.memory)
    told.requests = {"a1": [brought(1)]}
    assert read(told, "a1", memory=gone.memory).named == {"a1": ("#1",)}
