"""What the landings of the window touch that a limit is about (docs/rules.md#limits), and which components
(docs/trends.md#waits): read once for each, and kept in the cache."""

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
_COMPONENT = "/"
"""Before the paths of a component: no limit has such a pattern, so that a release which knows no components
takes none for a limit."""
_Patterns = tuple[tuple[str, ...], ...]


class WindowTouches(Struct, frozen=True):
    """What was read of the landings of a window."""

    patterns: _Patterns = ()
    """Of each limit, then of each component: what was read under others counts for nothing."""
    by_id: dict[str, dict[int, tuple[str, ...]]] = {}
    """SHA of every landing that was read -> place of the limit -> paths; nothing where it touches none.
    Behind the limits components have places of their own, without paths."""


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
        limits, components = _apart(known.patterns)
        by_id = {**by_id, **read_touched(git, missing, limits, components)}
    return WindowTouches(known.patterns, {sha: by_id[sha] for sha in window})


def keep_touches(store: BranchStore, touches: WindowTouches) -> None:
    """For the next reading, and for the judgement."""
    if store.cache.fact(_FACT, WindowTouches) != touches:
        store.cache.put_fact(_FACT, touches)


def touched_in(touches: WindowTouches, reading: Reading) -> dict[str, Touched] | None:
    """What the rules need: the landings that touch something of a limit; None: not all of the window was
    read."""
    if not touches.patterns:
        return {}
    if not touches.by_id.keys() >= set(_window(reading)):
        return None
    limits, components = _apart(touches.patterns)
    if not components:
        return {sha: paths for sha, paths in touches.by_id.items() if paths}
    own = {
        sha: {place: paths for place, paths in each.items() if place < len(limits)}
        for sha, each in touches.by_id.items()
    }
    return {sha: paths for sha, paths in own.items() if paths}


def components_in(touches: WindowTouches) -> dict[str, tuple[int, ...]]:
    """SHA of a landing -> the components that it touches, by their places in the settings."""
    limits, components = _apart(touches.patterns)
    if not components:
        return {}
    places = {
        sha: tuple(place - len(limits) for place in sorted(each) if place >= len(limits))
        for sha, each in touches.by_id.items()
    }
    return {sha: touched for sha, touched in places.items() if touched}


def _window(reading: Reading) -> list[str]:
    return [landing.id for landing in reading.landings if landing.revno > reading.deployed.revno]


def _patterns(config: BranchSettings) -> _Patterns:
    components = ((_COMPONENT, *paths) for paths in config.components.values())
    return (*(each.paths for each in config.limits), *components)


def _apart(patterns: _Patterns) -> tuple[_Patterns, _Patterns]:
    """The patterns of the limits, and the paths of the components."""
    limits = tuple(each for each in patterns if each[0] != _COMPONENT)
    return limits, tuple(each[1:] for each in patterns[len(limits) :])
