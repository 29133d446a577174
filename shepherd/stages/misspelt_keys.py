"""A key of `tracker.keys` that is misspelt: its landings would name no issue (docs/rules.md#keys)."""

from __future__ import annotations

from shepherd.landing import Reading
from shepherd.marks.key_projects import counted
from shepherd.settings import Settings
from shepherd.words import is_key

NEWEST = 200
"""Landings that show which projects a team has today."""


def misspelt_keys(settings: Settings, branch: str, reading: Reading) -> tuple[str, ...]:
    """The warning that keys of the settings are named by no landing while many name those of another project.

    Keys that are left out on purpose are no warning as long as landings name each key of the settings.
    """
    ours = settings.for_branch(branch)
    keys = ours.tracker.keys
    if not keys:
        return ()
    landings = reading.landings[-NEWEST:]
    named = {bug.rpartition("-")[0] for landing in landings for bug in landing.bugs if is_key(bug)}
    unnamed = [key for key in keys if key not in named]
    others = counted([landing.title for landing in landings])
    other = next((project for project in others if project not in keys), "")
    if not unnamed or not other:
        return ()
    return (
        f"none of the last {len(landings)} landings names an issue of {', '.join(unnamed)}, and"
        f" {others[other]} name issues of {other}, which {ours.tracker_key}.keys does not have:"
        " is it misspelt there?",
    )
