"""Commands in sentences: `--branch` goes where the task wants it, and nowhere else."""

from __future__ import annotations

import pytest

from shepherd import commands
from shepherd.cli import namespace
from shepherd.commands import as_called, called_as, on_branch


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('say so: inv verdict r4 ok --reason "…"', 'say so: inv verdict r4 ok --reason "…" --branch main'),
        ('inv cover 4 --by 5 --reason "…"; or not', 'inv cover 4 --by 5 --reason "…" --branch main; or not'),
        (
            'a (inv cover r4 --by REV --reason "…"), or b: inv verdict r4 ok --reason "…"',
            'a (inv cover r4 --by REV --reason "…" --branch main), or b: inv verdict r4 ok --reason "…"'
            " --branch main",
        ),
        ("inv find --accept-rewrite --reason …", "inv find --accept-rewrite --reason … --branch main"),
        ("inv deployed REV --reason …", "inv deployed REV --reason … --branch main"),
        ('inv verdict r4 ok --reason "…" --branch main', 'inv verdict r4 ok --reason "…" --branch main'),
        ('inv verdict r4 ok --branch main --reason "…"', 'inv verdict r4 ok --branch main --reason "…"'),
        ("its settings have changed: inv find", "its settings have changed: inv find"),
        ("its title may mean any of r1, r2; inv cover says which", None),
        ("nothing to paste", None),
    ],
)
def test_a_persons_word_names_the_branch(text: str, expected: str | None) -> None:
    assert on_branch(text, "main") == (expected or text)
    assert on_branch(text, "") == text


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
