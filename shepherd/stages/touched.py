"""What the landings of the window touch that a limit is about (docs/rules.md#limits): read once for each, and
kept in the cache."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from shepherd.conditions import Touched
from shepherd.git.mirror import open_source
from shepherd.git.touched import read_touched
from shepherd.landing import Reading
from shepherd.settings import BranchSettings, Settings
from shepherd.store import BranchStore

_FACT = "touched"


class WindowTouches(Struct, frozen=True):
    """What was read of the landings of a window."""

    patterns: tuple[tuple[str, ...], ...] = ()
    """Of each limit: what was read under others counts for nothing."""
    by_id: dict[str, dict[int, tuple[str, ...]]] = {}
    """SHA of every landing that was read -> place of the limit -> paths; nothing where it touches none."""


def known_touches(store: BranchStore, config: BranchSettings) -> WindowTouches:
    """What was read before with the patterns that the settings have now."""
    known = store.cache.fact(_FACT, WindowTouches)
    patterns = _patterns(config)
    return known if known is not None and known.patterns == patterns else WindowTouches(patterns)


def read_touches(settings: Settings, branch: str, known: WindowTouches, reading: Reading) -> WindowTouches:
    """The same for the present window: what is missing is read from git, what left the window is dropped.

    Raises:
        SourceError: something of it cannot be read.
    """
    window = _window(reading) if known.patterns else []
    missing = [sha for sha in window if sha not in known.by_id]
    by_id: Mapping[str, dict[int, tuple[str, ...]]] = known.by_id
    if missing:
        config = settings.branches[branch]
        git = open_source(settings.place(config.repository), settings.state_path / "mirrors", fetch=False)
        by_id = {**by_id, **read_touched(git, missing, known.patterns)}
    return WindowTouches(known.patterns, {sha: by_id[sha] for sha in window})


def keep_touches(store: BranchStore, touches: WindowTouches) -> None:
    """For the next reading, and for the judgement."""
    if store.cache.fact(_FACT, WindowTouches) != touches:
        store.cache.put_fact(_FACT, touches)


def touched_in(touches: WindowTouches, reading: Reading) -> dict[str, Touched] | None:
    """What the rules need: the landings that touch something; None: not all of the window was read."""
    if not touches.patterns:
        return {}
    if not touches.by_id.keys() >= set(_window(reading)):
        return None
    return {sha: paths for sha, paths in touches.by_id.items() if paths}


def _window(reading: Reading) -> list[str]:
    return [landing.id for landing in reading.landings if landing.revno > reading.deployed.revno]


def _patterns(config: BranchSettings) -> tuple[tuple[str, ...], ...]:
    return tuple(each.paths for each in config.limits)
