"""The maintenance switch of all hosts that share a database: one list of entries, of which each host has a
copy in its own `maintenance.txt` (docs/running.md#two-hosts).

What was added or taken away here since both last agreed is added or taken away there, so that a bare touch
and an `rm` count, too, as soon as a command sees them. The entry of an upgrade concerns the code of one host,
and stays on it.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from shepherd.errors import StoreError
from shepherd.running.switch_file import LONGEST, Entry, change, instead, path_of, present
from shepherd.store.postgresql import Session
from shepherd.values import clean

NAME = "maintenance"
_TRIES = 20
"""How often another host may change it between our look and our word."""


class SwitchWord(Struct, frozen=True):
    """One entry, as all hosts are told of it."""

    host: str
    """Where it was set."""
    who: str = ""
    why: str = ""
    since: datetime | None = None
    until: datetime | None = None
    owner: str = ""


class SharedSwitch(Struct, frozen=True):
    """The entries of all hosts."""

    changes: int = 0
    """How often it was changed. Fewer than before: the server went back to an older state."""
    words: tuple[SwitchWord, ...] = ()


def exchange_switch(state: Path, session: Session, agreed: SharedSwitch, *, writable: bool) -> SharedSwitch:
    """Tell the others what was said here, and take over what they said. What is agreed now.

    Args:
        agreed: what it was when this host and the server last agreed.
        writable: False: this process only looks, and `instead` says what holds.

    Raises:
        StoreError: the server cannot be asked, or the switch cannot be looked at.
    """
    place = path_of(state)
    instead.pop(place, None)
    if not writable:
        there = _read(session)[0]
        mine = [_word(each) for each in _persons(present(state))]
        every = dict.fromkeys([*there.words, *mine])
        upgrades = [each for each in present(state) if each.upgrade]
        instead[place] = (*upgrades, *(_entry(word) for word in every))
        return agreed
    here = tuple(_word(each) for each in _persons(present(state)))
    there = _merge(session, here, agreed)
    if there.words == here:
        return there
    came = [word for word in there.words if word not in here]
    went = [word for word in here if word not in there.words]

    def with_theirs(before: tuple[Entry, ...]) -> tuple[Entry, ...]:
        stays = [each for each in before if each.upgrade or _word(each) not in went]
        return (*stays, *(_entry(word) for word in came))

    with suppress(StoreError):
        # something is there to which nothing can be added, or the disk is full
        change(state, with_theirs)
    now_here = {_word(each) for each in _persons(present(state))}
    if missing := [word for word in came if word not in now_here]:
        instead[place] = (*present(state), *(_entry(word) for word in missing))
    # what could not be added here was not taken away here, either
    known = tuple(word for word in there.words if word in now_here)
    return SharedSwitch(there.changes, known)


def _merge(session: Session, here: tuple[SwitchWord, ...], agreed: SharedSwitch) -> SharedSwitch:
    for _ in range(_TRIES):
        there, document = _read(session)
        before = agreed.words if there.changes >= agreed.changes else ()
        added = [word for word in here if word not in before]
        gone = [word for word in before if word not in here]
        stays = [word for word in there.words if word not in gone]
        merged = tuple(dict.fromkeys([*stays, *added]))
        if merged == there.words:
            return there
        after = SharedSwitch(max(there.changes, agreed.changes) + 1, merged)
        if session.tell_if(NAME, msgspec.json.encode(after), document):
            return after
    raise StoreError("the maintenance switch of all hosts is being changed by others all the time: try again")


def _read(session: Session) -> tuple[SharedSwitch, bytes | None]:
    document = session.told(NAME).get(NAME)
    if document is None:
        return SharedSwitch(), None
    try:
        return msgspec.json.decode(document, type=SharedSwitch), document
    except msgspec.DecodeError as error:
        remedy = "take it out with psql (DELETE FROM shared WHERE name = 'maintenance'), then set it again"
        raise StoreError(f"the maintenance switch of all hosts cannot be read ({error}): {remedy}") from None


def _persons(entries: tuple[Entry, ...]) -> list[Entry]:
    return [each for each in entries if not each.upgrade]


def _word(entry: Entry) -> SwitchWord:
    """As it is after it was written and read again, so that two of the same are equal."""
    since, until = (at.replace(microsecond=0) if at else None for at in (entry.since, entry.until))
    host = entry.host or socket.gethostname()
    who, why = clean(entry.who, LONGEST), clean(entry.why, LONGEST)
    return SwitchWord(host, who, why, since, until, "" if who else clean(entry.owner, LONGEST))


def _entry(word: SwitchWord) -> Entry:
    host = "" if word.host == socket.gethostname() else word.host
    return Entry(word.who, word.why, word.since, word.until, owner=word.owner, host=host)
