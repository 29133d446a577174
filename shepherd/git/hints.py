"""What a landing says of undoing and does not prove: sentences, with the command that a person may confirm
it by (docs/rules.md#undone)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

SHOWN = 5
"""Hints of one landing that are kept one by one; those with a command come first."""


def command(target: int | str, by: int) -> str:
    """The command by which a person says that a landing undid another."""
    return f'inv cover {target} --by {by} --reason "…"'


def listed(revnos: Iterable[int]) -> str:
    return ", ".join(f"r{revno}" for revno in revnos)


def not_proved(target: int, by: int) -> str:
    return (
        f"looks like a revert of r{target}, but the diff is not its exact inverse; "
        f"if it is one: {command(target, by)}"
    )


def part(target: int, named: int, of: int) -> str:
    """Without a command: a person who covers the landing would say that nothing of it is left."""
    stay = of - named
    return f"reverts {named} of {of} commits of r{target}, {stay} stay{'s' if stay == 1 else ''}"


def together(targets: Iterable[int]) -> str:
    """Nothing to confirm, but worth knowing: none of them alone looks like a revert."""
    return f"takes back {listed(sorted(targets))} together: its diff is their reverts, one after the other"


def namesakes(targets: Iterable[int], by: int) -> str:
    revnos = sorted(targets)
    return (
        f"its title may mean any of {listed(revnos)}; if it undoes r{revnos[-1]}: {command(revnos[-1], by)}"
    )


def numbered(targets: Iterable[int], by: int) -> str:
    """As `namesakes`, where the message gives the number of a bug or review that several landings have."""
    revnos = sorted(targets)
    return (
        f"its message speaks of undoing one of {listed(revnos)}; if it undoes r{revnos[-1]}: "
        f"{command(revnos[-1], by)}"
    )


def free_text(target: int, by: int) -> str:
    return f"its message speaks of undoing r{target}; if it does: {command(target, by)}"


def no_such_request(request: str) -> str:
    return f"says that it reverts {request}, but no earlier landing is that request"


def silent(target: int, by: int) -> str:
    return f"changes back exactly what r{target} changed; if it is meant to undo it: {command(target, by)}"


def unnamed(by: int) -> str:
    return (
        "its message speaks of undoing something, but no landing was found whose exact inverse it is; "
        f"if it undoes one, say which: {command('REV', by)}"
    )


def folded(hints: Sequence[str], sha: str) -> tuple[str, ...]:
    """The hints of a landing: the first few, how many more there are, and what shows their source."""
    if len(hints) <= SHOWN + 1:
        return tuple(hints)
    ordered = sorted(hints, key=lambda hint: "inv cover " not in hint)
    more = len(hints) - SHOWN
    return (
        *ordered[:SHOWN],
        f"and {more} more like these; all that it brought in: git log {sha[:12]}^..{sha[:12]}",
    )
