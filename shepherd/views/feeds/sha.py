"""`BRANCH.sha`: the SHA to deploy and nothing else, for scripts."""

from __future__ import annotations

import re

from shepherd.cautions import cautions, released
from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.values import SHA


def sha_file(snapshot: Snapshot, situation: Situation) -> bytes:
    """One line, or nothing at all: there is nothing to deploy, or a caution that stops.

    A script reads no banners: so this says what `inv status --sha` says.
    """
    to = released(snapshot, cautions(snapshot, situation))
    # it is pasted into commands: what is not a SHA is not an answer
    return f"{to.id}\n".encode() if to is not None and re.fullmatch(SHA, to.id) else b""
