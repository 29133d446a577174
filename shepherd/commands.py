"""Commands in sentences: what is printed can be pasted, also with several branches
(docs/rules.md#what-people-say).

Sentences name our commands as `inv find`; where they are shown, `as_called` gives them the name in use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_in_use: tuple[re.Pattern[str], str] | None = None
"""How our commands are written, and what stands for it; None: they are called as they are written."""
_OF_ONE_BRANCH = re.compile(
    r"\binv (?:verdict|cover|uncover|snooze|deployed|find) (?:(?! --branch).)*?"
    r' --reason (?:"…"|…)(?! --branch)'
)
"""A person's word: such a task refuses to guess which branch is meant."""


def on_branch(text: str, branch: str) -> str:
    """The text with `--branch` in each command that wants it; as it is where `branch` is empty."""
    return _OF_ONE_BRANCH.sub(rf"\g<0> --branch {branch}", text) if branch else text


def called_as(program: str, tasks: Iterable[str]) -> None:
    """From now on, `as_called` writes `program` for `inv` before each of the tasks, and before an option."""
    global _in_use
    names = "|".join(map(re.escape, sorted(tasks, reverse=True)))
    _in_use = re.compile(rf"\binv (?=(?:{names})(?![\w-])|--[a-z])"), f"{program} "


def as_called(text: str) -> str:
    """The text with our commands as this process was called; whatever else somebody calls `inv` stays."""
    return _in_use[0].sub(_in_use[1], text) if _in_use else text
