"""Who is to be mailed about what, and what nobody is mailed about and why: pure (docs/mails.md;
docs/rules.md#answer.1).

Everything comes from snapshots and from what the journal remembers. What keeps the newest landing back is
what somebody can act on: the snapshot's blockers. Of these some wait for somebody else, or for later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from shepherd.plans.days import Days, spoken
from shepherd.settings import MailSettings as MailSettings
from shepherd.snapshot import Blocker, LandingEntry, Snapshot

Kind = Literal["digest", "escalation", "unreachable", "brake"]

LONGEST_ADDRESS = 160
"""Characters; the journal's subjects have 200."""
_ADDRESS = r"[!-~]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
_FORBIDDEN = re.compile(r'[\s<>,;:"()\[\]\\]')
_NOREPLY = re.compile(r"(?:.*\.)?users\.noreply\.[a-z0-9.-]+", re.IGNORECASE)
"""Where forges let people hide: such mail reaches nobody."""
_UNREAD = re.compile(r"no-?reply@", re.IGNORECASE)
"""How an address begins that belongs to a program: there is nobody to give a better one to."""


class BlockerHistory(Struct, frozen=True):
    """What the tagger's database knows of one blocker beside the snapshot."""

    on_qa_since: datetime | None = None
    """When the QA server came to have it, never before it was first seen; None: it does not have it yet, or
    that is not known."""
    before_first_run: bool = False
    snoozed: date | None = None
    """No mail before that day."""
    address: str | None = None
    """Of its person; None: the landing has to be read anew before that is known."""


class BranchMailFacts(Struct, frozen=True):
    """One branch."""

    snapshot: Snapshot
    known: Mapping[str, BlockerHistory]
    """By SHA; every blocker of the snapshot."""


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


class NotMailed(Struct, frozen=True):
    """A landing that is not good, or a person, that no mail is about; and why."""

    what: str
    why: str


class Mail(Struct, frozen=True):
    """One mail, before it has words."""

    kind: Kind
    to: str
    items: tuple[Waiting, ...] = ()
    people: tuple[str, ...] = ()
    """Of a mail to the operators: who cannot be reached."""
    count: int = 0
    """Of a brake: how many mails were held back."""

    def key(self, day: date) -> str:
        """What it is, whatever its wording: the same one never goes twice (docs/mails.md)."""
        return f"{day} {self.kind} {self.to.casefold()}"


class Digests(Struct, frozen=True):
    """The reminders of one day."""

    mails: tuple[Mail, ...]
    unreachable: tuple[str, ...]
    """People whom no mail can reach, by name and address."""
    silent: tuple[NotMailed, ...]


def sort_out(
    facts: BranchMailFacts, days: Days, grace: int, now: datetime
) -> tuple[list[Waiting], list[NotMailed]]:
    """What of one branch can be acted on now, and what is not good and cannot, each with the reason.

    Args:
        grace: days (that count) after which the list is told.
    """
    snapshot = facts.snapshot
    blockers = {blocker.revno: blocker for blocker in snapshot.blockers}
    waiting, silent = [], []
    for entry in reversed(snapshot.landings):
        if entry.good:
            continue
        blocker = blockers.get(entry.revno)
        known = facts.known.get(entry.id, BlockerHistory())
        if why := _not_now(entry, blocker, known, days, now):
            silent.append(NotMailed(f"{snapshot.branch} r{entry.revno}", why))
            continue
        assert blocker is not None and known.on_qa_since is not None
        told_on = _told_on(known, days, grace)
        waiting.append(Waiting(snapshot.branch, entry, blocker, known.on_qa_since, told_on, known.address))
    return waiting, silent


def announced(facts: BranchMailFacts, days: Days, mail: MailSettings, now: datetime) -> Snapshot:
    """The snapshot with the day on which the list will be told of each blocker, from two days before on."""
    from msgspec.structs import replace

    if not mail.list:
        return facts.snapshot
    on = {
        item.entry.revno: item.told_on
        for item in sort_out(facts, days, mail.grace_days, now)[0]
        if days.soon(item.told_on, now)
    }
    blockers = tuple(replace(each, list_told_on=on.get(each.revno)) for each in facts.snapshot.blockers)
    return replace(facts.snapshot, blockers=blockers)


def digests(waiting: Iterable[Waiting], people: Mapping[str, str]) -> Digests:
    """One mail to each person, what waits longest first."""
    where = {address.casefold(): other for address, other in people.items()}
    mine: dict[str, list[Waiting]] = {}
    spelt: dict[str, str] = {}
    unreachable: dict[str, None] = {}
    silent: dict[str, NotMailed] = {}
    for item in sorted(waiting, key=lambda item: (item.since, item.branch, item.entry.revno)):
        rev, person = f"{item.branch} r{item.entry.revno}", item.entry.person
        if item.address is None:
            silent[rev] = NotMailed(rev, "its person's address was not read yet: inv find")
        elif not person and not item.address:
            silent[rev] = NotMailed(rev, "nobody is known whose landing it is")
        elif not (address := where.get(item.address.casefold(), item.address)) and item.address:
            silent[person] = NotMailed(person or "somebody", "wants no mail ([people] in the settings)")
        elif _UNREAD.match(address):
            name = f"{person} ({item.address})"
            silent[name] = NotMailed(name, "has an address that nobody reads")
        elif not reachable(address):
            name = f"{person} ({item.address})" if item.address else person
            unreachable[name] = None
            silent[name] = NotMailed(name, "has no address that a mail can go to: the operators are told")
        else:
            spelt.setdefault(address.casefold(), address)
            mine.setdefault(address.casefold(), []).append(item)
    mails = tuple(Mail("digest", spelt[who], tuple(items)) for who, items in sorted(mine.items()))
    return Digests(mails, tuple(unreachable), tuple(silent.values()))


def escalation(waiting: Iterable[Waiting], mailing_list: str, today: date) -> Mail | None:
    """The one mail of the day to the list, the worst blocker first; None if nothing waits for that long."""
    overdue = [item for item in waiting if item.told_on <= today]
    if not overdue or not mailing_list:
        return None
    worst_first: Sequence[Waiting] = sorted(
        overdue, key=lambda item: (-item.blocker.frees, -item.blocker.waiting, item.since)
    )
    return Mail("escalation", mailing_list, tuple(worst_first))


def reachable(address: str) -> bool:
    """Whether a mail can go to that address, and somebody reads it there."""
    if len(address) > LONGEST_ADDRESS or not re.fullmatch(_ADDRESS, address) or _FORBIDDEN.search(address):
        return False
    return not (_UNREAD.match(address) or _NOREPLY.fullmatch(address.rpartition("@")[2]))


def _not_now(
    entry: LandingEntry, blocker: Blocker | None, known: BlockerHistory, days: Days, now: datetime
) -> str:
    """Why nobody is mailed about it now; empty if somebody is (docs/mails.md)."""
    if blocker is None:
        if entry.undone_by is not None:
            return f"r{entry.undone_by} undid it"
        return "production runs it" if entry.progress == "live" else "it keeps nothing back"
    if entry.state == "unknown":
        return "it could not be judged, which is the operators' to mend"
    if known.before_first_run:
        return "it landed before the shepherd's first run"
    if known.on_qa_since is None:
        return "it is not on the QA server yet, as far as is known"
    if known.snoozed is not None and days.of(now) < known.snoozed:
        return f"snoozed until {spoken(known.snoozed)}"
    return ""


def _told_on(known: BlockerHistory, days: Days, grace: int) -> date:
    assert known.on_qa_since is not None
    day = days.after(days.of(known.on_qa_since), grace + 1)
    return max(day, days.first_from(known.snoozed)) if known.snoozed else day
