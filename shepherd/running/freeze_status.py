"""`inv freeze.status`, and what is said loudly of a freeze that should have ended
(docs/running.md#freeze)."""

from __future__ import annotations

import json as json_
from collections.abc import Callable
from typing import Any

from shepherd.errors import NO_DATA
from shepherd.freeze_words import coming_words, frozen_words, how_it_ends, off_command, words_of
from shepherd.running.situation import situation
from shepherd.running.tasking import TaskOptions, say
from shepherd.settings import Settings
from shepherd.situation import ASKING_OTHERS, Freeze, Situation
from shepherd.values import iso


def status(options: TaskOptions, *, json: bool) -> int:
    """`inv freeze.status`: what is on, and what comes. Exit code 5 where that cannot be read."""
    present = situation(options.settings)
    unread = [branch for branch in options.branches if _unread(branch, present)]
    if json:
        say(json_.dumps([_document(branch, present) for branch in options.branches], indent=2))
    else:
        settings = options.settings
        for branch in options.branches:
            say(lines_of(branch, present, settings))
    return NO_DATA if unread else 0


def _unread(branch: str, present: Situation) -> str:
    failed = present.unread.get(branch)
    return failed.why if failed is not None and failed.stage in ("freeze.status", ASKING_OTHERS) else ""


def lines_of(branch: str, present: Situation, settings: Settings) -> str:
    """What is on, and what comes, for people."""
    named, timezone = settings.branch_to_name(branch), settings.timezone
    on_now = present.freezes.get(branch, ())
    lines = [
        f"{branch} is frozen {words_of(each, present.now, timezone)}{_overdue(each, named)}"
        for each in on_now
    ]
    if why := _unread(branch, present):
        again = "try again" if present.unread[branch].stage == ASKING_OTHERS else "inv judge makes it again"
        lines.append(f"{branch}: whether a person froze it cannot be read ({why}): {again}")
    elif not lines:
        lines.append(f"{branch} is not frozen")
    if branch in present.freezes_next:
        lines.append(f"  next freeze: {coming_words(present.freezes_next[branch], present.now, timezone)}")
    return "\n".join(lines)


def _overdue(freeze: Freeze, named: str) -> str:
    return f"; THIS IS OVERDUE: {off_command(freeze.who, named)}" if freeze.overdue else ""


def _document(branch: str, present: Situation) -> dict[str, Any]:
    following = present.freezes_next.get(branch)
    unread = _unread(branch, present)
    return {
        "branch": branch,
        "frozen": None if unread else bool(present.freezes.get(branch)),
        "problem": unread,
        "freezes": [_fields(each) for each in present.freezes.get(branch, ())],
        "next": _fields(following) if following is not None else None,
    }


def _fields(freeze: Freeze) -> dict[str, Any]:
    return {
        "since": iso(freeze.since) if freeze.since else None,
        "until": iso(freeze.until) if freeze.until else None,
        "who": freeze.who,
        "why": freeze.why,
        "standing": freeze.standing,
        "overdue": freeze.overdue,
    }


def overdue_words(settings: Settings, is_first: Callable[[str, str], bool]) -> dict[str, str]:
    """Branch -> a sentence about freezes that should have ended, once a day.

    Args:
        is_first: is_first(kind, which) says whether that was not said yet, and from now on it was.
    """
    present = situation(settings)
    sentences = {}
    for branch, freezes in present.freezes.items():
        late = [each for each in freezes if each.overdue]
        since = " ".join(iso(each.since) for each in late if each.since)
        if late and is_first(f"frozen {branch}", f"{present.now:%Y-%m-%d} {since}"):
            named = settings.branch_to_name(branch)
            words = frozen_words(late, present.now, settings.timezone)
            sentences[branch] = f"{branch}: {words}; {how_it_ends(late, named)}"
    return sentences
