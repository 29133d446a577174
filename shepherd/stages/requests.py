"""Which requests brought a landing: on a forge a number in the message is a claim that the tracker confirms
(docs/rules.md#number-is-a-claim).

A merge without a merge commit (by rebase or fast-forward) leaves no number, nor does a message that somebody
wrote by hand; and a number may be that of an issue, of another branch's request, or of another project's.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from msgspec.structs import replace

from shepherd.landing import Reading
from shepherd.settings import Settings
from shepherd.trackers.claims import NO_CLAIMS, Claim, Claims
from shepherd.words import TrackerData

_PLACE = re.compile(r"\Arefs/(?:heads|remotes/[^/]+)/")
"""Before a branch's name in the name of its ref."""


def claims_of(settings: Settings, branch: str, reading: Reading, scope: Collection[int]) -> Claims:
    """What the messages of the landings in scope claim; nothing where the tracker is not a forge."""
    sign = settings.tracker_of(branch).sign
    if not sign:
        return NO_CLAIMS
    landings = tuple(
        Claim(
            each.id, tuple(request for request in each.requests if request.startswith(sign)), each.merged_ids
        )
        for each in reading.landings
        if each.revno in scope
    )
    return Claims(landings, _PLACE.sub("", settings.branches[branch].ref, count=1))


def named(reading: Reading, tracker: TrackerData) -> Reading:
    """The reading with the requests that the forge confirmed or named, and no others."""
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
