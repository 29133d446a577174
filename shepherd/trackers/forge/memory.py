"""What a forge's tracker keeps until its next reading: which requests brought a commit."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from shepherd.trackers import memories

SETTLED_AFTER = timedelta(minutes=10)
"""A forge may need a moment until it knows which request a commit came from: where it knew of none, it is
asked once more, by the first reading that is so much later."""


class CommitRequests(Struct, frozen=True):
    """The requests that brought a commit, as the forge answered."""

    requests: tuple[str, ...]
    first: datetime
    """When that was asked for the first time, by the forge's clock."""
    settled: bool = False
    """It was asked again, late enough: it knows of none."""


class ForgeMemory(Struct, frozen=True):
    basis: str
    """Checksum of the settings that the answers depend on: with another one, all of this is worthless."""
    commits: dict[str, CommitRequests]
    """By SHA."""


def decode(memory: bytes, basis: str) -> dict[str, CommitRequests]:
    """What was kept, as far as it can be used."""
    kept = memories.decode(memory, ForgeMemory, basis)
    return kept.commits if kept else {}


def encode(basis: str, commits: dict[str, CommitRequests]) -> bytes:
    return memories.encode(ForgeMemory(basis, commits))


def is_open(asked: CommitRequests | None, now: datetime) -> bool:
    """Whether it has to be asked, or asked again."""
    if asked is None:
        return True
    return not asked.requests and not asked.settled and now >= asked.first + SETTLED_AFTER


def noted(before: CommitRequests | None, requests: tuple[str, ...], now: datetime) -> CommitRequests:
    """What is kept of an answer of now.

    Args:
        before: of the same commit; None: it was asked for the first time.
    """
    if before is None:
        return CommitRequests(requests, now)
    return CommitRequests(requests, before.first, settled=now >= before.first + SETTLED_AFTER)
