"""The mails that are to be sent: to whom, about what; and what nobody is mailed about, and why. Pure
(docs/mails.md, docs/rules.md#alarms).

Everything comes from snapshots and from what the journal remembers. What keeps the newest landing back is
what somebody can act on: the snapshot's blockers. Of these some wait for somebody else, or for later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from shepherd.cautions import LIVE, REPAIRS, UNDOES, Caution
from shepherd.plans.check_waits import HeldUp
from shepherd.plans.days import Days, long_date
from shepherd.plans.promotion_news import PromotionNews

# scripts that check settings import it from here
from shepherd.plans.recipients import reachable as reachable
from shepherd.situation import Hang
from shepherd.snapshot import Blocker, LandingEntry, Snapshot

MailKind = Literal[
    "digest", "escalation", "unreachable", "brake", "alarm", "hang", "live", "checks", "promotion"
]
MAIL_NAMES: Mapping[str, str] = {
    "digest": "digest",
    "escalation": "escalation",
    "unreachable": "mail about people who cannot be reached",
    "brake": "mail about digests held back",
    "alarm": "mail about alarms",
    "hang": "mail about a run that hangs",
    "live": "mail about what went live",
    "checks": "mail about checks",
    "promotion": "mail about a promotion",
}
"""What each kind is called in a sentence."""


class BlockerHistory(Struct, frozen=True):
    """What the tagger's database knows of one blocker in addition to the snapshot."""

    on_qa_since: datetime | None = None
    """When the QA server came to have it, never before it was first seen; None: it does not have it yet, or
    that is not known."""
    before_first_run: bool = False
    snoozed: date | None = None
    """No mail before that day."""
    address: str | None = None
    """Of its person; None: the landing has to be read again before that is known."""


class Waiting(Struct, frozen=True):
    """A landing that somebody can act on now."""

    branch: str
    entry: LandingEntry
    blocker: Blocker
    since: datetime
    """When it came on QA."""
    told_on: date
    """The first day on which the list is told of it."""
    address: str | None = None


class WentLive(Struct, frozen=True):
    """A landing that went live, which its person was not told yet."""

    branch: str
    entry: LandingEntry
    since: datetime
    address: str = ""

    @property
    def name(self) -> str:
        """What the journal calls it: branch and SHA."""
        return f"{self.branch} {self.entry.id}"


class RaisedAlarm(Struct, frozen=True):
    """An alarm that is on."""

    seq: int
    """Its place in the journal: the next alarm about the same landing is another one."""
    revno: int
    text: str
    at: str
    """When it was raised, as the journal has it."""

    @property
    def live(self) -> bool:
        """Whether production runs the bad landing; else it is only promoted."""
        return self.text.startswith(LIVE)

    @property
    def undone(self) -> bool:
        """Whether a landing that can be deployed undoes it, or repairs it."""
        return self.text.endswith((UNDOES, REPAIRS))


class DeployableNow(Struct, frozen=True):
    """The deployment that the answer of a branch proposes."""

    branch: str
    revno: int
    landings: int
    """How many go live with it, counted as the page counts them."""


class BranchNote(Struct, frozen=True):
    """What else keeps a branch's landings from production: a freeze, or a condition of the next revision."""

    branch: str
    text: str


class Mail(Struct, frozen=True):
    """One mail, before it has words."""

    kind: MailKind
    to: str
    items: tuple[Waiting, ...] = ()
    people: tuple[str, ...] = ()
    """Of a mail to the operators: who cannot be reached."""
    count: int = 0
    """Of a brake: how many mails were held back."""
    branch: str = ""
    """Of an alarm."""
    alarms: tuple[RaisedAlarm, ...] = ()
    cautions: tuple[Caution, ...] = ()
    """What else must be known before anything is deployed: an alarm may name what undoes it."""
    hang: Hang | None = None
    text: str = ""
    """Of a hang: what is suspected."""
    live: tuple[WentLive, ...] = ()
    """What went live, oldest revno first."""
    deployable: tuple[DeployableNow, ...] = ()
    """Of an escalation: what can be deployed all the same."""
    notes: tuple[BranchNote, ...] = ()
    """Of a digest or an escalation: what else holds up the branches that it is about."""
    held: tuple[HeldUp, ...] = ()
    """Checks that keep candidates back for too long, the longest first."""
    promotion: PromotionNews | None = None
    head: str = ""
    """The journal's head when the mail was written, `NUMBER:HASH`: of one about a promotion, or what went
    live."""

    def noting(self, notes: Iterable[BranchNote]) -> Mail:
        """The same with what else holds up the branches that it is about."""
        from msgspec.structs import replace

        branches = {item.branch for item in self.items}
        return replace(self, notes=tuple(note for note in notes if note.branch in branches))

    def key(self, day: date) -> str:
        """What a daily mail is, whatever its wording: the same one never goes twice (docs/mails.md)."""
        key = f"{day} {self.kind} {self.to.casefold()}"
        # of mails about what went live there may be several in a day, none about the same landing
        if self.kind == "live":
            return f"{key} {self.live[0].entry.id[:12]}"
        if self.promotion is not None:
            return f"{key} {self.promotion.seq}"
        return f"{key} {self.held[0].wait.seq}" if self.kind == "checks" else key

    @staticmethod
    def of_key(key: str) -> tuple[str, str]:
        """Kind and recipient of a mail with this key."""
        _, kind, to, *_ = key.split(" ")
        return kind, to


def sort_out(
    snapshot: Snapshot, histories: Mapping[str, BlockerHistory], days: Days, grace: int, now: datetime
) -> tuple[list[Waiting], list[str]]:
    """What of one branch can be acted on now; and what is not good and cannot, each with the reason.

    Args:
        histories: by SHA, of every blocker of the snapshot.
        grace: days (that count) after which the list is told.
    """
    blockers = {blocker.revno: blocker for blocker in snapshot.blockers}
    waiting, unmailed = [], []
    for entry in reversed(snapshot.landings):
        if entry.good:
            continue
        blocker = blockers.get(entry.revno)
        history = histories.get(entry.id, BlockerHistory())
        if why := _not_now(entry, blocker, history, days, now):
            unmailed.append(f"{snapshot.branch} r{entry.revno}: {why}")
            continue
        assert blocker is not None and history.on_qa_since is not None
        told_on = _told_on(history, days, grace)
        waiting.append(
            Waiting(snapshot.branch, entry, blocker, history.on_qa_since, told_on, history.address)
        )
    return waiting, unmailed


def announced(
    snapshot: Snapshot,
    histories: Mapping[str, BlockerHistory],
    days: Days,
    grace_days: int,
    now: datetime,
) -> Snapshot:
    """The snapshot with the day on which the list will be told of each blocker, from two days before on."""
    from msgspec.structs import replace

    told_on = {
        item.entry.revno: item.told_on
        for item in sort_out(snapshot, histories, days, grace_days, now)[0]
        if days.soon(item.told_on, now)
    }
    blockers = tuple(replace(each, list_told_on=told_on.get(each.revno)) for each in snapshot.blockers)
    return replace(snapshot, blockers=blockers)


def escalation(waiting: Iterable[Waiting], mailing_list: str, today: date) -> Mail | None:
    """The one mail of the day to the list, the worst blocker first; None if nothing waits for that long."""
    worst_first = overdue(waiting, today)
    return Mail("escalation", mailing_list, tuple(worst_first)) if worst_first and mailing_list else None


def overdue(waiting: Iterable[Waiting], today: date) -> list[Waiting]:
    """Those that have waited for too long, the worst blocker first."""
    late = [item for item in waiting if item.told_on <= today]
    return sorted(late, key=lambda item: (-item.blocker.frees, -item.blocker.waiting, item.since))


def alarm_mails(
    branch: str, untold: Mapping[str, Sequence[RaisedAlarm]], known: Sequence[Caution]
) -> list[Mail]:
    """One mail to each operator about the alarms that are new to them.

    Args:
        untold: operator -> alarms. known: all that must be known before anything is deployed.
    """
    others = tuple(caution for caution in known if caution.kind not in ("alarm", "promoted-bad"))
    return [
        Mail("alarm", operator, branch=branch, alarms=tuple(alarms), cautions=others)
        for operator, alarms in untold.items()
        if alarms
    ]


def _not_now(
    entry: LandingEntry, blocker: Blocker | None, history: BlockerHistory, days: Days, now: datetime
) -> str:
    """Why nobody is mailed about it now; empty if somebody is (docs/mails.md)."""
    if blocker is None:
        if entry.undone_by is not None:
            return f"r{entry.undone_by} undid it"
        return "production runs it" if entry.progress == "live" else "it keeps nothing back"
    if entry.state == "unknown":
        return "it could not be judged, which the operators have to fix"
    if history.before_first_run:
        return "it landed before the shepherd's first run"
    if history.on_qa_since is None:
        return "it is not on the QA server yet, as far as is known"
    if history.snoozed is not None and days.of(now) < history.snoozed:
        return f"snoozed until {long_date(history.snoozed)}"
    return ""


def _told_on(history: BlockerHistory, days: Days, grace: int) -> date:
    assert history.on_qa_since is not None
    day = days.after(days.of(history.on_qa_since), grace + 1)
    return max(day, days.first_from(history.snoozed)) if history.snoozed else day
