"""GitHub goes wrong at random, in every way that is known: what is said of an item or of a landing is the
truth, or that it is not known."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from shepherd.errors import TrackerError
from shepherd.trackers import http
from shepherd.trackers.claims import Claim, Claims
from shepherd.words import TrackerData
from tests.trackers.faulty import at_work
from tests.trackers.forge_kit import Kit
from tests.trackers.github_server import GitHub, pull

pytestmark = pytest.mark.real

LANDINGS = 12
SHAS = [f"{number:040x}" for number in range(1, LANDINGS + 1)]
WHOLE = (
    *("rate limit", "secondary limit", "secondary limit, 200", "saml", "ip list", "forbidden", "not found"),
    *("something went wrong", "something went wrong, 502", "bad gateway", "too slow", "validation timeout"),
    *("resource limits", "empty", "log-in page"),
)
FIELDS = (
    *("PullRequest.labels", "LabelConnection.nodes", "PullRequest.mergeCommit", "Repository.object"),
    *("Commit.associatedPullRequests", "PullRequestConnection.nodes", "Repository.issueOrPullRequest"),
)
KINDS = ("", "NOT_FOUND", "FORBIDDEN", "SERVICE_UNAVAILABLE", "RESOURCE_LIMITS_EXCEEDED", "RATE_LIMIT")


def a_world(chance: random.Random, hub: GitHub) -> Claims:
    """Landings by squash and rebase, and by hand, with words and without."""
    landings = []
    for number, sha in enumerate(SHAS, 1):
        if chance.random() < 0.2:
            hub.commits.add(sha)
            landings.append(Claim(sha))
            continue
        words = chance.choice([("qa-ok",), ("qa-bad",), (), ("ui", "qa-untestable")])
        hub.things[number] = pull(*words, commits=(sha,))
        landings.append(Claim(sha, (f"#{number}",) if chance.random() < 0.5 else ()))
    return Claims(tuple(landings), "stable")


def break_it(chance: random.Random, hub: GitHub) -> None:
    for _ in range(chance.randint(1, 3)):
        times = chance.choice([1, 2, 10**6])
        match chance.randrange(3):
            case 0:
                hub.fail(chance.choice(WHOLE), times=times, after=chance.randrange(3))
            case 1:
                number = chance.randint(1, LANDINGS)
                of = chance.choice([None, number, SHAS[number - 1]])
                field = chance.choice(FIELDS)
                # that there is no such thing would be a lie, which nobody can know for one
                kinds = KINDS[2:] if field.startswith("Repository.") else KINDS
                hub.spoil(field, of=of, kind=chance.choice(kinds), times=times)
            case _:
                hub.strong_for(chance.randint(1, 8), chance.choice(["in part", "bad gateway"]))


def read(kit: Kit, claims: Claims, memory: bytes = b"") -> TrackerData:
    items = [request for each in claims.landings for request in each.requests]
    return kit.read(*items, claims=claims, memory=memory)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_said_is_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hasty: None, seed: int
) -> None:
    # a rest that GitHub asks for is never waited for here
    monkeypatch.setattr(http, "PATIENCE", 10.0)
    chance = random.Random(seed)
    with at_work(GitHub()) as hub:
        kit = Kit(hub, tmp_path)
        claims = a_world(chance, hub)
        truth = read(kit, claims)
        assert not truth.unasked and not any(each.unreadable for each in truth.items.values())
        break_it(chance, hub)
        memory = b""
        for _ in range(3):
            http._RESTS.clear()
            try:
                said = read(kit, claims, memory)
            except TrackerError as error:
                memory = error.memory or memory
                continue
            memory = said.memory
            for landing in claims.landings:
                if landing.id not in said.unasked:
                    assert said.named[landing.id] == truth.named[landing.id]
            for item, tags in said.items.items():
                assert tags.unreadable or tags == truth.items[item]
        hub.repair()
        http._RESTS.clear()
        hub.complaints.clear()
        assert read(kit, claims, memory).named == truth.named
