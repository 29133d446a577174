"""When nobody looked: a run writes down what it sees, so where nothing was written for long before a move of
production, that may have happened earlier than it was seen."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime, timedelta

from shepherd.trends.calendar import Periods
from shepherd.trends.happened import Happened

LONG = timedelta(days=1)


def gaps(happened: Happened) -> list[tuple[datetime, datetime]]:
    """The times longer than LONG in which nothing was written, each up to a move of production."""
    found: list[tuple[datetime, datetime]] = []
    for move in happened.production[1:]:
        before = bisect_left(happened.written, move.at) - 1
        if before >= 0 and move.at - happened.written[before] > LONG:
            found.append((happened.written[before], move.at))
    return found


def unseen_periods(happened: Happened, periods: Periods) -> list[bool]:
    """Of each period, whether it is not known how often production moved in it: it ended before somebody
    looked, or began when nobody did any more; or all of it lies in a gap, or was lost."""
    first = happened.production[0].at if happened.production else None
    unseen = [
        first is None
        or periods.ended(index) <= first
        or (happened.looked is not None and periods.begin(index) > happened.looked)
        for index in range(len(periods.starts))
    ]
    lost = [(begin, end) for begin, end in happened.lost if begin is not None]
    for begin, end in (*gaps(happened), *lost):
        index = 0 if begin < periods.begin(0) else (periods.of(begin) or 0) + 1
        while index < len(unseen) and periods.ended(index) <= end:
            unseen[index] = True
            index += 1
    return unseen
