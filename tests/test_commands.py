"""Our commands in what is shown, by the name in use."""

from __future__ import annotations

import pytest

from shepherd import commands
from shepherd.cli import namespace
from shepherd.commands import as_called, called_as


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write it: inv find judge report", "write it: shepherd find judge report"),
        ("inv maintenance.off, inv cron.install.", "shepherd maintenance.off, shepherd cron.install."),
        ("for help: inv --help find", "for help: shepherd --help find"),
        (".venv/bin/inv explain r29", ".venv/bin/shepherd explain r29"),
        ("Call inv release and inv finder, not inv", "Call inv release and inv finder, not inv"),
    ],
)
def test_our_commands_are_named_as_they_are_called_and_nothing_else_is_changed(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: str
) -> None:
    monkeypatch.setattr(commands, "_in_use", None)
    assert as_called(text) == text
    called_as("shepherd", namespace.task_names)
    assert as_called(text) == expected
