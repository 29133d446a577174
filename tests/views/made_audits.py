"""Audits made by hand: a promotion of any size, with whatever texts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shepherd.snapshot import Rev
from shepherd.trail import (
    AuditedLanding,
    AuditedMove,
    AuditTrail,
    NeverLive,
    TrailCheck,
    TrailLimit,
    TrailWord,
)
from tests.views.factory import NOW, sha

THEN = NOW - timedelta(days=400)


def word(what: str = "bug 7: qa-ok", **changes: Any) -> TrailWord:
    fields: dict[str, Any] = {"at": THEN, "what": what, "how": "read from the tracker by run R", "entry": 41}
    return TrailWord(**{**fields, **changes})


def landing(revno: int, **changes: Any) -> AuditedLanding:
    fields: dict[str, Any] = {
        "revno": revno,
        "id": sha(revno),
        "title": f"Make the thing number {revno} work",
        "person": "Ann Example",
        "merged_by": "",
        "landed_at": THEN,
        "url": f"https://git.example.org/commit/{revno}",
        "role": "live",
        "state": "ok",
        "reason": "bug 7 is qa-ok",
        "rule": "items",
        "rule_says": "the worst word on its bugs or its request counts",
        "rule_anchor": "docs/rules.md#state",
        "judged_at": THEN,
        "judged_by": "R",
        "judged_entry": 40,
        "words": (word(),),
        "live_since": THEN,
    }
    return AuditedLanding(**{**fields, **changes})


def move(*landings: AuditedLanding, **changes: Any) -> AuditedMove:
    last = landings[-1].revno if landings else 9
    fields: dict[str, Any] = {
        "kind": "promotion",
        "to": Rev(last, sha(last)),
        "base": Rev(1, sha(1)),
        "at": THEN,
        "who": "Mia Holt",
        "why": "the release of August",
        "how": "done and noted by run R",
        "ref": "released",
        "run_id": "R",
        "code": "0.5.0",
        "entry": 42,
        "hash": "ab" * 32,
        "said_by": word("deploy r9", how="judged by run R"),
        "despite": "",
        "passed": (),
        "drop_hotfix": "",
        "dropped": (),
        "checks": (),
        "limits": (),
        "cautions": (),
        "freezes": (),
        "alarms": (),
        "landings": landings,
        "live": (word("production runs r9", how="read from production by run R"),),
        "since": (),
        "gaps": (),
    }
    return AuditedMove(**{**fields, **changes})


def trail(*moves: AuditedMove, never: tuple[NeverLive, ...] = (), asked: str = "promoted") -> AuditTrail:
    return AuditTrail("stable", asked, NOW, moves, never, "0.5.0")


def full(nasty: str = "") -> AuditTrail:
    """Everything that an audit can say, each text followed by `nasty`."""
    said = word(
        f"verdict: ok{nasty}",
        who=f"Bob{nasty}",
        why=f"tried it{nasty}",
        how=f"git note, commit abc, seen by run R: anybody who may push can set its author{nasty}",
        by_their_clock=THEN - timedelta(hours=3),
        marks=True,
    )
    looked = landing(
        3,
        title=f"Odd{nasty}",
        person=f"Ann{nasty}",
        merged_by=f"Cy{nasty}",
        reason=f"Bob said ok{nasty}",
        rule="verdict",
        words=(said, word(f"bug 7: could not be read (gone{nasty})", marks=True)),
        since=(word(f"bug 7: qa-bad{nasty}", marks=True),),
        plain=False,
        url=f"https://x.example/{nasty}",
    )
    undone = landing(2, role="undone", plain=False)
    others = (
        landing(4, state="", rule="", rule_says="", rule_anchor="", judged_at=None, plain=False, words=()),
        landing(5, rule="", rule_says="", rule_anchor="", plain=False, live_since=None),
        landing(6, landed_at=None, title="", plain=False),
    )
    whole = move(
        *(undone, looked, *others),
        why=f"because{nasty}",
        who=f"Mia{nasty}",
        ref=f"released{nasty}",
        despite=f"the shop opens{nasty}",
        passed=(f"ci/build: failed{nasty}",),
        drop_hotfix=f"it is in r3{nasty}",
        dropped=(sha(77),),
        checks=(TrailCheck(f"ci/build{nasty}", "no", f"failed{nasty}"),),
        limits=(TrailLimit(1, (f"db/*{nasty}",), True),),
        cautions=(f"an alarm{nasty}",),
        freezes=(word(f"deployments frozen until somebody ends it{nasty}", who="Ann"),),
        alarms=(word("alarm about r2", why=f"it is bad{nasty}"),),
        since=(word("production runs r1, back from r9", marks=True),),
        gaps=(f"something{nasty}",),
        replay="inv replay R",
    )
    never = NeverLive(8, sha(8), f"Never{nasty}", f"nothing brought it live{nasty}", (said,))
    return trail(whole, never=(never,), asked=f"r3{nasty}")
