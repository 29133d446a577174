"""What a mail to the list says of checks that keep candidates back, before it is text or HTML
(docs/mails.md#checks)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shepherd.conditions import NOT_REPORTED
from shepherd.plans.check_waits import HeldUp
from shepherd.plans.days import local_times, long_time
from shepherd.values import count, some
from shepherd.views.clean import clean, is_web_address
from shepherd.views.conditions import check_words
from shepherd.views.mail_entries import Linked, Project, how_long

CHECK_SHOWN = 60
"""Characters of a check's name, in a subject too."""
REVISIONS_SHOWN = 5
_OTHERS_SHOWN = 3


class HeldLine(Struct, frozen=True):
    """A revision that the check keeps back."""

    revision: str
    text: str
    link: str
    """Where a person can read more of the check; empty: nowhere."""


class HeldEntry(Struct, frozen=True):
    """One check, as a mail describes it."""

    head: str
    """The check, how many landings wait for it, and for how long."""
    lines: tuple[HeldLine, ...]
    more: int
    """Revisions that are not listed."""
    others: str
    """What else the newest one waits for; empty: nothing."""
    unreported: bool
    """Nothing has reported it on the newest: its name may be wrong."""
    newest: str
    """The newest revision that could go if it held; empty: not known just now."""
    command: str
    """By which it goes all the same."""
    page: Linked | None


def held_entry_of(held: HeldUp, project: Project) -> HeldEntry:
    """What a mail says of one check."""
    since = long_time(held.wait.since, project.zone)
    waiting = f"{count(held.landings, 'landing')} of {held.branch}"
    newest = held.held[0].revno if held.held else 0
    others = some(list(map(check_name, held.others)), _OTHERS_SHOWN)
    of_branch = f" --branch {held.branch}" if project.several else ""
    page = project.link(held.branch, newest)
    return HeldEntry(
        head=f"{check_name(held.wait.check)} keeps {waiting} back, since {since}"
        f" ({how_long_since(held.wait.since, project)}).",
        lines=tuple(
            HeldLine(
                f"r{each.revno}",
                local_times(check_words(each.check), project.zone),
                each.check.url if is_web_address(each.check.url) else "",
            )
            for each in held.held[:REVISIONS_SHOWN]
        ),
        more=max(len(held.held) - REVISIONS_SHOWN, 0),
        others=f"r{newest} also waits for {others}." if held.others else "",
        unreported=bool(held.held) and held.held[0].check.said == NOT_REPORTED,
        newest=f"r{newest}" if newest else "",
        command=f'inv promote --to r{newest} --despite "…"{of_branch}' if newest else "",
        page=page if page.address else None,
    )


def check_name(name: str) -> str:
    """A check's name, cut, as it may stand in a sentence and in a subject."""
    return clean(name, CHECK_SHOWN).strip() or "a check without a name"


def how_long_since(since: datetime, project: Project) -> str:
    """For how long it has gone on when the mail is written."""
    return how_long((project.now - since).total_seconds())
