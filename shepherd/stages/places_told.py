"""Which places were told of which branches when the last run on this host ended: so it is noticed that one
was taken out of the settings, and hears nothing of what happens until it is put back
(docs/notices.md#what-is-told).

Light to import: `inv run` asks it whether there is anything to do.
"""

from __future__ import annotations

from shepherd.settings import Settings
from shepherd.statefile import StateFile


def places_before(settings: Settings) -> dict[str, list[str]]:
    """Branch -> the places that were told of it by the last run on this host."""
    return _file(settings).read_or({})


def remember_places(settings: Settings, places: dict[str, list[str]]) -> None:
    """Raises StoreError."""
    if places:
        _file(settings).write(places)
    else:
        _file(settings).remove()


def is_wanted(settings: Settings) -> bool:
    """Whether there are places, or were when the last run ended: that they are told no more has to be
    noted."""
    return bool(settings.notify) or _file(settings).path.exists()


def _file(settings: Settings) -> StateFile[dict[str, list[str]]]:
    return StateFile(settings.state_path / "run" / "notices.json", dict[str, list[str]])
