"""`inv waits`: who waits for whom, from the last answer (docs/trends.md#waits)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shepherd.errors import SettingsError
from shepherd.running.output import json_for_terminals
from shepherd.running.reading import code_of_answers, last_answers
from shepherd.running.situation import situation
from shepherd.running.switch import mention
from shepherd.running.tasking import TaskOptions, say

if TYPE_CHECKING:
    from shepherd.snapshot import Snapshot

ORDERS = ("person", "component")


def waits(options: TaskOptions, *, by: str = "person", json: bool = False) -> int:
    """Print it. With `--json` and one branch an object, with several an array.

    Raises:
        SettingsError: there is no such order, or no branch has components.
        NoAnswerError: nothing was judged yet.
    """
    from shepherd.plans.waits import waits_of
    from shepherd.views.feeds import plain_json
    from shepherd.views.waits import as_text

    if by not in ORDERS:
        raise SettingsError(f"{by!r} is not what waits are listed by: one of {', '.join(ORDERS)}")
    mention(options.settings)
    snapshots = last_answers(options)
    if by == "component":
        _refuse_without_components(options, snapshots)
    present = situation(options.settings)
    found = [waits_of(snapshot) for snapshot in snapshots]
    if json:
        document = plain_json(found[0] if len(options.branches) == 1 else found)
        say(json_for_terminals(document))
    else:
        texts = (
            as_text(snapshot, each, present, by_component=by == "component")
            for snapshot, each in zip(snapshots, found, strict=True)
        )
        say("\n\n".join(texts))
    return code_of_answers(options, snapshots, present)


def _refuse_without_components(options: TaskOptions, snapshots: list[Snapshot]) -> None:
    complete = [snapshot for snapshot in snapshots if snapshot.complete]
    if not complete or any(snapshot.components for snapshot in complete):
        return
    branch = complete[0].branch
    if options.settings.branches[branch].components:
        raise SettingsError(f"{branch}: its components are newer than its last answer: inv find judge")
    raise SettingsError(
        f'{branch}: no components are set: write components = {{ web = ["src/web/"] }} into'
        f" [branches.{branch}] (docs/settings.md#components), then: inv find judge"
    )
