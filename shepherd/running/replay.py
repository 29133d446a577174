"""`inv replay`: earlier runs judged again, from what they kept (docs/replay.md)."""

from __future__ import annotations

from shepherd.errors import NO_DATA, REFUSED
from shepherd.running.tasking import TaskOptions, say
from shepherd.stages.judge_input import snapshot_of
from shepherd.stages.kept_inputs import LostInput, document_sum, kept_inputs


def replay(
    options: TaskOptions,
    run: str | None,
    *,
    since: str | None = None,
    with_settings: str | None = None,
    json: bool = False,
) -> int:
    """Judge again; exit code 8 where something differs."""
    code = 0
    for branch in options.branches:
        for kept in kept_inputs(options.settings, branch):
            if isinstance(kept, LostInput):
                say(kept.problem)
                code = NO_DATA
            elif run in (None, kept.run_id):
                same = document_sum(snapshot_of(kept.given)) == kept.sum
                say(f"{branch} {kept.run_id}: {'the same' if same else 'differs'}")
                code = code if same else REFUSED
    return code
