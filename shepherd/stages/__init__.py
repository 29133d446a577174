"""One module a stage. A stage takes settings and a Run, does its one step, and tells what it saw; it knows
nothing of locks, exit codes or cron."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct

Tell = Callable[..., None]
"""tell(event, **fields): one event of the log (4.5); the runner adds time, run id and stage."""


class Run(Struct, frozen=True):
    """Who does what, when: given to every stage by the runner."""

    id: str
    now: datetime
    """Timezone-aware, UTC."""
    who: str
    tell: Tell
    why: str = ""
    reads_anew: bool = False
    """`find` is a stage of this very run: an answer from what an earlier one read would hide a failure."""

    lock: int = -1
    """The work lock's descriptor: a child that changes the world inherits it (5.1). -1: there is none."""
    loudly: Callable[[str], None] = lambda _sentence: None
    """Says to whoever started the run what must be heard though all goes well, also where cron is silent."""

    @property
    def seconds(self) -> int:
        return int(self.now.timestamp())


def no_telling(_event: str, **_fields: Any) -> None:
    """For callers that keep no log."""
