"""What trends do not count since it is not known, a sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from msgspec import Struct

from shepherd.trends.calendar import Periods
from shepherd.trends.failures import Restores
from shepherd.trends.happened import Happened
from shepherd.trends.landings import LiveLandings
from shepherd.trends.mainline import NumberedLine
from shepherd.trends.phases import Lacking
from shepherd.trends.production import Production
from shepherd.trends.unseen import LONG, gaps
from shepherd.values import age, count, utc

_NO_PHASES: dict[Lacking, str] = {
    "qa": "on the QA server before the shepherd looked there for the first time",
    "good": "not known to be good when they went live",
    "judged": "good already when a run first judged them, more than a day after they landed",
    "answer": "in no answer before they went live",
    "promotion": "in no promotion before they went live",
}


class Known(Struct, frozen=True):
    """All that there is to count."""

    happened: Happened
    line: NumberedLine
    production: Production
    live: LiveLandings
    restores: Restores


def left_out(
    known: Known, periods: Periods, since: date | None, begun: date, now: datetime
) -> tuple[str, ...]:
    """The sentences, for what falls into the periods.

    Args:
        since: the day that was asked for. begun: when the shepherd looked for the first time.
    """
    if not known.happened.production:
        return ("nothing was seen of production yet: inv run",)
    sentences = [*_before(known, periods, since, begun), *_landings(known, periods)]
    return (*sentences, *_alarms(known, periods), *_late(known, periods, now))


def _within(periods: Periods, moments: Iterable[datetime]) -> int:
    return sum(periods.of(moment) is not None for moment in moments)


def _before(known: Known, periods: Periods, since: date | None, begun: date) -> Iterator[str]:
    """What was there before somebody looked, or cannot be seen any more."""
    first = known.happened.production[0]
    lost = any(begin is None for begin, _ in known.happened.lost)
    for begin, end in known.happened.lost:
        if begin is not None and periods.of(end) is not None:
            yield f"the time from {utc(begin)} to {utc(end)}, of which the journal was lost"
    if since is not None and since < begun:
        why = "of which the journal was lost" if lost else "when production was first looked at"
        yield f"the time before {begun}, {why}"
    if periods.of(first.at) is not None and first.revno:
        ran = "r1 ran" if first.revno == 1 else f"r1 to r{first.revno} ran"
        begins = "where the journal begins, since the one before was lost"
        when = begins if lost else "when somebody first looked"
        yield f"{ran} in production {when} ({begun}): since when is not known"
    unread = sorted(revno for revno, moment in known.live.unread.items() if periods.of(moment) is not None)
    if unread:
        what = f"r{unread[0]} is" if len(unread) == 1 else f"r{unread[0]} to r{unread[-1]} are"
        yield f"{what} not archived yet, so that only the deployments of them count: inv archive"
    if number := _within(periods, known.live.rewritten):
        yield f"landings that came in as the mainline was rewritten (live since when?): {number}"
    unknown = (move.at for move in known.production.moves if move.direction == "unknown")
    if number := _within(periods, unknown):
        yield f"moves of production about when the mainline was rewritten (forward or back?): {number}"


def _landings(known: Known, periods: Periods) -> Iterator[str]:
    live = known.live
    if number := _within(periods, live.undone):
        yield f"landings that were undone before they went live, or with that: {number}"
    shown = [each for each in live.times if periods.of(each.live) is not None]
    if number := sum(not each.for_good for each in shown):
        yield f"the lead time of landings that production runs no more: {number}"
    if number := sum(each.for_good and each.lead_s is None for each in shown):
        yield f"the lead time of landings whose date lies after they went live: {number}"
    if number := sum(each.failed is None for each in shown):
        yield f"whether landings failed that no run could judge: {number}"
    for why, moments in live.lacking.items():
        if number := _within(periods, moments):
            yield f"where the time went of landings that were {_NO_PHASES[why]}: {number}"


def _alarms(known: Known, periods: Periods) -> Iterator[str]:
    if number := _within(periods, known.restores.by_word):
        yield (
            "alarms that ended because a word changed while production stood still (when it was restored is"
            f" not known): {number}"
        )
    if number := _within(periods, known.restores.rewritten):
        yield f"alarms about landings that are not known on the mainline as it is: {number}"


def _late(known: Known, periods: Periods, now: datetime) -> Iterator[str]:
    happened = known.happened
    late = [end - begin for begin, end in gaps(happened) if periods.of(end) is not None]
    if late:
        most = age(max(late).total_seconds())
        yield (
            "when exactly, and how often, production moved where nothing was written for more than a day"
            f" before (up to {most} earlier than counted here): {count(len(late), 'move')}"
        )
    if happened.looked is not None and now - happened.looked > LONG:
        yield f"the time since {utc(happened.looked)}, when production was last looked at: inv run"
