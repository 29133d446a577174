"""Trends stated a second time, plainly: no line is shared with `shepherd.trends`, and nothing is quick.

What went in is read as it stands in the journal. Each question is asked of each landing and each period
alone, by looking at everything again.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.trends.plain_branch import DAY, PlainBranch

COUNT_BACK = {"day": 14, "week": 13, "month": 13, "quarter": 9, "year": 10}


class Plain(PlainBranch):
    """What is told of the periods of one branch."""

    def told(self, by: str, since: date | None, timezone: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Each period, and all of them as one, as `msgspec.to_builtins` puts them."""
        zone = ZoneInfo(timezone)

        def local(moment: datetime) -> date:
            return moment.astimezone(zone).date()

        today = local(self.now)
        begun = local(self.moves[0].time) if self.moves else today
        if since is None:
            since = today
            for _ in range(COUNT_BACK[by] - 1):
                since = period_of(since, by) - DAY
        first = min(period_of(max(since, begun), by), period_of(today, by))
        starts = [first]
        day = first
        while day <= today:
            if period_of(day, by) != starts[-1]:
                starts.append(period_of(day, by))
            day += DAY
        while period_of(day, by) == starts[-1]:
            day += DAY
        ends = [*starts[1:], day]
        lives, failures = self.lives(), self.failures()
        periods = []
        for start, end in zip(starts, ends, strict=True):
            known = self.seen(start, end, zone)
            periods.append(
                self.period(
                    [each for each in lives if start <= local(each["live"]) < end],
                    [i for i, row in enumerate(self.moves) if start <= local(row.time) < end],
                    [each for each in failures if start <= local(each[0]) < end],
                    lives,
                    {"start": f"{start}", "end": f"{end}", "over": end <= today},
                    known,
                )
            )
        whole = self.period(
            [each for each in lives if starts[0] <= local(each["live"]) < ends[-1]],
            [i for i, row in enumerate(self.moves) if starts[0] <= local(row.time) < ends[-1]],
            [each for each in failures if starts[0] <= local(each[0]) < ends[-1]],
            lives,
            {"start": f"{starts[0]}", "end": f"{ends[-1]}", "over": False},
            any(each["deployments"] is not None for each in periods),
        )
        return periods, whole

    def seen(self, start: date, end: date, zone: ZoneInfo) -> bool:
        """Whether it is known what production did in a period."""
        begin = datetime(start.year, start.month, start.day, tzinfo=zone).astimezone(UTC)
        over = datetime(end.year, end.month, end.day, tzinfo=zone).astimezone(UTC)
        if not self.moves or over <= self.moves[0].time:
            return False
        if self.looked is not None and begin > self.looked and begin > self.moves[-1].time:
            return False
        after = [move for move in self.moves[1:] if move.time >= over]
        if not after:
            return True
        written = [row.time for row in self.rows if row.kind != "cover" and row.time < after[0].time]
        return not written or after[0].time - max(written) <= DAY or max(written) >= begin

    def period(
        self,
        lives: list[dict[str, Any]],
        moves: list[int],
        failures: list[tuple[datetime, datetime | None]],
        every: list[dict[str, Any]],
        about: dict[str, Any],
        seen: bool,
    ) -> dict[str, Any]:
        forward = [i for i in moves if self.directions[i] == "forward"]
        outcomes = [self.outcome(i, every) for i in forward]
        judged = [each for each in lives if each["failed"] is not None]
        phased = [each["phases"] for each in lives if each["phases"] is not None]
        names = ("qa-server", "person", "others", "promotion", "deployment")
        by_phase = {name: [each[name] for each in phased if name in each] for name in names}
        back = len([i for i in moves if self.directions[i] == "back"])
        still_bad = len([end for _, end in failures if end is None])
        return {
            **about,
            "deployments": len(forward) if seen or forward else None,
            "moves_back": back if seen or back else None,
            "failed_deployments": outcomes.count(True),
            "judged_deployments": outcomes.count(True) + outcomes.count(False),
            "went_live": len(lives) if seen or lives else None,
            "lead": halves([each["lead"] for each in lives if each["lead"] is not None]),
            "failed": len([each for each in judged if each["failed"]]),
            "judged_live": len(judged),
            "restored": halves([int((end - begin).total_seconds()) for begin, end in failures if end]),
            "failures_open": still_bad if seen or still_bad else None,
            "phases": {name: halves(those) for name, those in by_phase.items() if those},
            "phases_known": len(phased),
        }

    def outcome(self, move: int, lives: list[dict[str, Any]]) -> bool | None:
        """Whether a deployment failed."""
        brought = [each["by_move"][move] for each in lives if move in each["by_move"]]
        before = [place for place in self.places[:move] if place is not None]
        now = self.places[move]
        if before and now is not None:
            brought += [None for revno in range(before[-1] + 1, now + 1) if revno not in self.by_revno]
        if True in brought:
            return True
        return None if None in brought or not brought else False


def period_of(day: date, by: str) -> date:
    """The first day of its period, found by going back day by day."""
    while not {
        "day": True,
        "week": day.isoweekday() == 1,
        "month": day.day == 1,
        "quarter": day.day == 1 and day.month in (1, 4, 7, 10),
        "year": day.timetuple().tm_yday == 1,
    }[by]:
        day -= DAY
    return day


def halves(seconds: list[int]) -> dict[str, int] | None:
    """The median, and the least that nine in ten do not exceed."""
    if not seconds:
        return None
    ordered, n = sorted(seconds), len(seconds)
    middle = ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) // 2
    ninth = next(each for each in ordered if 10 * len([s for s in ordered if s <= each]) >= 9 * n)
    return {"count": n, "median_s": middle, "p90_s": ninth}
