"""`BRANCH.shields.json`: the answer for a badge that shields.io draws (https://shields.io/badges/endpoint-badge).

Like the badge of our own it has the time of the answer: a picture cannot say how old it is.
"""

from __future__ import annotations

from msgspec import Struct

from shepherd.cautions import cautions, drawn_as
from shepherd.situation import Situation
from shepherd.snapshot import Answer, Snapshot
from shepherd.values import utc
from shepherd.views.answer import brief
from shepherd.views.clean import clean
from shepherd.views.feeds.as_json import plain_json

_COLOURS: dict[Answer, str] = {
    "deploy": "brightgreen",
    "blocked": "orange",
    "nothing-new": "lightgrey",
    "no-data": "red",
}
_LONGEST = 40
CACHED = 300
"""Seconds; the least that shields.io allows."""


class _Endpoint(Struct, frozen=True, rename="camel"):
    """The keys that shields.io knows."""

    label: str
    message: str
    color: str
    is_error: bool
    """Nobody may override the colour then."""
    schema_version: int = 1
    cache_seconds: int = CACHED


def shields(snapshot: Snapshot, situation: Situation) -> bytes:
    """JSON, UTF-8: branch, answer, and when that was given."""
    known = cautions(snapshot, situation)
    drawn = drawn_as(snapshot, known)
    return (
        plain_json(
            _Endpoint(
                clean(snapshot.branch, _LONGEST),
                f"{brief(snapshot, known)}, {utc(snapshot.generated_at)}",
                _COLOURS[drawn],
                drawn == "no-data",
            )
        )
        + b"\n"
    )
