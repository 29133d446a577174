"""`inv trends`: the four keys, and where the time goes (docs/trends.md)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo

from shepherd.errors import NoAnswerError, SettingsError
from shepherd.running.log import now
from shepherd.running.output import json_for_terminals
from shepherd.running.switch import mention
from shepherd.running.tasking import TaskOptions, complain, say
from shepherd.values import date as day_of

if TYPE_CHECKING:
    from shepherd.trends.model import By, Trends


def trends(options: TaskOptions, *, by: str = "week", since: str | None = None, json: bool = False) -> int:
    """Print them. With `--json` and one branch an object, with several an array.

    Raises:
        SettingsError: there is no such period, or no such day.
        NoAnswerError: nothing was read yet.
    """
    from shepherd.views.feeds import plain_json
    from shepherd.views.four_keys import as_text

    mention(options.settings)
    found = _of_branches(options, _period(by), _since(since, options.settings.timezone))
    if json:
        document = plain_json(found[0] if len(options.branches) == 1 else found)
        say(json_for_terminals(document))
    else:
        say("\n\n\n".join(map(as_text, found)))
    return 0


def _of_branches(options: TaskOptions, by: By, since: date | None) -> list[Trends]:
    """A branch of which nothing was read yet is said, and hides none of the others."""
    from shepherd.stages.trends import trends_of

    found: list[Trends] = []
    missing: list[NoAnswerError] = []
    for branch in options.branches:
        try:
            found.append(trends_of(options.settings, branch, now(), by, since))
        except NoAnswerError as error:
            missing.append(error)
    if not found:
        raise missing[0]
    for why in missing:
        complain(str(why))
    return found


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
