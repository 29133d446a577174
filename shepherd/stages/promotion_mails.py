"""Promotions that `mail.promotions` was not told of yet, from the journal (docs/mails.md#promotions).

The journal of a branch says since when they are told ("promotion-mails"). Which one a mail told of is noted
with that mail, under "promotions".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from shepherd.act import EVERYWHERE
from shepherd.plans.mails import Mail
from shepherd.plans.promotion_news import PromotedLanding, PromotionNews
from shepherd.settings import Settings
from shepherd.snapshot import Rev
from shepherd.stages.went_live import NEWS_DAYS, names_told
from shepherd.store import BranchStore, Database, Journal, JournalEntry

SWITCH = "promotion-mails"
"""The kind of entry that says that promotions are told, or are told no more."""
NOTED = "promotions"
"""In the data of a mail: the names of the promotions that it tells of."""
_NOT_KNOWN_BEFORE = ("began", "restored")
"""Entries by which it is not known which mails went before them."""
_AT_ONCE = 50


def promotion_mails(
    settings: Settings, database: Database, now: datetime, today: date, *, again_today: bool = False
) -> list[Mail]:
    """One mail for each promotion that none told of, the oldest first. What may have been told today waits
    for tomorrow, as all mails.

    Args:
        again_today: also what a mail of today told of, for a preview.

    Raises:
        StoreError: the database cannot be used.
    """
    if settings.mail is None or not settings.mail.promotions:
        return []
    with database.branch(EVERYWHERE) as store:
        told: Collection[str] | None = None
        news: list[PromotionNews] = []
        for branch in settings.branches:
            of_branch = store.of(branch)
            moves = _lately(of_branch.journal, now - timedelta(days=NEWS_DAYS))
            if not moves:
                continue
            if told is None:
                told = names_told(store.journal, NOTED, today, again_today)
            former = of_branch.journal.names
            for before, move in moves:
                each = promotion_news_of(of_branch, branch, before, move)
                if not any(f"{name} {each.key}" in told for name in former):
                    news.append(each)
        head = store.journal.head_name() if news else ""
    news.sort(key=lambda each: each.seq)
    return [Mail("promotion", settings.mail.promotions, promotion=each, head=head) for each in news]


def last_promotion(store: BranchStore, branch: str) -> PromotionNews | None:
    """The newest one that the journal has, of its last few entries about what is promoted."""
    moves = _moves(store.journal.newest(_AT_ONCE, "promoted"))
    return promotion_news_of(store, branch, *moves[-1]) if moves else None


def moves_after(journal: Journal, seq: int, since: datetime) -> list[tuple[JournalEntry, JournalEntry]]:
    """The promotions behind a place in the journal that are not too old to be told, oldest first, each behind
    the entry before it."""
    limit = 2
    newest = journal.newest(limit, "promoted")
    while len(newest) == limit and newest[-1].seq > seq and newest[-1].time >= since:
        limit *= 4
        newest = journal.newest(limit, "promoted")
    return [pair for pair in _moves(newest) if pair[1].seq > seq and pair[1].time >= since]


def _lately(journal: Journal, since: datetime) -> list[tuple[JournalEntry, JournalEntry]]:
    """The promotions of the last days that are told, oldest first, each behind the entry before it."""
    switch = journal.last(SWITCH)
    if switch is None or not switch.data["on"]:
        return []
    others = [entry.time for kind in _NOT_KNOWN_BEFORE if (entry := journal.last(kind)) is not None]
    since = max(since, switch.time, *others)
    limit = _AT_ONCE
    newest = journal.newest(limit, "promoted")
    while len(newest) == limit and newest[-1].time > since:
        limit *= 4
        newest = journal.newest(limit, "promoted")
    return [(before, move) for before, move in _moves(newest) if move.time >= since]


def _moves(newest: Sequence[JournalEntry]) -> list[tuple[JournalEntry, JournalEntry]]:
    """The promotions among entries about what is promoted, oldest first, each behind the entry before it. It
    is none where that was only found for the first time, or only the mainline moved."""
    return [
        (before, entry)
        for entry, before in pairwise(newest)
        if "from" in entry.data and not entry.data.get("kept") and entry.data["id"] != before.data["id"]
    ][::-1]


def promotion_news_of(
    store: BranchStore, branch: str, before: JournalEntry, move: JournalEntry
) -> PromotionNews:
    """What the journal and the cache have of a promotion, which is the entry behind `before`."""
    data = move.data
    base, to = Rev(before.data["revno"], before.data["id"]), Rev(data["revno"], data["id"])
    known = {each.revno: each for each in store.cache.numbered(range(base.revno, to.revno + 1))}
    # on a rewritten mainline the numbers stand for others
    comparable = not any(
        rev.revno in known and rev.id and known[rev.revno].id != rev.id for rev in (base, to)
    )
    return PromotionNews(
        branch,
        move.seq,
        move.time,
        to,
        base,
        move.who,
        move.why,
        move.run_id,
        seen=bool(data.get("foreign")),
        code=data.get("code", ""),
        despite=data.get("despite") or "",
        passed=tuple(data.get("passed") or ()),
        drop_hotfix=data.get("drop_hotfix") or "",
        landings=tuple(
            PromotedLanding(revno, known[revno].shown_title, known[revno].person)
            for revno in sorted(known)
            if comparable and revno > base.revno
        ),
        count=max(to.revno - base.revno, 0) if comparable else None,
    )
