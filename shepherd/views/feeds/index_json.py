"""`index.json`: every branch's answer, and where each person's landings are (docs/index.schema.json)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from shepherd.cautions import CautionKind
from shepherd.situation import Situation
from shepherd.snapshot import Answer, Rev, Snapshot
from shepherd.views.clean import clean
from shepherd.views.everybody import everybody
from shepherd.views.feeds.answer_file import (
    PublishedFreeze,
    PublishedWaiting,
    ShortBlocker,
    published_answer,
    to_second,
)
from shepherd.views.feeds.as_json import plain_json
from shepherd.views.overview import running_since


class _IndexedBranch(Struct, frozen=True):
    branch: str
    answer: Answer
    complete: bool
    generated_at: datetime
    valid_until: datetime
    headline: str
    deployable: Rev | None
    deployed: Rev | None
    deployed_since: datetime | None
    promoted: Rev | None
    tip: Rev | None
    cautions: tuple[CautionKind, ...]
    blockers: int
    first_blocker: ShortBlocker | None
    waits: PublishedWaiting | None
    freezes: tuple[PublishedFreeze, ...]
    next_freeze: PublishedFreeze | None
    links: dict[str, str]


class _TheirBranch(Struct, frozen=True):
    branch: str
    link: str
    landings: int
    to_do: tuple[int, ...]


class _IndexedPerson(Struct, frozen=True):
    name: str
    branches: tuple[_TheirBranch, ...]


class _Index(Struct, frozen=True):
    branches: tuple[_IndexedBranch, ...]
    waiting: tuple[str, ...]
    """Branches without an answer yet."""
    people: tuple[_IndexedPerson, ...]
    schema: int = 1


def index_json(
    snapshots: Sequence[Snapshot], situation: Situation, waiting: Sequence[str] = (), url: str = ""
) -> bytes:
    """JSON, UTF-8, with a line end.

    Args:
        url: as for `published_answer`.
    """
    index = _Index(
        tuple(_branch(snapshot, situation, url) for snapshot in snapshots),
        tuple(map(clean, waiting)),
        tuple(
            _IndexedPerson(
                each.name,
                tuple(
                    _TheirBranch(clean(t.branch), f"{url}{t.address}", t.landings, t.to_do)
                    for t in each.branches
                ),
            )
            for each in everybody(snapshots)
        ),
    )
    return plain_json(index) + b"\n"


def _branch(snapshot: Snapshot, situation: Situation, url: str) -> _IndexedBranch:
    given = published_answer(snapshot, situation, url)
    since = running_since(snapshot)
    return _IndexedBranch(
        branch=given.branch,
        answer=given.answer,
        complete=given.complete,
        generated_at=given.generated_at,
        valid_until=given.valid_until,
        headline=given.headline,
        deployable=given.deployable,
        deployed=given.deployed,
        deployed_since=to_second(since) if since is not None else None,
        promoted=given.promoted,
        tip=given.tip,
        cautions=tuple(each.kind for each in given.cautions),
        blockers=given.blockers_count,
        first_blocker=given.blockers[0] if given.blockers else None,
        waits=given.waits,
        freezes=given.freezes,
        next_freeze=given.next_freeze,
        links={**given.links, "answer": f"{url}{given.branch}.answer.json"},
    )
