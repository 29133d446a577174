"""The mails to single people: what waits for each, and what of theirs went live. Pure (docs/mails.md)."""

from __future__ import annotations

from collections.abc import Iterable

from shepherd.plans.mails import Mail, Waiting, WentLive
from shepherd.plans.recipients import Recipients, reachable, unread


def digests(
    waiting: Iterable[Waiting], recipients: Recipients, live: Iterable[WentLive] = ()
) -> tuple[list[Mail], list[str], list[str]]:
    """One mail to each person, what waits longest first; the people whom no mail can reach, by name and
    address; and what nobody is mailed about, with the reason.

    Args:
        live: what is said of landings that went live: it stands in the same mail.
    """
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
        elif item.address and not recipients.wants(item.address, "qa"):
            what = "no mail" if recipients.wants_none(item.address) else "no mail about QA"
            unmailed[f"{person or 'somebody'}: wants {what} ([people] in the settings)"] = None
        elif not (address := recipients.place(item.address)) and item.address:
            unmailed[f"{person or 'somebody'}: wants no mail ([people] in the settings)"] = None
        elif unread(address):
            unmailed[f"{person} ({item.address}): has an address that nobody reads"] = None
        elif not reachable(address):
            name = f"{person} ({item.address})" if item.address else person
            unreachable[name] = None
            unmailed[f"{name}: has no address that a mail can go to: the operators are told"] = None
        else:
            spelt.setdefault(address.casefold(), address)
            mine.setdefault(address.casefold(), []).append(item)
    news = {mail.to.casefold(): mail for mail in live_mails(live, recipients)}
    for who, mail in news.items():
        spelt.setdefault(who, mail.to)
    mails = [
        Mail("digest", spelt[who], tuple(mine.get(who, ())), live=news[who].live if who in news else ())
        for who in sorted({*mine, *news})
    ]
    return mails, list(unreachable), list(unmailed)


def live_mails(live: Iterable[WentLive], recipients: Recipients) -> list[Mail]:
    """One mail to each person about what of theirs went live. Whom no mail reaches is told nothing, and
    nobody is told of that: there is nothing for them to do."""
    mine: dict[str, list[WentLive]] = {}
    spelt: dict[str, str] = {}
    for each in sorted(live, key=lambda each: (each.branch, each.entry.revno)):
        to = recipients.place(each.address)
        if to and reachable(to) and recipients.wants(each.address, "live"):
            mine.setdefault(spelt.setdefault(to.casefold(), to), []).append(each)
    return [Mail("live", to, live=tuple(of_one)) for to, of_one in sorted(mine.items())]
