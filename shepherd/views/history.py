"""What production runs since when, and what was promoted before: in sentences for page and terminal
(docs/interfaces.md#history)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from shepherd.sentence import Part, Sentence, time
from shepherd.snapshot import PastPromotion, Snapshot
from shepherd.values import age, utc
from shepherd.views.clean import is_web_address
from shepherd.views.terminal import wrap
from shepherd.views.words import count, full_sentence, name, span


def production(snapshot: Snapshot) -> str:
    """What is promoted and what is live: two facts, where the settings have both. Empty: neither is known."""
    promoted, deployed = snapshot.promoted, snapshot.deployed
    if deployed is None or (promoted is None and deployed.since is None):
        return ""
    since: tuple[str | Part, ...] = ()
    if deployed.since is not None and deployed.revno:
        since = (" at least since " if deployed.at_least else " since ", time(deployed.since))
    runs = f"r{deployed.revno}" if deployed.revno else "nothing of this branch yet"
    if promoted is None:
        by = f", by {name(deployed.by)}" if deployed.by else ""
        return Sentence(f"production runs {runs}", *since, by)
    who = f" by {name(promoted.by)}" if promoted.by else ""
    when = (" on ", time(promoted.at)) if promoted.at is not None else ()
    runs = "it" if promoted.revno == deployed.revno else runs
    return Sentence(f"promoted: r{promoted.revno}{who}", *when, f"; production runs {runs}", *since)


class HistoryLine(Struct, frozen=True):
    """One promotion, for a table."""

    at: str
    revno: int
    """What went out by it, or what it went back to."""
    listed: bool
    """The page has a row for it."""
    what: str
    by: str
    waited: str
    """How long its landings had waited; empty: not known."""
    reason: str
    compare_url: str | None


def past(snapshot: Snapshot) -> list[HistoryLine]:
    """The last promotions, newest first."""
    ids = {entry.revno: entry.id for entry in snapshot.landings}
    return [_line(each, ids) for each in snapshot.promotions]


def promoted_before(snapshot: Snapshot) -> str:
    """What production runs, and the last promotions, for a terminal; empty: nothing is known of either."""
    lines = [wrap(full_sentence(production(snapshot)))] if production(snapshot) else []
    if snapshot.promotions:
        lines += ["", f"{title(snapshot)}, newest first:"]
    for each in past(snapshot):
        waited = f"; waited: {each.waited}" if each.waited else ""
        reason = f"; {each.reason}" if each.reason else ""
        what = f"{each.at} UTC  r{each.revno}, {each.what}; by {each.by}{waited}{reason}"
        lines.append(wrap(what, "  ", "    "))
    return "\n".join(lines)


def title(snapshot: Snapshot) -> str:
    """What the table holds: promotions, or steps of production where nothing was ever promoted."""
    if _of_production(snapshot):
        return "The last times that production changed"
    # moves of the ref that somebody else made, or steps of production before the first promotion
    return "The last changes that were seen" if _only_seen(snapshot) else "The last promotions"


def what_moved(snapshot: Snapshot) -> str:
    """The head of that table's column: what is promoted need not be live yet."""
    if _of_production(snapshot):
        return "What went live"
    return "What changed" if _only_seen(snapshot) else "What was promoted"


def _only_seen(snapshot: Snapshot) -> bool:
    return bool(snapshot.promotions) and all(each.seen for each in snapshot.promotions)


def _of_production(snapshot: Snapshot) -> bool:
    """Nothing was ever promoted; without data that is known only where no step is a promotion."""
    return snapshot.promoted is None and (snapshot.complete or _only_seen(snapshot))


def _line(each: PastPromotion, ids: Mapping[int, str]) -> HistoryLine:
    number = count(each.landings, "landing")
    what = f"{number}: {span(each.base.revno + 1, each.to.revno)}" if each.landings else _back(each)
    return HistoryLine(
        at=utc(each.at).removesuffix(" UTC"),
        revno=each.to.revno,
        # a number of a mainline that was rewritten stands for another landing now
        listed=ids.get(each.to.revno) == each.to.id,
        what=what,
        by=each.by or ("not known, it was only seen" if each.seen else "not known"),
        waited=_waited(each),
        reason=each.reason,
        compare_url=each.compare_url if is_web_address(each.compare_url or "") else None,
    )


def _back(each: PastPromotion) -> str:
    if each.to.revno == each.base.revno:
        return f"still r{each.to.revno}, by another commit"
    if each.to.revno > each.base.revno:
        return f"not counted: r{each.base.revno}, where it was before, is of a mainline that was rewritten"
    return f"back from r{each.base.revno} to r{each.to.revno}" if each.to.revno else "back to nothing"


def _waited(each: PastPromotion) -> str:
    if each.waited_median_s is None or each.waited_longest_s is None:
        return ""
    if each.landings == 1:
        return age(each.waited_longest_s)
    half, longest = age(each.waited_median_s), age(each.waited_longest_s)
    return longest if half == longest else f"half of them over {half}, at most {longest}"
