"""The maintenance switch: `state_dir/maintenance.txt` (docs/running.md#maintenance).

Anything in that place, a bare `touch` included, means *in maintenance*; it never clears itself.
Light to import: `maintenance.status` has to answer at once.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shepherd import plainfile
from shepherd.running.switch_file import (
    LARGEST,
    LONGEST,
    Entry,
    change,
    create,
    entries,
    instead,
    modified,
    moment,
    path_of,
    present,
)
from shepherd.values import NO_REASON, UNKNOWN_PERSON, clean, iso, when

if TYPE_CHECKING:
    from shepherd.situation import UpgradeState

__all__ = ["LARGEST", "LONGEST", "Entry", "change", "path_of", "present"]


class Switch(NamedTuple):
    """The switch is on. What is not known is None or empty; `since` is never in the future."""

    since: datetime | None
    """Of the first, or of the file where that says none; of one entry alone, the oldest that is known."""
    who: str
    """The first who set it, or whose the file is."""
    why: str
    until: datetime | None
    overdue: bool
    """One is past its `until`, or it is on for longer than `warn_after`, or its upgrade was killed."""
    upgrade: str = ""
    """The token of the upgrade that set it; empty: only persons did."""
    left: bool = False
    """That upgrade was killed: it will not clear the switch."""
    others: tuple[Entry, ...] = ()
    """Those who set it after the first."""


def look(state: Path, warn_after: float, now: datetime) -> Switch | None:
    """The switch as it is just now, None if it is off.

    Args:
        state: `state_dir`; warn_after: seconds after which it is loud.
    """
    path = path_of(state)
    changed: datetime | None = None
    listed = instead.get(path)
    if listed is None:
        try:
            status = path.lstat()
        except FileNotFoundError:
            return None
        except OSError as error:
            return Switch(None, "", f"{path} cannot be looked at ({error.strerror})", None, False)
        listed, changed = entries(path, status), modified(status)
    if not listed:
        return None
    first, *others = listed
    known = (first.since, changed, first_abort(state), *(each.since for each in others))
    oldest = min((at for at in known if at is not None and at <= now), default=None)
    # of several each has its own; what else is known is about all of them
    own = first.since if others and first.since is not None and first.since <= now else oldest
    late = any(each.until is not None and each.until < now for each in (first, *others))
    old = oldest is not None and (now - oldest).total_seconds() > warn_after
    token = next((each.upgrade for each in (first, *others) if each.upgrade), "")
    left = bool(token) and _upgrade_is_gone(state, token)
    who = name_of(first)
    return Switch(own, who, first.why, first.until, late or old or left, token, left, tuple(others))


def words(switch: Switch, now: datetime) -> str:
    """`since 2011-08-24 10:15 UTC (3 hours ago), by ann: new disk; until …`, and how loud that is."""
    # its host stands behind its name already
    first = Entry(switch.who, switch.why, switch.since, switch.until)
    text = "; and ".join(entry_words(each, now) for each in (first, *switch.others))
    return "; ".join([text, *filter(None, [remedy(switch)])])


def entry_words(entry: Entry, now: datetime) -> str:
    """`since 2011-08-24 10:15 UTC (3 hours ago), by ann: new disk; until …`."""
    since = f"since {when(entry.since, now)}, " if entry.since else ""
    who, why = clean(name_of(entry), 160), clean(entry.why, LONGEST)
    until = f"; until {when(entry.until, now)}" if entry.until is not None else ""
    return f"{since}by {who or UNKNOWN_PERSON}: {why or NO_REASON}{until}"


def name_of(entry: Entry) -> str:
    """Who set it, or whose the file is; and where, if that was on another host: `ann on qa2`."""
    who = clean(entry.who or entry.owner, 80)
    return f"{who or UNKNOWN_PERSON} on {clean(entry.host, 60)}" if entry.host else who


def remedy(switch: Switch) -> str:
    """How it ends, where that has to be said; else nothing."""
    from shepherd.situation import switch_remedy

    return switch_remedy(upgrade_state(switch), overdue=switch.overdue)


def upgrade_state(switch: Switch) -> UpgradeState:
    """How it stands with the upgrade that set it."""
    return "killed" if switch.left else "at work" if switch.upgrade else ""


def switch_on(
    state: Path, who: str, why: str, until: datetime | None, now: datetime, upgrade: str = ""
) -> bool:
    """Set the switch, whole or not at all. False if it was on already: then nothing is changed.

    Args:
        upgrade: the token by which an upgrade knows its own switch again.

    Raises:
        StoreError: it cannot be set.
    """
    return create(state, Entry(who, why, now, until, upgrade))


def add(state: Path, entry: Entry) -> None:
    """Add an entry to a switch that is on, or set it. The same reason of the same person is renewed: a script
    that was killed before it took its own away shall not leave one for each time.

    Raises:
        StoreError: it cannot be added.
    """

    def with_it(before: tuple[Entry, ...]) -> tuple[Entry, ...]:
        same = [each for each in before if (each.who, each.why, each.upgrade) == (entry.who, entry.why, "")]
        if not same:
            return (*before, entry)
        since = min((each.since for each in (*same, entry) if each.since is not None), default=None)
        # in its place: who came first is named first
        renewed = {same[0]: entry._replace(since=since)}
        return tuple(renewed.get(each, each) for each in before if each == same[0] or each not in same)

    change(state, with_it)


def switch_off(state: Path, upgrade: str = "") -> None:
    """Remove the switch, whatever it is; with a token only what that upgrade set.

    Raises:
        StoreError: it cannot be removed; it stays on.
    """

    def without(before: tuple[Entry, ...]) -> tuple[Entry, ...]:
        return tuple(each for each in before if each.upgrade != upgrade) if upgrade else ()

    change(state, without)
    forget_first_abort(state)


def first_abort(state: Path) -> datetime | None:
    """When the switch that is on first refused a run; None if that is not known to have happened."""
    try:
        return moment(datetime.fromisoformat(plainfile.read(_first_abort_path(state), 100).strip()))
    except (plainfile.UnreadableFileError, ValueError):
        return None


def remember_first_abort(state: Path, at: datetime) -> None:
    """Keep the first; later ones change nothing."""
    with suppress(OSError), _first_abort_path(state).open("x") as file:
        file.write(f"{iso(at)}\n")


def forget_first_abort(state: Path) -> None:
    """The switch is off, or one who set it has left: what comes next, or stays, has an age of its own."""
    with suppress(OSError):
        _first_abort_path(state).unlink(missing_ok=True)


def _first_abort_path(state: Path) -> Path:
    return state / "run" / "first-abort"


def _upgrade_is_gone(state: Path, token: str) -> bool:
    # only where an upgrade set the switch: a process is to be looked at
    from shepherd.running import upgrade_record

    return not upgrade_record.at_work(state, token)
