"""The maintenance switch: `state_dir/maintenance.txt` (docs/running.md#maintenance).

Anything in that place, a bare `touch` included, means *in maintenance*; it never clears itself.
Light to import: `maintenance.status` has to answer at once.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from shepherd import plainfile
from shepherd.atomic import create_atomically
from shepherd.errors import StoreError
from shepherd.values import NO_REASON, UNKNOWN_PERSON, age, clean, iso

LARGEST = 64_000
"""Bytes of the largest switch that is read for who and why; a larger one is a switch all the same."""
LONGEST = 300
"""Characters of a reason."""


class Switch(NamedTuple):
    """The switch is on. What is not known is None or empty; `since` is never in the future."""

    since: datetime | None
    who: str
    why: str
    until: datetime | None
    overdue: bool
    """Past `until`, or on for longer than `warn_after`, or left by an upgrade that is gone."""
    upgrade: str = ""
    """The token of the upgrade that set it; empty: a person did."""
    left: bool = False
    """That upgrade was killed: it will not clear the switch."""


def path_of(state: Path) -> Path:
    return state / "maintenance.txt"


def look(state: Path, warn_after: float, now: datetime) -> Switch | None:
    """The switch as it is just now, None if it is off.

    Args:
        state: `state_dir`; warn_after: seconds after which it is loud.
    """
    try:
        status = path_of(state).lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        return Switch(None, "", f"{path_of(state)} cannot be looked at ({error.strerror})", None, False)
    content = _content(path_of(state))
    known = (content.get("since"), _mtime(status), first_abort(state))
    since = min((at for at in known if at is not None and at <= now), default=None)
    until = content.get("until")
    late = until is not None and until < now
    old = since is not None and (now - since).total_seconds() > warn_after
    who, why, token = (
        content.get("who") or _owner(status.st_uid),
        content.get("why", ""),
        content.get("upgrade", ""),
    )
    left = bool(token) and _upgrade_is_gone(state, token)
    if left:
        why += " (that upgrade was killed: inv upgrade --resume, or inv upgrade --undo)"
    return Switch(since, who, why, until, late or old or left, token, left)


def words(switch: Switch, now: datetime) -> str:
    """`since 2011-08-24T10:15:00Z (3 hours), by ann: new disk; until …`, and how loud that is."""
    since = f"since {iso(switch.since)} ({_age(switch.since, now)}), " if switch.since else ""
    who, why = clean(switch.who, 80), clean(switch.why, LONGEST)
    text = f"{since}by {who or UNKNOWN_PERSON}: {why or NO_REASON}"
    if switch.until is not None:
        text += f"; until {iso(switch.until)}"
    if switch.left:
        text += "; THE SWITCH STAYS ON until somebody does one of these: the upgrade will not clear it"
    elif switch.overdue:
        text += "; THIS IS OVERDUE: end it with inv maintenance.off, or ask the person who set it"
    return text


def switch_on(
    state: Path, who: str, why: str, until: datetime | None, now: datetime, upgrade: str = ""
) -> bool:
    """Set the switch, whole or not at all. False if it was on already: then nothing is changed.

    Args:
        upgrade: the token by which an upgrade knows its own switch again.

    Raises:
        StoreError: it cannot be set.
    """
    text = f"# The QA shepherd rests while this file is here: inv maintenance.off\nwho = {_quoted(who)}\n"
    text += f"why = {_quoted(why)}\nsince = {iso(now)}\n"
    text += f"until = {iso(until)}\n" if until is not None else ""
    text += f"upgrade = {_quoted(upgrade)}\n" if upgrade else ""
    path = path_of(state)
    try:
        create_atomically(path, text.encode())
    except FileExistsError:
        return False
    except OSError as error:
        if upgrade:
            # without its token it would be taken for a person's, and stay forever
            raise StoreError(f"{path}: cannot be written ({error.strerror}); the switch is not set") from None
        # a disk that is full has room for an empty file, and that is a switch too
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            return False
        except OSError:
            raise StoreError(f"{path}: cannot be written ({error.strerror}); the switch is not set") from None
    return True


def switch_off(state: Path) -> None:
    """Remove the switch, whatever it is.

    Raises:
        StoreError: it cannot be removed; it stays on.
    """
    path = path_of(state)
    try:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be removed ({error.strerror}), so maintenance goes on; remove it by hand"
        ) from None
    forget_first_abort(state)


def first_abort(state: Path) -> datetime | None:
    """When the switch that is on first refused a run; None if that is not known to have happened."""
    try:
        return _moment(datetime.fromisoformat(plainfile.read(_first_abort_path(state), 100).strip()))
    except (plainfile.UnreadableFileError, ValueError):
        return None


def remember_first_abort(state: Path, at: datetime) -> None:
    """Keep the first; later ones change nothing."""
    with suppress(OSError), _first_abort_path(state).open("x") as file:
        file.write(f"{iso(at)}\n")


def forget_first_abort(state: Path) -> None:
    """The switch is off: the next one has an age of its own."""
    with suppress(OSError):
        _first_abort_path(state).unlink(missing_ok=True)


def _first_abort_path(state: Path) -> Path:
    return state / "run" / "first-abort"


def _content(path: Path) -> dict[str, Any]:
    """Who, why, since, until, as far as they can be read: somebody may have written it by hand."""
    try:
        text = plainfile.read(path, LARGEST)
    except plainfile.UnreadableFileError as error:
        return {"why": f"the switch {error.problem}"}
    import tomllib

    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError):
        return {"why": clean(text, LONGEST)}
    content: dict[str, Any] = {
        key: clean(document[key], LONGEST)
        for key in ("who", "why", "upgrade")
        if isinstance(document.get(key), str)
    }
    for key in ("since", "until"):
        if isinstance(document.get(key), datetime):
            content[key] = _moment(document[key])
    return content


def _upgrade_is_gone(state: Path, token: str) -> bool:
    # only where an upgrade set the switch: a process is to be looked at
    from shepherd.running import upgrade_record

    return not upgrade_record.at_work(state, token)


def _mtime(status: os.stat_result) -> datetime | None:
    try:
        return datetime.fromtimestamp(status.st_mtime, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _moment(at: datetime) -> datetime:
    """In UTC; a time without a zone is meant to be so."""
    with suppress(OverflowError):
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return at.replace(tzinfo=UTC)


def _quoted(text: str) -> str:
    """A TOML string. `clean` has taken out all that JSON writes otherwise."""
    return json.dumps(clean(text, LONGEST).encode("utf-8", "replace").decode(), ensure_ascii=False)


def _owner(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"


def _age(since: datetime, now: datetime) -> str:
    return age((now - since) / timedelta(seconds=1))
