"""Commands in sentences: what is printed can be pasted, also with several branches
(docs/rules.md#what-people-say).

Sentences name our commands as `inv find`; where they are shown, `as_called` gives them the name in use.
"""

from __future__ import annotations

import re

program = "inv"
"""What this process was called as: `inv` in a clone and on a host that `fab` deployed to, else `shepherd`."""

_CALL = re.compile(r"\binv (?=-{0,2}[a-z])")
_OF_ONE_BRANCH = re.compile(
    r"\binv (?:verdict|cover|uncover|snooze|deployed|find) (?:(?! --branch).)*?"
    r' --reason (?:"…"|…)(?! --branch)'
)
"""A person's word: such a task refuses to guess which branch is meant."""


def on_branch(text: str, branch: str) -> str:
    """The text with `--branch` in each command that wants it; as it is where `branch` is empty."""
    return _OF_ONE_BRANCH.sub(rf"\g<0> --branch {branch}", text) if branch else text


def as_called(text: str) -> str:
    """The text with our commands as this process was called."""
    return text if program == "inv" else _CALL.sub(f"{program} ", text)
