"""A promotion that stands, as the mail about it tells it (docs/mails.md#promotions)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shepherd.snapshot import Rev


class PromotedLanding(Struct, frozen=True):
    """One of the landings that it brings."""

    revno: int
    title: str
    person: str
    """Empty: a robot's, or nobody known."""


class PromotionNews(Struct, frozen=True):
    """What the journal has of one promotion, made by the shepherd or seen."""

    branch: str
    seq: int
    """Its place in the journal."""
    at: datetime
    """When it was made; of one that was seen, when that was."""
    to: Rev
    base: Rev
    who: str
    """Empty: somebody else moved the ref, and it is not known who."""
    why: str
    run_id: str
    seen: bool = False
    """The shepherd did not make it."""
    code: str = ""
    """The shepherd that made it: version, release, commit; empty: not known, or it was only seen."""
    despite: str = ""
    """Why it was made although something kept it back; empty: nothing did."""
    passed: tuple[str, ...] = ()
    """What that was, a sentence each."""
    drop_hotfix: str = ""
    """Why commits were given up that only production has."""
    landings: tuple[PromotedLanding, ...] = ()
    """Of those that it brings, those that are known, in the order in which they landed."""
    count: int | None = None
    """How many it brings; 0: it went back. None: not known, since the mainline was rewritten in between."""

    @property
    def name(self) -> str:
        """What the journal calls it in the notes of mails, in whatever database."""
        return f"{self.branch} {self.key}"

    @property
    def key(self) -> str:
        """The same within its branch."""
        return f"{self.run_id} {self.to.id}"

    @property
    def back(self) -> bool:
        """Whether it went back to an older revision."""
        return self.count == 0
