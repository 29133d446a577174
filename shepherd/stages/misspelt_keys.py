"""A key of `tracker.keys` that is misspelt: its landings would name no issue (docs/rules.md#keys)."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from shepherd.landing import Reading
from shepherd.marks.key_projects import counted
from shepherd.settings import Settings
from shepherd.words import is_key

NEWEST = 200
"""Landings that show which projects a team has today."""
_ALIKE = 0.6
"""Two letters that changed places, or one that is wrong or missing, of three."""


def misspelt_keys(settings: Settings, branch: str, reading: Reading) -> tuple[str, ...]:
    """The warning that keys of the settings are named by no landing while many name those of another project.

    Projects may be left out on purpose, and a key may be that of another branch: where landings name some key
    of the settings, one that they do not name is only doubted if it looks like the other project's.
    """
    ours = settings.for_branch(branch)
    keys = ours.tracker.keys
    if not keys:
        return ()
    landings = reading.landings[-NEWEST:]
    named = {bug.rpartition("-")[0] for landing in landings for bug in landing.bugs if is_key(bug)}
    others = counted([landing.title for landing in landings])
    strange = [project for project in others if project not in keys]
    unnamed = [key for key in keys if key not in named]
    if (found := _found(unnamed, strange, all_unnamed=named.isdisjoint(keys))) is None:
        return ()
    ours_are, other = found
    return (
        f"none of the last {len(landings)} landings names an issue of {ours_are}, and"
        f" {others[other]} name issues of {other}, which {ours.tracker_key}.keys does not have:"
        " is it misspelt there?",
    )


def _found(unnamed: Sequence[str], strange: Sequence[str], *, all_unnamed: bool) -> tuple[str, str] | None:
    """The keys that are doubted, and the project that is probably meant; None: no key is doubted."""
    if all_unnamed and strange:
        return ", ".join(unnamed), strange[0]
    for key in unnamed:
        for project in get_close_matches(key, strange, 1, _ALIKE):
            return key, project
    return None
