"""What trends are made of, and what they say (docs/trends.md). A time that is not known is None, and what
rests on it is left out and counted, never nought."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

WaitPhase = Literal["qa-server", "person", "others", "promotion", "deployment"]
"""What a landing waited for on its way to production, in this order: for the QA server to have it · for a
person to say that it is good · behind others that were not · for a promotion · for a deployment."""
By = Literal["day", "week", "month", "quarter", "year"]


class LandingTimes(Struct, frozen=True, gc=False):
    """When one landing came how far. It went live when production was first seen to run it and it was not
    undone there; where production went back behind it, when that was so the last time."""

    revno: int
    id: str
    landed: datetime
    live: datetime
    for_good: bool = True
    """Whether production has it still."""
    failed: bool | None = None
    """Whether it was bad or rolled back while it was live; None: not known."""
    phases: Mapping[WaitPhase, int] | None = None
    """Seconds that each phase took, which are all from landing to live; None: not all are known."""

    @property
    def lead_s(self) -> int | None:
        """Seconds from landing to live; None: production has it no more, or its date lies after that."""
        known = self.for_good and self.landed <= self.live
        return (self.live - self.landed) // timedelta(seconds=1) if known else None


class Failure(Struct, frozen=True, gc=False):
    """Production ran something bad, from when that was known until it was over."""

    revnos: tuple[int, ...]
    """What was bad, in the order in which it began."""
    began: datetime
    over: datetime | None = None
    """None: it is not over."""


class Spread(Struct, frozen=True):
    """How long something took, in seconds."""

    count: int
    median_s: int
    p90_s: int
    """Nine in ten took no longer."""


class Period(Struct, frozen=True):
    """What one period says."""

    start: date
    end: date
    """The day after its last one, in the settings' time zone."""
    over: bool
    """False: it is still going on."""
    deployments: int | None = None
    """Moves of production forward; None, as of the other counts of what happens to production: nothing was
    seen of it in that period."""
    moves_back: int | None = None
    """Moves of production to an older revision."""
    failed_deployments: int = 0
    """Of `judged_deployments` those that brought a landing that failed."""
    judged_deployments: int = 0
    """Of `deployments` those of which that is known."""
    went_live: int | None = None
    """Landings."""
    lead: Spread | None = None
    """From landing to live, of those that went live in it for good."""
    failed: int = 0
    """Of `judged_live` those that were bad or rolled back while they were live."""
    judged_live: int = 0
    """Of those that went live in it, those of which that is known."""
    restored: Spread | None = None
    """From a failure that began in it to its end, of those that are over."""
    failures_open: int | None = None
    phases: Mapping[WaitPhase, Spread] = {}
    """Where the time went, of those that went live in it and of which all phases are known."""
    phases_known: int = 0

    @property
    def failure_rate(self) -> float | None:
        """Of landings, between 0 and 1."""
        return self.failed / self.judged_live if self.judged_live else None


class Trends(Struct, frozen=True):
    """The trends of one branch."""

    branch: str
    generated_at: datetime
    by: By
    timezone: str
    periods: tuple[Period, ...]
    """Oldest first, without gaps; the last one is going on."""
    whole: Period
    """All of them as one."""
    left_out: tuple[str, ...] = ()
    """What is not known, a sentence each, with how many landings or deployments that concerns."""
    schema: int = 1
    """Changes when a key changes its meaning; keys may be added without."""
