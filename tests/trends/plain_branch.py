"""What became of each landing of a branch, stated a second time and plainly, for trends: see plain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from shepherd.landing import Landing
from shepherd.store import JournalEntry

GOOD = {"ok", "untestable", "testfix", "rollback", "exempt"}
DAY = timedelta(days=1)


class PlainBranch:
    """One branch, by its journal and its landings."""

    def __init__(
        self,
        rows: Sequence[JournalEntry],
        landings: Sequence[Landing],
        looked: datetime | None,
        now: datetime,
    ) -> None:
        self.rows, self.landings, self.looked, self.now = rows, landings, looked, now
        self.by_revno = {p.revno: p for p in landings}
        self.revno_of = {p.id: p.revno for p in landings}
        self.rewriting = {row.run_id for row in rows if row.kind == "rewrite"}
        self.era_of: dict[int, int] = {}
        eras: list[str] = []
        for row in rows:
            if row.run_id in self.rewriting and row.run_id not in eras:
                eras.append(row.run_id)
            self.era_of[row.seq] = len(eras)
        self.last_era = len(eras)
        self.rollbacks = self.counting()
        self.remembered: dict[tuple[int, int], bool] = {}
        self.moves = [row for row in rows if row.kind == "deployed"]
        self.places = [self.place(row, row.data["revno"], row.data["id"]) for row in self.moves]
        self.directions = [self.direction(index) for index in range(len(self.moves))]
        self.begun = {
            kind: next((row.time for row in rows if row.kind == kind), None) for kind in ("on-qa", "promoted")
        }
        self.qa = self.positions("on-qa")
        self.promoted = self.positions("promoted")
        self.answers = self.allowed()
        self.states: dict[str, list[tuple[datetime, str]]] = {}
        for row in rows:
            if row.kind == "state":
                self.states.setdefault(row.subject, []).append((row.time, row.data["to"]))
        self.alarms = self.alarm_times()
        self.landed = self.landing_times()

    # What was where

    def place(self, row: JournalEntry, revno: int, sha: str) -> int | None:
        if revno == 0:
            return 0
        if sha in self.revno_of:
            return self.revno_of[sha]
        return revno if self.era_of[row.seq] == self.last_era else None

    def direction(self, index: int) -> str:
        if index == 0:
            return "first"
        before, now = self.moves[index - 1], self.moves[index]
        if "kept" in now.data or now.run_id in self.rewriting:
            return "still"
        a, b = self.places[index - 1], self.places[index]
        if self.era_of[before.seq] == self.era_of[now.seq]:
            a, b = before.data["revno"], now.data["revno"]
        if a is None or b is None:
            return "unknown"
        return "still" if a == b else "forward" if b > a else "back"

    def positions(self, kind: str) -> list[tuple[int, datetime, bool]]:
        """Place, time, and whether it moved there, rather than was found there."""
        rows = [row for row in self.rows if row.kind == kind]
        found = []
        for row in rows:
            moved = "from" in row.data if kind == "promoted" else row is not rows[0]
            place = self.place(row, row.data["revno"], row.data["id"])
            if place is not None:
                found.append((place, row.time, moved))
        return found

    def allowed(self) -> list[tuple[int, datetime, bool]]:
        found = []
        for row in self.rows:
            if row.kind != "answer" or row.data["answer"] == "no-data":
                continue
            yes = row.data.get("deployable") is not None and not row.data.get("stopped")
            revno = row.data["deployable"] if yes else row.data.get("deployed")
            if revno is None:
                continue
            place = self.place(row, revno, (row.data.get("id") or "") if yes else "")
            if place is not None:
                found.append((place, row.time, yes))
        return found

    def alarm_times(self) -> list[tuple[str, datetime, datetime | None]]:
        found: list[tuple[str, datetime, datetime | None]] = []
        rows = [row for row in self.rows if row.kind == "alarm"]
        for sha in {row.subject for row in rows}:
            since = None
            for row in rows:
                if row.subject != sha:
                    continue
                if row.data["on"]:
                    since = since or row.time
                elif since is not None:
                    found.append((sha, since, row.time))
                    since = None
            if since is not None:
                found.append((sha, since, None))
        return found

    def landing_times(self) -> dict[int, datetime]:
        times, newest = {}, 0
        judged = {p.revno: self.states[p.id][0][0] for p in self.landings if p.id in self.states}
        for p in self.landings:
            latest = min([self.now, *(at for revno, at in judged.items() if revno >= p.revno)])
            newest = max(newest, min(p.committed_at, int(latest.timestamp())))
            times[p.revno] = datetime.fromtimestamp(newest, UTC)
        return times

    # What is undone (docs/rules.md#undone)

    def counting(self) -> dict[int, set[int]]:
        spoken: dict[int, set[int]] = {}
        for landing in self.landings:
            for p in landing.targets:
                spoken.setdefault(p, set()).add(landing.revno)
        for row in self.rows:
            if row.kind != "cover" or row.subject not in self.revno_of:
                continue
            by, said = row.data.get("by"), row.data["undone"]
            if by is not None and by not in self.revno_of:
                continue
            p, r = self.revno_of[row.subject], self.revno_of[by] if by is not None else 0
            before = spoken.get(p, set())
            later = {each for each in before if each > row.data["tip"]}
            if r and not said:
                spoken[p] = before - {r}
            elif r > p or not r:
                spoken[p] = later | ({r} if r else set())
        counting: dict[int, set[int]] = {}
        for r in sorted({r for those in spoken.values() for r in those}):
            targets = {p for p, those in spoken.items() if r in those}
            before_r = {p: set(those) for p, those in counting.items()}
            for p in targets:
                doing = {q for q in before_r.get(p, set()) if not is_undone(before_r, q, r - 1)}
                keep = set() if doing and not doing <= targets else before_r.get(p, set())
                counting[p] = keep | {r}
        return counting

    def undone(self, p: int, t: int) -> bool:
        if p not in self.rollbacks:
            return False
        if (p, t) not in self.remembered:
            self.remembered[p, t] = is_undone(self.rollbacks, p, t)
        return self.remembered[p, t]

    # One landing

    def stays(self, p: int) -> tuple[list[tuple[int, int | None]], bool]:
        """From which move of production to which it had the landing; and whether all of that is known."""
        stays: list[tuple[int, int | None]] = []
        sure, doubt, before = True, False, None
        for index, place in enumerate(self.places):
            if place is None:
                doubt = True
                continue
            if before is not None and before < p <= place:
                stays.append((index, None))
                sure = sure and not doubt and self.directions[index] != "still"
            if before is not None and place < p <= before and stays:
                stays[-1] = (stays[-1][0], index)
                sure = sure and self.directions[index] == "back"
            before, doubt = place, False
        return stays, sure

    def effect(self, p: int, stay: tuple[int, int | None]) -> list[tuple[datetime, datetime | None]]:
        """When it was there and not undone."""
        begin, end = stay
        last = end if end is not None else len(self.moves)
        times: list[tuple[datetime, datetime | None]] = []
        inside = False
        for index in range(begin, last):
            place = self.places[index]
            if place is None:
                continue
            at = self.moves[index].time
            if not self.undone(p, place):
                if not inside:
                    times.append((at, None))
                inside = True
            else:
                if inside:
                    times[-1] = (times[-1][0], at)
                inside = False
        if inside and end is not None:
            times[-1] = (times[-1][0], self.moves[end].time)
        return times

    def failed(self, sha: str, times: Sequence[tuple[datetime, datetime | None]]) -> bool | None:
        for begin, end in times:
            if end is not None:
                return True
            said = self.states.get(sha, [])
            before = [state for at, state in said if at <= begin]
            if before and before[-1] == "bad":
                return True
            if any(state == "bad" and at > begin for at, state in said):
                return True
            if any(name == sha and (off is None or off > begin) for name, _, off in self.alarms):
                return True
        return False if any(state != "unknown" for _, state in self.states.get(sha, [])) else None

    def good_since(self, sha: str, live: datetime) -> datetime | None:
        said = [(at, state) for at, state in self.states.get(sha, []) if at <= live and state != "unknown"]
        if not said or said[-1][1] not in GOOD:
            return None
        since = None
        for at, state in reversed(said):
            if state not in GOOD:
                break
            since = at
        return since

    def phases(self, p: int, live: datetime) -> dict[str, int] | None:
        landed = self.landed[p]
        good = self.good_since(self.by_revno[p].id, live)
        answer = since_when(self.answers, p)
        if good is not None and good == self.states[self.by_revno[p].id][0][0] and good - landed > DAY:
            return None
        if good is None or answer is None or not answer[2] or answer[1] > live:
            return None
        ends = [("person", good), ("others", answer[1])]
        if (begun := self.begun["on-qa"]) is not None and begun <= live:
            first = next((each for each in self.qa if each[0] >= p), None)
            if first is not None and not first[2] and good > landed:
                return None
            ends.insert(0, ("qa-server", min(first[1], good) if first else good))
        if (begun := self.begun["promoted"]) is not None and begun <= live:
            promotion = since_when(self.promoted, p)
            if promotion is None or not promotion[2] or promotion[1] > live:
                return None
            ends.append(("promotion", promotion[1]))
        ends.append(("deployment", live))
        # each phase is what lies between the furthest moments so far, none of them after it was live
        seconds, reached = {}, min(landed, live)
        for name, end in ends:
            until = sorted([reached, min(end, live)])[-1]
            seconds[name] = int((until - reached).total_seconds())
            reached = until
        return seconds

    def lives(self) -> list[dict[str, Any]]:
        """What is told of each landing that went live."""
        found = []
        for p in self.landings:
            stays, sure = self.stays(p.revno)
            if not stays or not sure:
                continue
            each = [(stay, self.effect(p.revno, stay)) for stay in stays]
            each = [(stay, times) for stay, times in each if times]
            if not each:
                continue
            (last, last_times) = each[-1]
            live = last_times[0][0]
            stays_on = last[1] is None and self.landed[p.revno] <= live
            found.append(
                {
                    "revno": p.revno,
                    "live": live,
                    "lead": int((live - self.landed[p.revno]).total_seconds()) if stays_on else None,
                    "failed": self.failed(p.id, [time for _, times in each for time in times]),
                    "phases": self.phases(p.revno, live) if stays_on else None,
                    "by_move": {stay[0]: self.failed(p.id, times) for stay, times in each},
                }
            )
        return found

    # Failures

    def failures(self) -> list[tuple[datetime, datetime | None]]:
        times: list[tuple[datetime, datetime | None]] = []
        for sha, on, off in self.alarms:
            p = self.revno_of.get(sha)
            if p is not None:
                times += self.bad_times(p, on, off)
        joined: list[tuple[datetime, datetime | None]] = []
        for begin, end in sorted(times, key=lambda each: each[0]):
            if joined and (joined[-1][1] is None or joined[-1][1] >= begin):
                ends = [joined[-1][1], end]
                joined[-1] = (joined[-1][0], None if None in ends else max(e for e in ends if e is not None))
            else:
                joined.append((begin, end))
        return joined

    def bad_times(self, p: int, on: datetime, off: datetime | None) -> list[tuple[datetime, datetime | None]]:
        """When production ran it during an alarm; not where a word alone ended that."""
        found: list[tuple[datetime, datetime | None]] = []
        # from when to when production had it in effect, with the moves inside
        spans: list[tuple[datetime, datetime | None, list[int]]] = []
        since: datetime | None = None
        inside: list[int] = []
        for index, place in enumerate(self.places):
            if place is None:
                continue
            runs = p <= place and not self.undone(p, place)
            at = self.moves[index].time
            if runs and since is None:
                since, inside = at, []
            elif runs:
                inside.append(index)
            elif since is not None:
                spans.append((since, at, inside))
                since = None
        if since is not None:
            spans.append((since, None, inside))
        for begin, end, inside in spans:
            start = max(begin, on)
            over = end is not None and (off is None or end <= off)
            stop = end if over else off
            if stop is not None and stop <= start:
                continue
            if not over and off is not None:
                went = [
                    i for i in inside if start < self.moves[i].time <= off and self.directions[i] != "still"
                ]
                if not went:
                    continue
            found.append((start, stop))
        return found


def is_undone(rollbacks: dict[int, set[int]], p: int, t: int) -> bool:
    """At t: some rollback of p at or before t is itself not undone at t."""
    return any(not is_undone(rollbacks, r, t) for r in rollbacks.get(p, ()) if r <= t)


def since_when(places: Sequence[tuple[int, datetime, bool]], p: int) -> tuple[int, datetime, bool] | None:
    """The first from which on all of them include p."""
    found = None
    for each in reversed(places):
        if each[0] < p:
            break
        found = each
    return found
