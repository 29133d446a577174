"""Snapshots to look at: made by hand, since views must show whatever a snapshot holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shepherd.sentence import Part, Sentence
from shepherd.situation import Hang, Maintenance, Situation, StageRuns
from shepherd.snapshot import Alarm, Blocker, DeployedRev, LandingEntry, LastGood, PromotedRev, Rev, Snapshot

NOW = datetime(2011, 8, 24, 10, 15, tzinfo=UTC)
GENERATED = NOW - timedelta(minutes=3)
PEOPLE = ("Ann Example", "Bob Builder", "Zoë Žižek", "山田太郎", "")


def sha(revno: int) -> str:
    return f"{revno * 2654435761 % 2**64:016x}" * 2 + f"{revno:08x}"


def rev(revno: int) -> Rev:
    return Rev(revno, sha(revno))


def about_bug(bug: int, text: str) -> Sentence:
    """A reason with its parts: "bug 12 is qa-ok"."""
    return Sentence("bug ", Part("item", str(bug)), text)


def entry(revno: int, **changes: Any) -> LandingEntry:
    """A landing that may be deployed; `changes` overrides any field."""
    fields: dict[str, Any] = {
        "revno": revno,
        "id": sha(revno),
        "title": f"Make the thing number {revno} work when it rains",
        "branch": f"~ann/launchpad/bug-{800000 + revno}",
        "url": f"https://git.example.org/launchpad/commit/?id={sha(revno)}",
        "person": PEOPLE[revno % len(PEOPLE)],
        "landed_at": NOW - timedelta(hours=13800 - revno),
        "bugs": (800000 + revno,),
        "requests": (),
        "closes": (),
        "labels": (),
        "state": "ok",
        "good": True,
        "reason": about_bug(800000 + revno, " is qa-ok"),
        "whose_move": "",
        "remedy": "",
        "progress": "deployable",
        "undone_by": None,
        "undoes": (),
        "targets": (),
        "deployable_as_tip": True,
        "blocked_by": (),
        "blocked_by_count": 0,
        "promoted_at": None,
        "promoted_by": "",
        "live_since": None,
        "warnings": (),
        "hints": (),
    }
    fields |= changes
    for key in ("reason", "remedy"):
        if isinstance(sentence := fields[key], Sentence):
            fields |= {key: str(sentence), f"{key}_parts": sentence.parts}
    return LandingEntry(**fields)


def snapshot(**changes: Any) -> Snapshot:
    """`deploy r103` over r100, with r104 as blocker and r106 as tip; `changes` overrides any field."""
    blocked = {"deployable_as_tip": False, "blocked_by": (104,), "blocked_by_count": 1}
    fields: dict[str, Any] = {
        "run_id": "20110824T101200Z-7f3a",
        "branch": "stable",
        "generated_at": GENERATED,
        "valid_until": GENERATED + timedelta(minutes=15),
        "complete": True,
        "answer": "deploy",
        "tip": rev(106),
        "on_qa": rev(105),
        "deployed": DeployedRev(100, sha(100)),
        "promoted": PromotedRev(100, sha(100)),
        "deployable": rev(103),
        "last_good": None,
        "landings": (
            entry(
                106,
                progress="not-on-qa-yet",
                state="needstesting",
                good=False,
                deployable_as_tip=False,
                blocked_by=(104, 106),
                blocked_by_count=2,
            ),
            entry(105, progress="waiting", **blocked),
            entry(
                104,
                progress="bad",
                state="bad",
                good=False,
                reason="bug 800104 names it: bad-commit-104",
                whose_move="Zoë Žižek",
                remedy="roll it back with [rollback=104], or say `inv verdict r104 ok`",
                **blocked,
            ),
            entry(103),
            entry(102, progress="deployable", state="rollback", undoes=(101,), bugs=()),
            entry(101, progress="rolled-back", state="bad", good=False, undone_by=102),
            entry(100, progress="live", live_since=NOW - timedelta(days=2), deployable_as_tip=None),
        ),
        "blockers": (Blocker(104, "Zoë Žižek", NOW - timedelta(days=3), 3, 105, 2),),
        "alarms": (),
        "warnings": (),
        "problems": (),
        "bug_url": "https://bugs.example.org/bugs/{bug}",
        "request_url": "https://forge.example.org/pull/{request}",
    }
    return Snapshot(**(fields | changes))


def every_progress() -> Snapshot:
    """Every word of `progress`, every state, all kinds of detail, and every banner of a snapshot."""

    def stuck(revno: int) -> dict[str, Any]:
        """Not good, so that it blocks itself, and blocked by r104."""
        return {"good": False, "deployable_as_tip": False, "blocked_by": (104, revno), "blocked_by_count": 2}

    return snapshot(
        tip=rev(116),
        promoted=PromotedRev(101, sha(101)),
        landings=(
            entry(
                116,
                progress="not-on-qa-yet",
                state="needstesting",
                reason="bug 800116: no QA tag",
                **stuck(116),
            ),
            entry(
                115,
                progress="waiting",
                labels=("incr",),
                blocked_by=(104, 106),
                blocked_by_count=2,
                merged_by="Olga Ortiz",
                co_authors=("Cy Cole", "Bob Builder"),
            ),
            entry(114, progress="waiting", state="testfix", bugs=(), labels=("testfix",), reason="[testfix]"),
            entry(113, progress="waiting", state="exempt", bugs=(), reason="its subject is exempt"),
            entry(112, progress="waiting", state="untestable", labels=("no-qa",), reason="[no-qa]"),
            entry(
                111,
                progress="unknown",
                state="unknown",
                reason="bug 800111 could not be read: private",
                whose_move="the operators",
                **stuck(111),
            ),
            entry(
                110,
                progress="orphan",
                state="orphan",
                bugs=(),
                reason="names no bug, and no mark says that it needs none",
                whose_move="Ann Example",
                remedy="inv verdict r110 ok --reason …",
                hints=("the message says that it reverts r109; if so: inv cover 109 --by 110 --reason …",),
                **stuck(110),
            ),
            entry(
                109,
                progress="needs-qa",
                state="needstesting",
                requests=("#12",),
                closes=(7,),
                reason=about_bug(800109, " is qa-needstesting"),
                whose_move="Bob Builder",
                remedy="try it on the QA server, then tag bug 800109 qa-ok",
                warnings=("bug 800109 has qa-ok and qa-needstesting: the worse counts",),
                **stuck(109),
            ),
            *snapshot().landings[2:-2],
            entry(101, progress="promoted", promoted_at=NOW - timedelta(hours=1), deployable_as_tip=None),
            entry(100, progress="live", live_since=NOW - timedelta(days=2), deployable_as_tip=None),
            entry(99, progress="live", state="bad", good=False, deployable_as_tip=None),
            entry(12, progress="live", landed_at=NOW - timedelta(days=400), deployable_as_tip=None),
        ),
        blockers=(
            Blocker(104, "Zoë Žižek", NOW - timedelta(days=3), 13, 108, 5),
            Blocker(109, "Bob Builder", NOW - timedelta(days=2), 8, 103, 0),
            Blocker(110, "", NOW - timedelta(days=1), 7, None, 0),
        ),
        alarms=(Alarm(99, "bug 800099 is qa-bad", 102),),
        warnings=("production also runs 2 commits that stable lacks",),
        problems=("bug 800111 could not be read: it is private",),
    )


def no_data(**changes: Any) -> Snapshot:
    """The tracker could not be read; the last good answer was r103."""
    fields: dict[str, Any] = {
        "answer": "no-data",
        "complete": False,
        "deployable": None,
        "landings": (),
        "blockers": (),
        "problems": ("the tracker's file bugs.json is not there",),
        "last_good": LastGood("20110824T080000Z-1111", NOW - timedelta(hours=2), "deploy", rev(103)),
    }
    return snapshot(**(fields | changes))


def everything_wrong() -> Situation:
    """A situation with every banner there is."""
    return Situation(
        now=NOW + timedelta(hours=5),
        maintenance=Maintenance(NOW, "lpqateam", "new database server", NOW + timedelta(hours=2)),
        hang=Hang("judge", 4711, NOW - timedelta(hours=1), "qa1"),
        stages={
            "find": StageRuns(NOW, NOW - timedelta(days=1), "long fixed", 3.5, 2),
            "publish": StageRuns(NOW - timedelta(days=1), NOW, "rsync: connection refused"),
        },
        last_aborted=NOW + timedelta(hours=4),
        aborted_because="maintenance.txt",
    )
