"""What every stage is given: who runs it, when, why, and where it reports what it saw."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from msgspec import Struct

from shepherd.situation import Situation

Tell = Callable[..., None]
"""tell(event, **fields): one event of the log (docs/interfaces.md#log); the runner adds time, run id and
stage."""

Note = Callable[[str, str, BaseException | None], None]
"""note(stage, branch, failure): how an attempt to read or judge a branch ended; None: well."""


def no_telling(_event: str, **_fields: Any) -> None:
    """For callers that keep no log."""


def no_noting(_stage: str, _branch: str, _failure: BaseException | None) -> None:
    """For callers that leave no trace."""


class Run(Struct, frozen=True):
    """Who does what, when: given to every stage by the runner."""

    id: str
    now: datetime
    """Timezone-aware, UTC."""
    who: str
    tell: Tell
    why: str = ""
    rereads: bool = False
    """Whether `find` is a stage of this run: an answer from what an earlier one read would hide a failure."""

    lock: int = -1
    """The work lock's descriptor, which holds it until a child that changes something outside has ended
    (docs/running.md#one-copy-at-a-time); -1: there is none."""

    note: Note = no_noting
    situation: Callable[[], Situation] = Situation
    """What is true now, for messages about the answer."""
    loudly: Callable[[str], None] = lambda _sentence: None
    """Says what the person who started the run must know although all goes well, even with `--cron`."""
    code: str = ""
    """Which shepherd this is: version, release and commit; empty where nobody asks."""

    @property
    def seconds(self) -> int:
        return int(self.now.timestamp())


P = ParamSpec("P")
T = TypeVar("T")
Reading = Callable[Concatenate[Any, str, Run, P], T]
"""What reads or judges a branch: body(settings, branch, run, …)."""


def attempt(stage: str) -> Callable[[Reading[P, T]], Reading[P, T]]:
    """Note how each attempt of a stage to read or judge a branch ends.

    Whatever ends it early must be known everywhere at once: what was read before may not hold now
    (docs/rules.md#cautions). Judging by stored evidence only is not such an attempt.
    """

    def wrap(body: Reading[P, T]) -> Reading[P, T]:
        @wraps(body)
        def noted(settings: Any, branch: str, run: Run, /, *args: P.args, **kwargs: P.kwargs) -> T:
            if kwargs.get("stored"):
                return body(settings, branch, run, *args, **kwargs)
            try:
                result = body(settings, branch, run, *args, **kwargs)
            except BaseException as failure:
                run.note(stage, branch, failure)
                raise
            run.note(stage, branch, None)
            return result

        return noted

    return wrap
