"""`BRANCH.sha`: the SHA to deploy and nothing else, for scripts."""

from __future__ import annotations

import re

from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.views.banners import stale_banners


def sha_file(snapshot: Snapshot, situation: Situation) -> bytes:
    """One line, or nothing at all: no data, nothing to deploy, or an answer that is stale already.

    A script reads no banners: so this says what `inv status --sha` says.
    """
    if snapshot.deployable is None or not snapshot.complete or stale_banners(snapshot, situation.now):
        return b""
    # it is pasted into commands: whatever is no SHA is no answer
    return f"{snapshot.deployable.id}\n".encode() if _SHA(snapshot.deployable.id) else b""


_SHA = re.compile("[0-9a-f]{40}|[0-9a-f]{64}").fullmatch
