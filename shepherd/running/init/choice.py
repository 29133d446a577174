"""Which of the readings of production is taken: asked on a terminal, else the safest; how the others stand in
the settings (docs/settings.md#deployed)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from shepherd.errors import SettingsError
from shepherd.running.init.production import ProductionCandidate
from shepherd.running.output import say, write

LARGE = 1_000
"""Landings in QA on the first day from which on it is said how to have fewer."""

Choose = Callable[[Sequence[ProductionCandidate]], ProductionCandidate]


def safest(offered: Sequence[ProductionCandidate]) -> ProductionCandidate:
    """The first one, without a word."""
    return offered[0]


def chooser(*, ask: bool) -> Choose:
    """What shows the readings and takes one: asked for where `ask` is set and there is a terminal, else the
    safest.

    It raises SettingsError where the terminal is closed instead of an answer.
    """
    terminal = ask and all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))

    def choose(offered: Sequence[ProductionCandidate]) -> ProductionCandidate:
        if len(offered) == 1:
            return offered[0]
        say("What production runs can be taken from (the safest first):")
        for number, each in enumerate(offered, 1):
            say(f"  {number}. {described(each)}")
        if terminal:
            chosen = offered[_asked(len(offered)) - 1]
        else:
            say("Taken is 1; the others stand as comments in the settings.")
            chosen = offered[0]
        say("")
        return chosen

    return choose


def _asked(most: int) -> int:
    while True:
        write(sys.stdout, f"Which one, 1 to {most}? [1] ")
        answer = sys.stdin.readline()
        if not answer:
            raise SettingsError(
                "nothing was chosen, so nothing was written: run it again, or name what production runs with"
                " --deployed REV"
            )
        answer = answer.strip()
        if not answer:
            return 1
        if answer.isascii() and answer.isdecimal() and len(answer) < 4 and 1 <= int(answer) <= most:
            return int(answer)


def described(candidate: ProductionCandidate) -> str:
    """The reading and how many landings would be in QA by it, on one line."""
    return f"{candidate.what} (r{candidate.at.revno}): {landings(candidate.window)} in QA"


def landings(count: int) -> str:
    """So many landings, in words."""
    return f"{count:,} landing{'' if count == 1 else 's'}"


def settings_lines(chosen: ProductionCandidate, offered: Sequence[ProductionCandidate]) -> str:
    """The line `deployed = …` of the settings, with the others as comments below it."""
    lines = [f"deployed = {chosen.pointer}"]
    others = [each for each in offered if each != chosen]
    if others:
        lines.append("# Or, in place of that line:")
    for each in others:
        then = f'; then: inv deployed r{each.at.revno} --reason "it is live"' if each.record else ""
        lines.append(f"# deployed = {each.pointer}     # {described(each)}{then}")
    return "\n".join(lines)


def narrowing(candidate: ProductionCandidate, file: Path) -> list[str]:
    """A sentence that says how to begin with fewer landings in QA; none where they are few."""
    if candidate.window <= LARGE:
        return []
    how = 'inv deployed REV --reason "it is live"'
    if not candidate.record:
        how = (
            f"write `deployed = {{ recorded = true }}` in {file} in place of its line `deployed`, then: {how}"
        )
    return [
        f"{landings(candidate.window)} in QA are many for a first day. If production runs a newer one, {how}"
        " (REV is r123 or a SHA)."
    ]
