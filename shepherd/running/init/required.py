"""Which checks the settings ask for: those that the forge requires before something comes to the mainline, as
far as landings have results of them (docs/settings.md).

A check of requests alone never reports on what was merged, so nothing could be deployed ever again if it were
asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from shepherd.errors import SettingsError, TrackerError
from shepherd.people import matches
from shepherd.running.init.access import in_time, reading_settings
from shepherd.running.init.forge import Forge
from shepherd.settings import BranchSettings, Pointer, Settings
from shepherd.stages.check_reader import CheckReader
from shepherd.values import clean, count, quoted, some

NEWEST = 10
"""Landings whose checks are looked at."""
_SHOWN = 10
_SIGNS = "`*` and `?` in a name would stand for other characters"
_FOREIGN_SIGNS = "settings know `*` and `?` in a pattern, and no other signs"
_UNREADABLE = "the checks of landings cannot be read"
_NO_TEXT = "settings cannot hold such a name"


class RequiredChecks(Struct, frozen=True):
    """What a forge requires on the mainline's branch."""

    names: tuple[str, ...] = ()
    """To be asked for: landings have results of them."""
    left_out: tuple[str, ...] = ()
    """Others that settings can hold."""
    finding: str = ""
    """What is known, as a sentence or two, for people; empty: the forge was not asked."""


def required_checks(forge: Forge | None, file: Path, ref: str, newest: Sequence[str]) -> RequiredChecks:
    """Ask a forge that can be read by the settings `file`. Raises nothing.

    Args:
        ref: the mainline, as it stands in the settings.
        newest: SHAs of the newest landings.
    """
    from shepherd.trackers import open_tracker
    from shepherd.trackers.forge.reading import ForgeTracker

    branch = ref.removeprefix("refs/heads/")
    if forge is None or forge.tracker is None or branch.startswith("refs/"):
        return RequiredChecks()
    settings = reading_settings(forge, file)
    try:
        tracker = open_tracker(settings)
        if not isinstance(tracker, ForgeTracker):
            return RequiredChecks()
        required = in_time(lambda: tracker.required_checks(branch))
    except (TrackerError, SettingsError) as error:
        return RequiredChecks(finding=f"Which checks are required is not known: {str(error).rstrip('.')}.")
    if required is None:
        return RequiredChecks()
    required = list(dict.fromkeys(required))
    on = f"{tracker.name} requires on {clean(branch, 100)}"
    if not required:
        return RequiredChecks(finding=f"Checks that {on}: none.")
    patterns = tracker.requires_patterns
    fit = [name for name in required if _why_not(name, patterns) == ""]
    seen, why = _seen(settings, branch, fit, newest[:NEWEST])
    left_out = {name: _why_not(name, patterns) or why for name in required if name not in seen}
    finding = f"Checks that {on} and that are asked for here: {_named(seen)}." if seen else ""
    for reason in dict.fromkeys(left_out.values()):
        names = _named([name for name, its in left_out.items() if its == reason])
        finding += f" Checks that {on}, but that are not asked for here: {names} ({reason})."
    if why.startswith(_UNREADABLE) and not seen:
        finding += f" Once they can be, take the # from `checks` in {file}."
    return RequiredChecks(tuple(seen), tuple(name for name in fit if name in left_out), finding.strip())


def _seen(
    settings: Settings, branch: str, names: Sequence[str], commits: Sequence[str]
) -> tuple[list[str], str]:
    """Those of which one of the commits has a result, and why not the others."""
    if not names:
        return [], ""
    asking = BranchSettings(".", branch, Pointer(recorded=True), checks=tuple(names))
    try:
        reader = CheckReader(replace(settings, branches={branch: asking}), branch)
        read = list(in_time(lambda: reader.results(commits)).values())
        unreadable = next((each.unreadable for each in read if each.unreadable), "")
    except (TrackerError, SettingsError) as error:
        read, unreadable = [], str(error).rstrip(".")
    reported = {each.name for checks in read for each in checks.results}
    why = f"no results of them on the newest {count(len(commits), 'landing')}"
    if unreadable:
        why = f"{_UNREADABLE}: {unreadable}"
    return [name for name in names if any(matches((name,), each) for each in reported)], why


def _why_not(name: str, patterns: bool) -> str:
    """Why the settings cannot ask for a check of this name, or for those of this pattern; empty: they can."""
    if patterns and any(sign in name for sign in "[]{}\\"):
        return _FOREIGN_SIGNS
    if not patterns and ("*" in name or "?" in name):
        return _SIGNS
    return "" if name.isprintable() and name == name.strip() != "" else _NO_TEXT


def _named(names: Sequence[str]) -> str:
    return some([quoted(name) for name in names], _SHOWN)
