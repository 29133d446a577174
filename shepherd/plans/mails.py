"""The mails that are to be sent: to whom, about what; and what nobody is mailed about, and why. Pure
(docs/mails.md, docs/rules.md#alarms).

Everything comes from snapshots and from what the journal remembers. What keeps the newest landing back is
what somebody can act on: the snapshot's blockers. Of these some wait for somebody else, or for later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from shepherd.cautions import LIVE, UNDOES, Caution
from shepherd.plans.days import Days, long_date
from shepherd.settings import MailSettings
from shepherd.situation import Hang
from shepherd.snapshot import Blocker, LandingEntry, Snapshot

MailKind = Literal["digest", "escalation", "unreachable", "brake", "alarm", "hang"]
MAIL_NAMES: Mapping[str, str] = {
    "digest": "digest",
    "escalation": "escalation",
    "unreachable": "mail about people who cannot be reached",
    "brake": "mail about digests held back",
    "alarm": "mail about alarms",
    "hang": "mail about a run that hangs",
}
"""What each kind is called in a sentence."""

LONGEST_ADDRESS = 160
"""Characters; the journal's subjects have 200."""
_ADDRESS = r"[!-~]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
_FORBIDDEN = re.compile(r'[\s<>,;:"()\[\]\\]')
_NOREPLY = re.compile(r"(?:.*\.)?users\.noreply\.[a-z0-9.-]+", re.IGNORECASE)
"""Where forges let people hide: such mail reaches nobody."""
_UNREAD = re.compile(r"no-?reply@", re.IGNORECASE)
"""How an address begins that belongs to a program: there is nobody to give a better one to."""


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
        """Whether a landing that can be deployed undoes it."""
        return self.text.endswith(UNDOES)


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

    def key(self, day: date) -> str:
        """What a daily mail is, whatever its wording: the same one never goes twice (docs/mails.md)."""
        return f"{day} {self.kind} {self.to.casefold()}"


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
    mail: MailSettings,
    now: datetime,
) -> Snapshot:
    """The snapshot with the day on which the list will be told of each blocker, from two days before on."""
    from msgspec.structs import replace

    if not mail.list:
        return snapshot
    told_on = {
        item.entry.revno: item.told_on
        for item in sort_out(snapshot, histories, days, mail.grace_days, now)[0]
        if days.soon(item.told_on, now)
    }
    blockers = tuple(replace(each, list_told_on=told_on.get(each.revno)) for each in snapshot.blockers)
    return replace(snapshot, blockers=blockers)


def digests(waiting: Iterable[Waiting], people: Mapping[str, str]) -> tuple[list[Mail], list[str], list[str]]:
    """One mail to each person, what waits longest first; the people whom no mail can reach, by name and
    address; and what nobody is mailed about, with the reason."""
    where = {address.casefold(): other for address, other in people.items()}
    mine: dict[str, list[Waiting]] = {}
    spelt: dict[str, str] = {}
    unreachable: dict[str, None] = {}
    unmailed: dict[str, None] = {}
    for item in sorted(waiting, key=lambda item: (item.since, item.branch, item.entry.revno)):
        rev, person = f"{item.branch} r{item.entry.revno}", item.entry.person
        if item.address is None:
            unmailed[f"{rev}: its person's address was not read yet: inv find"] = None
        elif not person and not item.address:
            unmailed[f"{rev}: it is not known whose landing it is"] = None
        elif not (address := where.get(item.address.casefold(), item.address)) and item.address:
            unmailed[f"{person or 'somebody'}: wants no mail ([people] in the settings)"] = None
        elif _UNREAD.match(address):
            unmailed[f"{person} ({item.address}): has an address that nobody reads"] = None
        elif not reachable(address):
            name = f"{person} ({item.address})" if item.address else person
            unreachable[name] = None
            unmailed[f"{name}: has no address that a mail can go to: the operators are told"] = None
        else:
            spelt.setdefault(address.casefold(), address)
            mine.setdefault(address.casefold(), []).append(item)
    mails = [Mail("digest", spelt[who], tuple(items)) for who, items in sorted(mine.items())]
    return mails, list(unreachable), list(unmailed)


def escalation(waiting: Iterable[Waiting], mailing_list: str, today: date) -> Mail | None:
    """The one mail of the day to the list, the worst blocker first; None if nothing waits for that long."""
    overdue = [item for item in waiting if item.told_on <= today]
    if not overdue or not mailing_list:
        return None
    worst_first: Sequence[Waiting] = sorted(
        overdue, key=lambda item: (-item.blocker.frees, -item.blocker.waiting, item.since)
    )
    return Mail("escalation", mailing_list, tuple(worst_first))


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


def reachable(address: str) -> bool:
    """Whether a mail can go to that address, and somebody reads it there."""
    if len(address) > LONGEST_ADDRESS or not re.fullmatch(_ADDRESS, address) or _FORBIDDEN.search(address):
        return False
    return not (_UNREAD.match(address) or _NOREPLY.fullmatch(address.rpartition("@")[2]))


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
