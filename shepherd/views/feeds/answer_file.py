"""`BRANCH.answer.json`: the answer and no landing, small for any number of them
(docs/answer.schema.json, docs/feeds.md#the-answer-for-programs)."""

from __future__ import annotations

import re
from datetime import datetime

from msgspec import Struct

from shepherd.cautions import STOPPING, Caution, cautions, released, stopping
from shepherd.sentence import ageless
from shepherd.situation import Freeze, Situation
from shepherd.snapshot import Answer, Rev, Snapshot
from shepherd.values import SHA
from shepherd.views import answer
from shepherd.views.clean import LONGEST_SENTENCE, clean
from shepherd.views.conditions import links_of, waiting, what_waits
from shepherd.views.feeds.as_json import plain_json
from shepherd.views.words import AnyRev

BLOCKERS_SHOWN = 10
FREEZES_SHOWN = 3
LINKS_SHOWN = 3


class ShortBlocker(Struct, frozen=True):
    """One of the landings that block, without its reason."""

    revno: int
    whose_move: str
    since: datetime
    waiting: int
    frees: int


class PublishedWaiting(Struct, frozen=True):
    """The revision that could go next, and what it waits for."""

    revno: int
    id: str
    why: str
    links: tuple[str, ...]


class PublishedFreeze(Struct, frozen=True):
    """A time at which nobody deploys."""

    since: datetime | None
    until: datetime | None
    who: str
    why: str


class PublishedAnswer(Struct, frozen=True):
    """What the file holds, in this order."""

    branch: str
    answer: Answer
    complete: bool
    generated_at: datetime
    valid_until: datetime
    deployable: Rev | None
    """None whenever a caution stops."""
    deployed: Rev | None
    promoted: Rev | None
    tip: Rev | None
    headline: str
    cautions: tuple[Caution, ...]
    blockers: tuple[ShortBlocker, ...]
    blockers_count: int
    waits: PublishedWaiting | None
    freezes: tuple[PublishedFreeze, ...]
    next_freeze: PublishedFreeze | None
    links: dict[str, str]
    journal_head: str
    """See `Snapshot.head_name`."""
    schema: int = 1


def published_answer(snapshot: Snapshot, situation: Situation, url: str = "") -> PublishedAnswer:
    """The answer as programs may act on it: where a caution stops, it is not `deploy`.

    Args:
        url: where readers find the report, with a slash at its end; empty: links are relative to the file.
    """
    known = cautions(snapshot, situation)
    stop = stopping(known)
    said = STOPPING[stop.kind][0] if stop is not None else snapshot.answer
    to = released(snapshot, known)
    # as in BRANCH.sha: what is not a SHA is not an answer
    deployable = to if to is not None and re.fullmatch(SHA, to.id) else None
    entries = {entry.revno: entry for entry in snapshot.landings}
    branch = clean(snapshot.branch)
    ahead = situation.freezes_next.get(snapshot.branch)
    return PublishedAnswer(
        branch=branch,
        answer=said if said != "deploy" or deployable is not None else "blocked",
        complete=said != "no-data",
        generated_at=to_second(snapshot.generated_at),
        valid_until=to_second(snapshot.valid_until),
        deployable=deployable,
        deployed=_rev(snapshot.deployed),
        promoted=_rev(snapshot.promoted),
        tip=_rev(snapshot.tip),
        headline=clean(ageless(answer.headline(snapshot, known)), LONGEST_SENTENCE),
        cautions=tuple(
            Caution(
                each.kind,
                clean(each.sentence, LONGEST_SENTENCE),
                clean(each.remedy, LONGEST_SENTENCE),
                each.stops,
            )
            for each in known
        ),
        blockers=tuple(
            ShortBlocker(
                each.revno,
                answer.mover_of(each, entries.get(each.revno)),
                to_second(each.since),
                each.waiting,
                each.frees,
            )
            for each in snapshot.blockers[:BLOCKERS_SHOWN]
        ),
        blockers_count=len(snapshot.blockers),
        waits=_waiting(snapshot),
        freezes=tuple(map(_freeze, situation.freezes.get(snapshot.branch, ())[:FREEZES_SHOWN])),
        next_freeze=_freeze(ahead) if ahead is not None else None,
        links={
            kind: f"{url}{branch}.{ending}"
            for kind, ending in (("page", "html"), ("snapshot", "json"), ("feed", "atom"), ("sha", "sha"))
        },
        journal_head=clean(snapshot.head_name),
    )


def answer_file(snapshot: Snapshot, situation: Situation, url: str = "") -> bytes:
    """JSON, UTF-8, with a line end."""
    return plain_json(published_answer(snapshot, situation, url)) + b"\n"


def to_second(moment: datetime) -> datetime:
    """Without the fraction, which many programs cannot read."""
    return moment.replace(microsecond=0)


def _waiting(snapshot: Snapshot) -> PublishedWaiting | None:
    entry = waiting(snapshot) if snapshot.complete else None
    if entry is None or not re.fullmatch(SHA, entry.id):
        return None
    links = tuple(each.address for each in links_of(snapshot)[:LINKS_SHOWN])
    return PublishedWaiting(entry.revno, entry.id, clean(what_waits(snapshot) or "", LONGEST_SENTENCE), links)


def _freeze(freeze: Freeze) -> PublishedFreeze:
    since, until = (to_second(each) if each is not None else None for each in (freeze.since, freeze.until))
    return PublishedFreeze(since, until, clean(freeze.who), clean(freeze.why))


def _rev(rev: AnyRev) -> Rev | None:
    return Rev(rev.revno, clean(rev.id)) if rev is not None else None
