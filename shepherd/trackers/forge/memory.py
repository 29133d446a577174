"""What a forge's tracker wants to be told again at its next reading: which requests brought a landing."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

SETTLED_AFTER = timedelta(minutes=10)
"""A forge may need a moment until it knows which request a commit came from: that it knows of none is asked
again until it was asked for so long."""


class CommitRequests(Struct, frozen=True):
    """What was answered to the question which requests brought a commit."""

    requests: tuple[str, ...]
    first: datetime
    """When that was asked for the first time, by the forge's clock."""


class ForgeMemory(Struct, frozen=True):
    basis: str
    """Sum of what the answers depended on beside the forge: another one makes all of this worthless."""
    commits: dict[str, CommitRequests]
    """By SHA."""


def decode(memory: bytes, basis: str) -> dict[str, CommitRequests]:
    """What was kept, as far as it can be used."""
    try:
        kept = msgspec.msgpack.decode(memory, type=ForgeMemory)
    except msgspec.MsgspecError:
        return {}
    return kept.commits if kept.basis == basis else {}


def encode(basis: str, commits: dict[str, CommitRequests]) -> bytes:
    return msgspec.msgpack.encode(ForgeMemory(basis, commits))


def is_open(asked: CommitRequests | None, now: datetime) -> bool:
    """Whether it has to be asked, or asked again."""
    return asked is None or (not asked.requests and now < asked.first + SETTLED_AFTER)
