"""What the tests of `init` ask again and again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shepherd.errors import SettingsError
from shepherd.running.init.plan import plan
from tests.gitrepo import Repo


def first_parents(repo: Repo) -> list[str]:
    return repo.git("rev-list", "--first-parent", "--reverse", "stable").split()


def refused(
    repository: Path | str, file: Path, deployed: str | None = None, branch: str | None = None
) -> str:
    """The one sentence of the refusal; nothing was written."""
    with pytest.raises(SettingsError) as caught:
        plan(repository, file, deployed=deployed, branch=branch)
    assert not os.path.lexists(file)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def turned_on_in(text: str) -> str:
    """The settings after a person did what their comments say: the lines in place of `type = "none"`."""
    lines = text.splitlines()
    start = lines.index('# 3. write these lines in place of type = "none":') + 1
    while lines[start].startswith("# "):
        lines[start] = lines[start].removeprefix("# ")
        start += 1
    lines.remove('type = "none"')
    return "\n".join(lines)
