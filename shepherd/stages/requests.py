"""Which requests brought a landing whose message does not say so: on a forge, the tracker knows.

A merge without a merge commit (by rebase or fast-forward) leaves no number, nor does a message that somebody
wrote himself; a number of another kind (an issue's on GitLab) is no request's.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from shepherd.landing import Landing, Reading
from shepherd.settings import Settings
from shepherd.trackers.nameless import NOBODY, Nameless
from shepherd.words import TrackerReading


def nameless(settings: Settings, branch: str, reading: Reading, scope: Collection[int]) -> Nameless:
    """The landings in scope that the forge has to be asked about; nobody where the tracker is no forge."""
    sign = settings.tracker.sign
    if not sign:
        return NOBODY
    commits = tuple(each.id for each in reading.landings if each.revno in scope and not _names(each, sign))
    return Nameless(commits, settings.branches[branch].ref.removeprefix("refs/heads/"))


def named(reading: Reading, tracker: TrackerReading) -> Reading:
    """The reading with the requests that the forge named."""
    if not tracker.named:
        return reading
    return replace(
        reading,
        landings=tuple(
            replace(each, requests=requests)
            if (requests := tracker.named.get(each.id)) is not None and requests != each.requests
            else each
            for each in reading.landings
        ),
    )


def _names(landing: Landing, sign: str) -> bool:
    return any(request.startswith(sign) for request in landing.requests)
