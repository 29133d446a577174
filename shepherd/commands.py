"""Our commands by the name that this process was called by.

Sentences, also stored ones, name our commands as `inv find`; where they are shown, `as_called` gives
them the name in use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_in_use: tuple[re.Pattern[str], str] | None = None
"""How our commands are written, and what stands for it; None: they are called as they are written."""


def called_as(program: str, tasks: Iterable[str]) -> None:
    """From now on, `as_called` writes `program` for `inv` before each of the tasks, and before an option."""
    global _in_use
    names = "|".join(map(re.escape, sorted(tasks, reverse=True)))
    _in_use = re.compile(rf"\binv (?=(?:{names})(?![\w-])|--[a-z])"), f"{program} "


def as_called(text: str) -> str:
    """The text with our commands as this process was called; what else somebody calls `inv` stays."""
    return _in_use[0].sub(_in_use[1], text) if _in_use else text


def naming_branch(text: str, branch: str) -> str:
    """The text, which may end with a person's word as a command, with `--branch` behind that, once."""
    if not branch or not text.endswith(('--reason "…"', "--reason …", '--despite "…"')):
        return text
    return text if " --branch " in text[text.rfind("inv ") :] else f"{text} --branch {branch}"
