"""docs/commands.md, made of the tasks themselves: `python -m tests.commands_document` writes it again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from invoke.collection import Collection
from invoke.tasks import Task

import fabfile
import tasks
from shepherd.running.tasking import call_of
from tests.inv import ROOT
from tests.reading_order import links

PAGE = ROOT / "docs" / "commands.md"
_HEAD = """\
# Commands

Every task with its options, made of the program's own help (`python -m tests.commands_document` writes it; a
test keeps it equal). `inv --list` prints the list, `inv --help TASK` the options of one, `inv man` all
of it as a manual page. Several tasks can be named in one call; an option belongs to the task before it. What
each exit code means is in [interfaces.md](interfaces.md#exit-codes), what REV may be
[there](interfaces.md#revisions), too.
"""
_SHARED = {
    "branch": "`--branch NAME`: one of the branches in shepherd.toml; without it all, where that can be",
    "json": "`--json`: print JSON for programs",
    "dry_run": "`--dry-run`: print what would be done, and do nothing",
    "as_": "`--as NAME`: who says this; without it `SUDO_USER`, `SHEPHERD_WHO`, the login name",
    "wait": "`--wait SECONDS`: wait so long for another copy to end",
}
"""Options that mean the same everywhere."""
_ON_A_HOST = """
## On a host, or in a clone: `inv`
"""
_FROM_YOURS = """
## On your machine, for hosts: `fab`

`-H HOST` takes other hosts than the settings name
([operator-first-day.md](operator-first-day.md#the-first-time)).
"""


def document() -> str:
    """Return the page as it has to be."""
    return "\n".join(
        [
            _HEAD,
            "## Options that many have",
            "",
            *(f"* {text}" for text in _SHARED.values()),
            _ON_A_HOST,
            *_tasks("inv", tasks.namespace),
            _FROM_YOURS,
            *_tasks("fab", Collection.from_module(fabfile)),
            links(PAGE.name),
            "",
        ]
    )


def _tasks(program: str, namespace: Collection) -> Iterator[str]:
    """First those that a name alone calls, then the groups."""
    for name in sorted(namespace.task_names, key=lambda name: ("." in name, name)):
        yield from _task(program, name, namespace[name])


def _task(program: str, name: str, task: Task[Any]) -> Iterator[str]:
    texts = task.body.__dict__.get("help_of_flags", {})
    named = [(str(each.name), each) for each in task.get_arguments()]
    yield from (f"### `{program} {call_of(name, task)}`", "", " ".join((task.__doc__ or "").split()), "")
    for key, each in named:
        if key in _SHARED:
            continue
        word = key.strip("_")
        option = word.upper() if each.positional else f"--{word.replace('_', '-')}"
        value = f" {word.upper()}" if each.takes_value and not each.positional else ""
        yield f"* `{option}{value}`: {' '.join(texts.get(key, '').split())}"
    if shared := [f"`--{key.strip('_').replace('_', '-')}`" for key, _ in named if key in _SHARED]:
        yield f"* {', '.join(shared)}"
    if named:
        yield ""


if __name__ == "__main__":
    PAGE.write_text(document(), encoding="utf-8")
