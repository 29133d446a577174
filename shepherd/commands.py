"""Commands in sentences: what is printed can be pasted, also with several branches (design 3.2)."""

from __future__ import annotations

import re

_OF_ONE_BRANCH = re.compile(
    r"\binv (?:verdict|cover|uncover|snooze|deployed|find) (?:(?! --branch).)*?"
    r' --reason (?:"…"|…)(?! --branch)'
)
"""A person's word: such a task refuses to guess which branch is meant."""


def on_branch(text: str, branch: str) -> str:
    """The text with `--branch` in each command that wants it; as it is where `branch` is empty."""
    return _OF_ONE_BRANCH.sub(rf"\g<0> --branch {branch}", text) if branch else text
