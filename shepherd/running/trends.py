"""`inv trends`: the four keys, and where the time goes (docs/trends.md)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo

from shepherd.errors import NO_DATA, SettingsError
from shepherd.running.log import now
from shepherd.running.output import json_for_terminals
from shepherd.running.reading import known_of_branches
from shepherd.running.switch import mention
from shepherd.running.tasking import TaskOptions, say
from shepherd.values import date as day_of

if TYPE_CHECKING:
    from shepherd.trends.model import By


def trends(options: TaskOptions, *, by: str = "week", since: str | None = None, json: bool = False) -> int:
    """Print them. With `--json` and one branch an object, with several an array. Exit code 5 where nothing
    was read yet of some branch.

    Raises:
        SettingsError: there is no such period, or no such day.
        NoAnswerError: nothing was read yet of any branch.
    """
    from shepherd.stages.trends import trends_of
    from shepherd.views.feeds import plain_json
    from shepherd.views.four_keys import as_text

    settings = options.settings
    mention(settings)
    period, day = _period(by), _since(since, settings.timezone)
    found = known_of_branches(options, lambda branch: trends_of(settings, branch, now(), period, day))
    if json:
        document = plain_json(found[0] if len(options.branches) == 1 else found)
        say(json_for_terminals(document))
    else:
        say("\n\n\n".join(map(as_text, found)))
    return NO_DATA if len(found) < len(options.branches) else 0


def _period(by: str) -> By:
    from shepherd.trends.model import By

    periods: tuple[By, ...] = get_args(By)
    for period in periods:
        if by == period:
            return period
    raise SettingsError(f"{by!r} is not a period that trends can be told by: one of {', '.join(periods)}")


def _since(text: str | None, timezone: str) -> date | None:
    if text is None:
        return None
    day = day_of(text)
    if day > now().astimezone(ZoneInfo(timezone)).date():
        raise SettingsError(f"{text} has not come yet: write a day that is over, or leave out --since")
    return day
