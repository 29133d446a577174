"""As much of the settings as `maintenance.status` and `lock.status` need: they answer when all is slow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shepherd.errors import SettingsError
from shepherd.running.tasking import CLONE, TaskOptions
from shepherd.values import Duration

if TYPE_CHECKING:
    from shepherd.settings import Settings


class StatePlace(NamedTuple):
    """The folder `state_dir`, and how long things in it may be."""

    state: Path
    warn_after: int = 4 * 3600
    """Seconds, as the other one."""
    stale_after: int = 3600
    settings: Settings | None = None
    """Where other hosts use the same database, which has to be asked what they say."""


def state_place(options: TaskOptions) -> StatePlace:
    """The same as the settings say, without the time that it takes to check all of them.

    Raises:
        SettingsError: as `TaskOptions.settings` does; whatever looks odd is left to it.
    """
    import tomllib

    from shepherd import plainfile
    from shepherd.places import places_of

    places = places_of(os.environ, CLONE, Path.cwd())
    file = next((each for each in places if os.path.lexists(each)), places[0])
    try:
        document = tomllib.loads(plainfile.read(file, 1_000_000))
        state = Path(os.path.realpath(file)).parent / document.get("state_dir", "var")
        warn_after = document.get("maintenance", {}).get("warn_after", "4h")
        stale_after = document.get("run", {}).get("stale_after", "60m")
        alone = not str(document.get("database", "")).startswith("postgresql")
        if alone and isinstance(warn_after, str) and isinstance(stale_after, str):
            return StatePlace(state, _seconds(warn_after, "4h"), _seconds(stale_after, "60m"))
    except (plainfile.UnreadableFileError, ValueError, RecursionError, TypeError, AttributeError):
        pass
    return state_place_in(options.settings)


def _seconds(text: str, usual: str) -> int:
    # that a key is wrong is for the tasks that work; who holds the lock is told all the same
    try:
        return Duration(text)
    except SettingsError:
        return Duration(usual)


def state_place_in(settings: Settings) -> StatePlace:
    others = settings if settings.on_server else None
    return StatePlace(settings.state_path, settings.maintenance.warn_after, settings.run.stale_after, others)
