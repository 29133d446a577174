"""The file of the maintenance switch, `state_dir/maintenance.txt`: one entry for each who wants the quiet
(docs/running.md#maintenance).

The first entry stands at the top level, where older releases read it; the others are in `[[more]]`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from shepherd import plainfile
from shepherd.atomic import create_atomically, write_atomically
from shepherd.errors import StoreError
from shepherd.login import user_name
from shepherd.values import clean, iso

LARGEST = 64_000
"""Bytes of the largest switch that is read for who and why; a larger one is a switch all the same."""
LONGEST = 300
"""Characters of a reason."""
LOCK_LIMIT = 10.0
"""Seconds to wait for somebody who changes the switch just now."""


class Entry(NamedTuple):
    """One of those who want the quiet. What is not known is None or empty."""

    who: str = ""
    """Empty: it is nobody's, somebody has touched the file."""
    why: str = ""
    since: datetime | None = None
    until: datetime | None = None
    upgrade: str = ""
    """The token of the upgrade that set it; empty: a person did."""
    owner: str = ""
    """Where nobody is named: whose the file is, or was."""
    odd: bool = False
    """What is there cannot be read, so that nothing can be added to it."""
    host: str = ""
    """Where it was set, if that was another host of the same database."""


instead: dict[Path, tuple[Entry, ...]] = {}
"""What all hosts say by now, where the file here could not be changed (docs/running.md#two-hosts)."""


def path_of(state: Path) -> Path:
    return state / "maintenance.txt"


def entries(path: Path, status: os.stat_result) -> tuple[Entry, ...]:
    """What stands in the switch, at least one entry: whatever is there is a switch.

    Args:
        status: of the path, not followed.
    """
    owner = user_name(status.st_uid)
    try:
        text = plainfile.read(path, LARGEST)
    except plainfile.UnreadableFileError as error:
        return (Entry(why=f"the switch {error.problem}", owner=owner, odd=True),)
    import tomllib

    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError):
        return (Entry(why=clean(text, LONGEST), owner=owner),)
    more = document.get("more")
    tables = [document, *(more if isinstance(more, list) else ())]
    return tuple(_entry(table, owner) for table in tables if isinstance(table, dict))


def create(state: Path, entry: Entry, *others: Entry) -> bool:
    """Set the switch, whole or not at all. False if it was on already: then nothing is changed.

    Raises:
        StoreError: it cannot be set.
    """
    path = path_of(state)
    try:
        create_atomically(path, _text([entry, *others]))
    except FileExistsError:
        return False
    except OSError as error:
        if entry.upgrade or entry.host:
            # without its token, or its host, it would be taken for a person's here, and stay forever
            raise StoreError(f"{path}: cannot be written ({error.strerror}); the switch is not set") from None
        # a disk that is full has room for an empty file, and that is a switch too
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            return False
        except OSError:
            raise StoreError(f"{path}: cannot be written ({error.strerror}); the switch is not set") from None
    return True


def change(state: Path, choose: Callable[[tuple[Entry, ...]], tuple[Entry, ...]]) -> None:
    """Replace the entries by others; without any the switch is off. One process at a time does that.

    Args:
        choose: gets those that are there (none: the switch is off) and returns those that shall be; what it
            raises leaves the switch as it was.

    Raises:
        StoreError: it cannot be changed; it is as it was.
    """
    from shepherd.locks import locked

    path = path_of(state)
    with ExitStack() as stack:
        lock = state / "run" / "switch.lock"
        try:
            handle = stack.enter_context(locked(lock, wait=LOCK_LIMIT))
        except OSError as error:
            raise StoreError(
                f"{lock}: cannot be locked ({error.strerror}); the switch is as it was"
            ) from None
        if handle < 0:
            raise StoreError(f"{path}: somebody else is changing it; the switch is as it was, try again")
        before = _there(state)
        after = choose(before)
        if after == before:
            return
        if not after:
            _remove(path)
        elif not before:
            if not create(state, *after):
                raise StoreError(f"{path}: somebody has just set it by hand; try again")
        elif before[0].odd or len(_text(after)) > LARGEST:
            why = before[0].why if before[0].odd else "it is full"
            raise StoreError(
                f"maintenance is already on, but yours could not be added to {path}: {why}; who takes that"
                " away ends it for you too"
            )
        else:
            write_atomically(path, _text(after), 0o600)


def present(state: Path) -> tuple[Entry, ...]:
    """The entries just now, none if it is off. A file that was only touched keeps its time, which is all that
    it says.

    Raises:
        StoreError: that cannot be seen.
    """
    path = path_of(state)
    return instead[path] if path in instead else _there(state)


def _there(state: Path) -> tuple[Entry, ...]:
    """What the file here says."""
    path = path_of(state)
    try:
        status = path.lstat()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StoreError(f"{path}: cannot be looked at ({error.strerror}); it is as it was") from None
    first, *others = entries(path, status)
    return (first._replace(since=first.since or modified(status)), *others)


def moment(at: datetime) -> datetime:
    """In UTC; a time without a zone is meant to be so."""
    with suppress(OverflowError):
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return at.replace(tzinfo=UTC)


def modified(status: os.stat_result) -> datetime | None:
    """When the file was last written; None if that is no time."""
    try:
        return datetime.fromtimestamp(status.st_mtime, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be removed ({error.strerror}), so maintenance goes on; remove it by hand"
        ) from None


def _entry(table: dict[str, Any], owner: str) -> Entry:
    """Who, why, since, until, as far as they can be read: somebody may have written it by hand."""
    texts = {
        key: clean(table[key], LONGEST)
        for key in ("who", "why", "upgrade", "owner", "host")
        if isinstance(table.get(key), str)
    }
    times = {key: moment(table[key]) for key in ("since", "until") if isinstance(table.get(key), datetime)}
    return Entry(
        who=texts.get("who", ""),
        why=texts.get("why", ""),
        since=times.get("since"),
        until=times.get("until"),
        upgrade=texts.get("upgrade", ""),
        owner=texts.get("owner", owner),
        host=texts.get("host", ""),
    )


def _text(entries: Sequence[Entry]) -> bytes:
    first, *others = entries
    parts = ["# The QA shepherd rests while this file is here: inv maintenance.off", *_lines(first)]
    for each in others:
        parts += ["", "[[more]]", *_lines(each)]
    return "".join(f"{part}\n" for part in parts).encode()


def _lines(entry: Entry) -> list[str]:
    texts = {"who": entry.who, "why": entry.why, "upgrade": entry.upgrade}
    if not entry.who:
        texts["owner"] = entry.owner
    texts["host"] = entry.host
    times = {"since": entry.since, "until": entry.until}
    return [
        *(f"{key} = {_quoted(text)}" for key, text in texts.items() if text),
        *(f"{key} = {iso(at)}" for key, at in times.items() if at is not None),
    ]


def _quoted(text: str) -> str:
    """A TOML string. `clean` has taken out all that JSON writes otherwise."""
    return json.dumps(clean(text, LONGEST).encode("utf-8", "replace").decode(), ensure_ascii=False)
