"""Snapshots and situations to look at: what waits for a check or a limit, and what is frozen.

Made by hand, like the others of `factory`: views must show whatever a snapshot holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from shepherd.conditions import ConditionState
from shepherd.situation import Freeze, Maintenance, Situation
from shepherd.snapshot import CheckEntry, LandingEntry, LimitEntry, LimitTouch, Snapshot
from tests.views.factory import NOW, entry, no_data, rev, snapshot

BUILD = "https://ci.example.org/build/31"
BEGAN = datetime(2011, 8, 24, 10, 12, tzinfo=UTC)
PATHS = ("database/schema/patch-*.sql",)
LIMIT = LimitEntry(PATHS, 1, "one schema change a day")
OVER = (
    "r104 and r106 touch database/schema/patch-*.sql, and one deployment may bring at most 1"
    " (one schema change a day)"
)
SAID = {"holds": "success", "not-yet": "running", "no": "failed", "unknown": "could not be read: HTTP 500"}


def check(
    name: str = "ci/build",
    state: ConditionState = "not-yet",
    said: str = "",
    since: datetime | None = BEGAN,
    url: str = BUILD,
) -> CheckEntry:
    return CheckEntry(name, state, said or SAID[state], since if state != "unknown" else None, url)


RUNNING = check()
ABSENT = check("ci/docs", "not-yet", "not reported yet", None, "")
FAILED = check("ci/lint", "no", url="https://ci.example.org/lint/31")
PASSED = check("ci/units", "holds", url="https://ci.example.org/units/31")
UNREAD = check("ci/*", "unknown", url="")


def sentences(checks: Sequence[CheckEntry]) -> tuple[str, ...]:
    """About as the rules say it."""
    at = {each: f" on {each.since:%Y-%m-%d %H:%M} UTC" if each.since else "" for each in checks}
    since = {each: at[each].replace(" on ", " since ") for each in checks}
    failed = [f"{each.name} failed{at[each]}" for each in checks if each.state == "no"]
    unread = ["the checks could not be read: HTTP 500" for each in checks if each.state == "unknown"]
    awaited = [f"{each.name} ({each.said}{since[each]})" for each in checks if each.state == "not-yet"]
    return (*failed, *unread, *([f"waits for {' and '.join(awaited)}"] if awaited else []))


def waiter(revno: int, *checks: CheckEntry, over: Sequence[str] = (), **changes: Any) -> LandingEntry:
    """A good landing that nothing blocks, and that waits for these checks, or is over a limit."""
    fields: dict[str, Any] = {
        "progress": "waiting",
        "deployable_as_tip": False,
        "checks": checks,
        "conditions": (*over, *sentences(checks)),
        "exceeds": tuple(range(len(over))),
    }
    return entry(revno, **(fields | changes))


def waits(*checks: CheckEntry, over: Sequence[str] = (), **changes: Any) -> Snapshot:
    """`deploy r103` over r100, and r104 to r106 are good; r106 waits."""
    landings = (
        waiter(106, *checks, over=over, touches=(LimitTouch(0, ("database/schema/patch-2209-2.sql",)),)),
        waiter(105, FAILED),
        waiter(104, FAILED, touches=(LimitTouch(0, ("database/schema/patch-2209-1.sql",)),)),
        entry(103, checks=(PASSED, replace(PASSED, name="ci/build"))),
        *snapshot().landings[4:],
    )
    fields: dict[str, Any] = {
        "landings": landings,
        "blockers": (),
        "checks": ("ci/build", "ci/*"),
        "limits": (LIMIT,),
        "waits": rev(106),
    }
    return snapshot(**(fields | changes))


def stays(*checks: CheckEntry, over: Sequence[str] = ()) -> Snapshot:
    """`stay at r100`: nothing blocks, and nothing's conditions hold."""
    given = waits(*checks, over=over)
    landings = tuple(
        waiter(each.revno, FAILED) if each.revno in (101, 102, 103) else each for each in given.landings
    )
    return replace(given, answer="blocked", deployable=None, landings=landings)


def blocked_too() -> Snapshot:
    """r105 waits for a check, and r106 is bad."""
    given = snapshot()
    bad = replace(given.landings[2], revno=106, id=rev(106).id, blocked_by=(106,))
    landings = (bad, waiter(105, RUNNING), waiter(104, FAILED), *given.landings[3:])
    blocker = replace(
        given.blockers[0], revno=106, waiting=1, tip_if_cleared=106, frees=1, if_checks_pass=True
    )
    return replace(given, landings=landings, blockers=(blocker,), checks=("ci/build", "ci/*"), waits=rev(105))


def many_red(number: int = 300) -> Snapshot:
    """The newest landings are all red, by two checks in turn of fifty."""
    other = check("ci/end-to-end tests of the browser", "no")
    newest = 103 + number
    red = [waiter(r, FAILED if r // 50 % 2 else other) for r in range(newest, 103, -1)]
    return waits(RUNNING, tip=rev(newest), waits=rev(newest), on_qa=rev(newest), landings=(*red, entry(103)))


CALM = Situation(now=NOW)
ANN = Freeze(NOW - timedelta(hours=2), NOW + timedelta(hours=6), "Ann Example", "the fair opens tomorrow")
OPEN = Freeze(NOW - timedelta(hours=2), None, "Ann Example", "the fair opens tomorrow")
OVERDUE = Freeze(NOW - timedelta(days=12), None, "Ann Example", "the fair opens tomorrow", True)
WEEKEND = Freeze(NOW - timedelta(hours=20), NOW + timedelta(hours=20), "", "weekend")
NEXT = Freeze(datetime(2011, 8, 26, 14, tzinfo=UTC), datetime(2011, 8, 29, 6, tzinfo=UTC), "", "weekend")
SOON = Freeze(NOW + timedelta(minutes=2), NOW + timedelta(hours=8), "", "the night")


def frozen(*freezes: Freeze, following: Freeze | None = NEXT, **changes: Any) -> Situation:
    """These are on, and one follows."""
    upcoming = {"stable": following} if following is not None else {}
    return Situation(now=NOW, freezes={"stable": freezes}, freezes_next=upcoming, **changes)


MAINTAINED = Maintenance(NOW - timedelta(hours=1), "lpqateam", "new database server")
LOOKS: dict[str, tuple[Snapshot, Situation]] = {
    "running": (waits(RUNNING, PASSED), CALM),
    "failed": (waits(FAILED, RUNNING, PASSED), CALM),
    "absent": (waits(ABSENT), CALM),
    "unread": (waits(UNREAD), CALM),
    "over-limit": (waits(over=(OVER,)), CALM),
    "stay": (stays(RUNNING, PASSED), CALM),
    "stay-over-limit": (stays(over=(OVER,)), CALM),
    "blocked-too": (blocked_too(), CALM),
    "many-red": (many_red(), CALM),
    "hold": (waits(deployable=rev(106), waits=None, tip=rev(106)), CALM),
    "frozen": (snapshot(), frozen(ANN)),
    "frozen-open": (snapshot(timezone="Europe/Berlin"), frozen(OPEN)),
    "frozen-overdue": (snapshot(), frozen(OVERDUE, following=None)),
    "frozen-standing": (snapshot(timezone="Europe/Berlin"), frozen(WEEKEND)),
    "frozen-often": (snapshot(), frozen(OPEN, WEEKEND, ANN, OPEN, WEEKEND)),
    "frozen-next": (snapshot(timezone="Europe/Berlin"), frozen()),
    "frozen-soon": (snapshot(), frozen(following=SOON)),
    "frozen-waits": (waits(RUNNING), frozen(ANN)),
    "frozen-maintained": (snapshot(), frozen(ANN, maintenance=MAINTAINED)),
    "frozen-no-data": (no_data(), frozen(ANN)),
}
"""What a reader may meet: name -> what is shown."""
