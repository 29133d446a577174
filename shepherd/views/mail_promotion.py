"""What a mail says of a promotion, before it is text or HTML (docs/mails.md#promotions)."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from shepherd.plans.days import long_time
from shepherd.plans.promotion_news import PromotedLanding, PromotionNews
from shepherd.snapshot import Rev
from shepherd.views import words
from shepherd.views.mail_entries import SHOWN, Project

SHA_SHOWN = 12
SUBJECT_WHO = 40
"""Characters of a name in a subject."""


class PromotedLine(Struct, frozen=True):
    """One landing of it."""

    revno: int
    what: str
    page: str


class PromotionEntry(Struct, frozen=True):
    """One promotion, as a mail describes it."""

    head: str
    """What was promoted, by whom, when."""
    goes: str
    """From where to where, and how much."""
    why: str
    warnings: tuple[str, ...]
    """What was passed, with the reason; and what somebody else did."""
    listed: str
    landings: tuple[PromotedLine, ...]
    more: str
    """That there are more; empty: there are not."""
    facts: tuple[tuple[str, str], ...]
    """The run, the code, the entry of the journal."""
    audit: str
    """The command that tells the rest."""


def promotion_entry_of(news: PromotionNews, project: Project) -> PromotionEntry:
    """What a mail says of one promotion."""
    at, to = long_time(news.at, project.zone), f"r{news.to.revno} of {news.branch}"
    did = "was taken back to" if news.back else "was promoted"
    if news.seen:
        head = f"Somebody else moved what is promoted to {to}, not the shepherd (seen {at})."
    elif news.back:
        head = f"What is promoted {did} {to} by {words.name(news.who)}, on {at}."
    else:
        head = f"{to} {did} by {words.name(news.who)}, on {at}."
    shown = news.landings[:SHOWN]
    more = (news.count or 0) - len(shown)
    return PromotionEntry(
        head,
        _goes(news),
        f"{news.why.rstrip('.')}." if news.why else "",
        tuple(_warnings(news)),
        "What it brings, the oldest first:",
        tuple(PromotedLine(each.revno, _what(each), project.page(news.branch, each.revno)) for each in shown),
        f"And {words.count(more, 'more landing')}: the command below lists all." if more > 0 else "",
        tuple(_facts(news)),
        f"inv audit r{news.to.revno}{f' --branch {news.branch}' if project.several else ''}",
    )


def promotion_subject(news: PromotionNews) -> str:
    """What it says behind the branch."""
    what = f"r{news.to.revno}"
    if news.seen:
        what = f"somebody else moved what is promoted to {what}"
    elif news.back:
        what = f"promoted back to {what} by {_short(news.who)}"
    else:
        what = f"{what} promoted by {_short(news.who)}"
    despite = ", despite what kept it back" if news.despite else ""
    brings = f": {words.count(news.count, 'landing')}" if news.count else ""
    return f"{what}{despite}{brings}"


def _short(who: str) -> str:
    shown = words.name(who)
    return shown if len(shown) <= SUBJECT_WHO else f"{shown[: SUBJECT_WHO - 1]}…"


def _goes(news: PromotionNews) -> str:
    way = f"From {_rev(news.base)} to {_rev(news.to)}"
    if news.count is None:
        return f"{way}. The mainline was rewritten in between: how many landings that brings is not known."
    if news.back:
        return f"{way}, which is older."
    return f"{way}: {words.count(news.count, 'landing')}."


def _rev(rev: Rev) -> str:
    return f"r{rev.revno} ({rev.id[:SHA_SHOWN]})" if rev.id else f"r{rev.revno}"


def _what(landing: PromotedLanding) -> str:
    return f"{landing.title} ({words.name(landing.person)})"


def _warnings(news: PromotionNews) -> Iterator[str]:
    if news.despite:
        reason = words.full_sentence(news.despite.rstrip("."))
        yield f"It was promoted although something kept it back, with this reason: {reason}"
        for each in news.passed:
            yield words.full_sentence(f"passed: {each}")
    if news.drop_hotfix:
        reason = words.full_sentence(news.drop_hotfix.rstrip("."))
        yield f"Commits that only production had were given up, with this reason: {reason}"
    if news.seen:
        yield "The shepherd judged nothing of it, and does not know who did it and why."


def _facts(news: PromotionNews) -> Iterator[tuple[str, str]]:
    yield "Run:", f"{news.run_id}{', which saw it' if news.seen else ''}"
    if not news.seen:
        yield "Code:", f"QA Shepherd {news.code}" if news.code else "not known"
    yield "Commit:", news.to.id
    yield "Journal:", f"entry {news.seq}"
