"""What the data of each kind of entry holds: a journal can be changed by others than the shepherd
(docs/audit.md#an-entry-that-cannot-be-read).

An entry that lacks something is no data for its readers: it is named, and nothing is guessed. All that
earlier releases wrote fits; keys and kinds that a later one adds are let through.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, ValidationError

from shepherd.errors import NO_DATA, StoreError

_Revno = Annotated[int, Meta(ge=0, le=10_000_000)]
"""No mainline has more landings; what goes through all numbers up to one must end."""
_Sha = Annotated[str, Meta(pattern=r"\A[0-9a-f]*\Z")]
_Moment = Annotated[datetime, Meta(tz=True)]
_Seconds = Annotated[int, Meta(ge=-62_000_000_000, le=253_000_000_000)]
"""Since 1970, as far as the calendar goes."""
_Texts = list[str]
_Objects = list[dict[str, Any]]


def _object(needed: Mapping[str, Any], possible: Mapping[str, Any]) -> type[Struct]:
    """A JSON object with some keys, others where they are there, and whatever else."""
    # keys may be words of Python, which no attribute can be called
    names = {f"key_{key}": key for key in (*needed, *possible)}
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [
        *((f"key_{key}", holds) for key, holds in needed.items()),
        *((f"key_{key}", holds, None) for key, holds in possible.items()),
    ]
    return msgspec.defstruct("EntryData", fields, rename=names)


_PLACE: dict[str, Any] = {"revno": _Revno, "id": _Sha}
_NEEDED: Mapping[str, dict[str, Any]] = {
    "landing": {"revno": _Revno},
    "kept": {"word": str | None},
    "state": {"revno": _Revno, "from": str | None, "to": str},
    "verdict": {"source": str, "word": str, "when": _Seconds, "revno": _Revno},
    "patch": {"patch": str},
    "cover": {"by": _Sha | None, "undone": bool, "tip": _Revno, "revno": _Revno, "by_revno": _Revno | None},
    "tip": _PLACE,
    "deployed": _PLACE,
    "promoted": _PLACE,
    "on-qa": _PLACE,
    "rewrite": {"revno": _Revno},
    "answer": {"answer": str, "deployable": _Revno | None},
    "meant": {"act": str},
    "meant promote": {
        **{"ref": str, "from": str, "from_revno": _Revno | None},
        **{"to": _Sha, "to_revno": _Revno},
    },
    "meant alarm-mail": {"to": str, "alarms": list[int]},
    "meant notice": {"told": dict[str, Any], "after": dict[str, Any]},
    "meant tag": {"item": str, "revno": _Revno},
    "done": {"act": str, "result": str},
    "alarm": {"revno": _Revno, "on": bool},
    "snooze": {"until": date, "revno": _Revno},
    "named": {"n": int, "ids": list[_Sha], "names": bool},
    "renamed": {"from": str},
    "restored": {"made": _Moment},
    "check-wait": {"on": bool, "check": str, "revno": _Revno},
    "live-mails": {"on": bool},
    "promotion-mails": {"on": bool},
    "notify": {"on": bool},
    "freeze": {"on": bool},
    "seal": {"word": str},
}
"""Kind, of acts with the act's -> the keys that each entry has."""
_RESTED_ON = _object(
    {},
    {
        **{"checks": list[tuple[str, str, str]], "limits": list[tuple[int, _Texts, bool]]},
        **{"cautions": _Texts, "dropped": _Texts},
    },
)
_POSSIBLE: Mapping[str, dict[str, Any]] = {
    "began": {"accepts": _Texts, "first_run": _object({"at": _Moment, "tip": _Revno}, {})},
    "item": {
        **{"words": _Texts, "bad_commits": list[int], "unreadable": str, "of_newest": bool},
        "good_by": _Texts,
    },
    "kept": {"seal": str | None},
    "state": {"rule": str | None},
    "verdict": {"commit": str, "brought": bool, "note": bool},
    "patch": {"change": str},
    "deployed": {"kept": str, "recorded": bool},
    "promoted": {
        **{"from": _Revno | None, "ref": str, "sha": _Sha | None, "foreign": bool, "base": bool},
        **{"despite": str, "passed": _Texts, "drop_hotfix": str, "code": str},
    },
    "rewrite": {"undone": dict[str, str]},
    "answer": {"deployed": _Revno | None, "id": _Sha | None, "stopped": str, "waits": str},
    "meant promote": {
        **{"first": _Sha, "first_revno": _Revno, "records_deployed": bool, "code": str},
        **{"despite": str, "passed": _Texts, "drop_hotfix": str, "rested_on": _RESTED_ON},
    },
    "meant mail": {
        **{"kind": str, "landings": str, "live": _Texts, "checks": _Texts, "promotions": _Texts},
        "people": _Texts,
    },
    "meant notice": dict.fromkeys(("last", "failing", "doubt"), _Moment) | {"maybe": _Objects},
    "meant tag": {"sign": str, "own": str, "from": str, "to": str},
    "done tag": {"changed": str},
    "check-wait": {"since": _Moment},
    "notify": {"told": dict[str, Any], "maybe": _Objects, "last": _Moment},
    "freeze": {"until": _Moment | None, "of": str},
}
"""What stands under further keys where they are there."""
_GO_ALONG: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "promoted": (("foreign", ("ref", "from")), ("code", ("from",)), ("despite", ("from",))),
    "meant promote": (("first", ("first_revno",)),),
    "meant tag": (("to", ("from",)),),
    "check-wait": (("on", ("since",)),),
    "notify": (("on", ("told",)),),
}
"""Where a key says something, these are there, too."""


class ChangedEntryError(StoreError):
    """An entry of the journal does not hold what its kind does."""

    code = NO_DATA

    def __init__(self, seq: int, kind: str, run_id: str, problem: str) -> None:
        run = f" of run {run_id!a}" if run_id else ""
        super().__init__(
            f"entry {seq} of the journal ({kind}{run}) does not hold what the shepherd writes there:"
            f" {problem}. Somebody changed it, or it is damaged: inv audit --verify shows where the journal"
            " was changed, and inv restore puts back a backup of it"
        )


def problem_of(kind: str, data: dict[str, Any]) -> str:
    """What is wrong with the data of an entry, in words; empty if it can be read."""
    problem = _against(kind, data)
    if kind in ("meant", "done") and not problem:
        # several kinds of acts have more than every act
        problem = _against(f"{kind} {data['act']}", data)
    return problem


def _against(name: str, data: dict[str, Any]) -> str:
    shape = _shape(name)
    if shape is None:
        return ""
    try:
        msgspec.convert(data, shape)
    except (ValidationError, RecursionError) as error:
        return str(error)
    for key, others in _GO_ALONG.get(name, ()):
        if data.get(key) and (missing := next((each for each in others if each not in data), "")):
            return f"Object missing required field `{missing}`"
    return ""


@cache
def _shape(name: str) -> type[Struct] | None:
    """What an entry of this name is read as, made when one is met; None: anything will do."""
    needed, possible = _NEEDED.get(name, {}), _POSSIBLE.get(name, {})
    return _object(needed, possible) if needed or possible else None
