"""What trends are made of, and what they say (docs/trends.md). A time that is not known is None, and what
rests on it is left out and counted, never nought."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

WaitPhase = Literal["qa-server", "person", "others", "promotion", "deployment"]
"""What a landing waited for on its way to production, in this order: for the QA server to have it · for a
person to say that it is good · behind others that were not · for a promotion · for a deployment."""
By = Literal["day", "week", "month", "quarter", "year"]


class LandingTimes(Struct, frozen=True, gc=False):
    """When one landing came how far."""

    revno: int
    id: str
    landed: datetime
    on_qa: datetime | None = None
    good: datetime | None = None
    """When its state became good for the last time before it went live."""
    deployable: datetime | None = None
    """When an answer first held it for good."""
    promoted: datetime | None = None
    live: datetime | None = None
    """When production was first seen to run it; None: it does not, or did before anybody looked."""
    failed: bool | None = None
    """Whether it was bad or rolled back after it went live; None: not known."""


class Failure(Struct, frozen=True, gc=False):
    """Production ran something bad, from when that was seen until it was over."""

    revno: int
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
    """None: nothing was seen of production in it."""
    went_live: int = 0
    """Landings."""
    lead: Spread | None = None
    """From landing to live, of those that went live in it."""
    failed: int = 0
    """Of `judged_live` those that were bad or rolled back later."""
    judged_live: int = 0
    """Of those that went live in it, those of which that is known."""
    restored: Spread | None = None
    """From a failure that began in it to its end, of those that are over."""
    failures_open: int = 0
    phases: Mapping[WaitPhase, Spread] = {}
    """Where the time went, of those that went live in it and of which all phases are known."""
    phases_known: int = 0

    @property
    def failure_rate(self) -> float | None:
        """Between 0 and 1."""
        return self.failed / self.judged_live if self.judged_live else None


class Trends(Struct, frozen=True):
    """The trends of one branch."""

    branch: str
    generated_at: datetime
    by: By
    timezone: str
    periods: tuple[Period, ...]
    """Oldest first, without gaps."""
    whole: Period
    """All of them as one."""
    left_out: tuple[str, ...] = ()
    """What is not known, a sentence each, with how many landings or deployments that concerns."""
