"""Commands in sentences: `--branch` goes where the task wants it, and nowhere else."""

from __future__ import annotations

import pytest

from shepherd.commands import on_branch


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
