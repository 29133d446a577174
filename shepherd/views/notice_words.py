"""What a chat or a webhook is told, one sentence for each change (docs/notices.md#what-is-told). What a chat
obeys is made harmless where the message is made (`shepherd.plans.notice_layout`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from shepherd.cautions import Caution, stopping
from shepherd.freeze_words import by_and_why, frozen_words, how_it_ends
from shepherd.plans.days import local_times
from shepherd.plans.mails import Waiting
from shepherd.plans.promotion_news import PromotionNews
from shepherd.sentence import Sentence, ageless
from shepherd.situation import Freeze
from shepherd.snapshot import Snapshot
from shepherd.values import age, count, some
from shepherd.views.answer import gist, headline, outlook
from shepherd.views.clean import LONGEST, LONGEST_SENTENCE, clean
from shepherd.views.conditions import what_waits
from shepherd.views.mail_promotion import promotion_subject
from shepherd.views.words import name

NAMED = 3


class NoticeWords(Struct, frozen=True):
    """One change in words."""

    text: str
    command: str = ""
    """What to type about it; empty: nothing is to be typed, or the text says it."""
    url: str = ""


def of_branch(branch: str) -> str:
    """What a command needs at its end; `branch` is empty where there is only one."""
    return f" --branch {branch}" if branch else ""


def answer_words(snapshot: Snapshot, known: Sequence[Caution]) -> NoticeWords:
    """What may be deployed now, or why nothing may."""
    branch = of_branch(snapshot.branch_to_name)
    status, zone = f"inv status{branch}", snapshot.timezone
    # that it is frozen, too, says the first line of the message, and a change of its own
    apart = snapshot.answer in ("nothing-new", "blocked")
    others = [each for each in known if each.kind != "frozen" or not apart]
    if stopping(others) is not None:
        return NoticeWords(spoken(headline(snapshot, known), zone), status)
    if snapshot.answer == "deploy" and snapshot.deployable is not None:
        to, following = snapshot.deployable, snapshot.next
        url = (following.compare_url if following is not None else None) or ""
        text = Sentence(f"r{to.revno} may be deployed: ", gist(snapshot, known))
        return NoticeWords(spoken(text, zone), f"inv promote --to r{to.revno}{branch}", url)
    if snapshot.answer == "nothing-new":
        return NoticeWords(spoken(f"nothing is to be deployed: {gist(snapshot, others)}", zone))
    blockers = [f"r{each.revno} ({name(each.person)})" for each in snapshot.blockers[: NAMED + 1]]
    why = what_waits(snapshot) or f"blocked by {some(blockers, NAMED, len(snapshot.blockers))}"
    more = outlook(snapshot, known)
    text = Sentence("nothing can be deployed: ", why, f"; {more}" if more else "")
    return NoticeWords(spoken(text, zone), status)


def alarm_begins(revno: int, why: str, branch: str, page: str) -> NoticeWords:
    """Args: why: the sentence of the alarm. branch: what `--branch` has to say."""
    return NoticeWords(
        clean(f"ALARM: {why}", LONGEST_SENTENCE), f"inv explain r{revno}{of_branch(branch)}", page
    )


def alarm_ends(revno: int, page: str) -> NoticeWords:
    text = f"the alarm about r{revno} is over: it is bad no longer, or neither live nor promoted any more"
    return NoticeWords(text, url=page)


def promotion_words(news: PromotionNews, branch: str, compare_url: str) -> NoticeWords:
    """Who promoted what, from where, and why."""
    way = f", from r{news.base.revno}" if news.base.id else ""
    why = f" ({clean(news.why, LONGEST)})" if news.why else ""
    audit = f"inv audit r{news.to.revno}{of_branch(branch)}"
    return NoticeWords(clean(f"{promotion_subject(news)}{way}{why}", LONGEST_SENTENCE), audit, compare_url)


def freeze_begins(freeze: Freeze, now: datetime, timezone: str, branch: str) -> NoticeWords:
    """Also of one that is overdue."""
    words = Sentence(frozen_words((freeze,), now, timezone), "; ", how_it_ends((freeze,), branch))
    return NoticeWords(spoken(words, timezone))


def freeze_ends(freeze: Freeze | None, by: str, why: str, others: Sequence[Freeze]) -> NoticeWords:
    """Args: freeze: that is over; None: a window of the settings. by: who ended it; empty: it ended by
    itself. others: those that are still on."""
    what = f"the freeze {by_and_why(freeze)}" if freeze is not None else "the freeze by the settings"
    how = f" was ended by {clean(by, 60)}{f' ({clean(why, LONGEST)})' if why else ''}" if by else " is over"
    rest = "; deployments are still frozen" if others else "; deployments go on"
    return NoticeWords(clean(f"{what}{how}{rest}", LONGEST_SENTENCE))


def escalation_words(waiting: Sequence[Waiting], now: datetime, branch: str, page: str) -> NoticeWords:
    """What has blocked for too long, the worst first, and what would clear it."""
    worst = waiting[0]
    entry = worst.entry
    long = age((now - worst.since).total_seconds())
    more = f"; {count(len(waiting) - 1, 'more landing')} for too long, too" if len(waiting) > 1 else ""
    text = (
        f"r{entry.revno} ({name(entry.person)}) has kept {count(worst.blocker.waiting, 'landing')} back for"
        f" {long}: {clean(entry.reason, LONGEST)}; {clean(entry.remedy, LONGEST)}{more}"
    )
    return NoticeWords(clean(text, LONGEST_SENTENCE), f"inv explain r{entry.revno}{of_branch(branch)}", page)


def hang_words(text: str) -> NoticeWords:
    """A run that seems to hang; the text says how to end it."""
    return NoticeWords(clean(ageless(text), LONGEST_SENTENCE), "inv lock.status")


def spoken(text: str, timezone: str) -> str:
    """A sentence as a chat has it: with times by the clock of the settings, and without ages, since it is
    read later."""
    return clean(local_times(text, ZoneInfo(timezone)), LONGEST_SENTENCE)
