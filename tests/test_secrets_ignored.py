"""Secrets that the guides put next to shepherd.toml are not committed by `git add -A` in a clone of this."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.inv import ROOT

_FILE = re.compile(r'(?:cat >|_file = ")([a-z]+[-.][a-z]+)\b')


def named() -> list[str]:
    """Every file of a secret that a guide or `inv init` names without a folder."""
    places = [*ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.toml")]
    return sorted({name for place in places for name in _FILE.findall(place.read_text(encoding="utf-8"))})


def test_the_guides_name_some() -> None:
    assert {"jira-token", "redmine-key", "team.url", "hook.secret"} <= set(named())


@pytest.mark.parametrize("name", named())
def test_git_ignores_it(name: str) -> None:
    command = ("git", "check-ignore", "--no-index", "--quiet", name)
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0, f"{name} is not in .gitignore"


def test_git_ignores_the_clone_that_is_read() -> None:
    command = ("git", "check-ignore", "--no-index", "--quiet", "shop.git/")
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
