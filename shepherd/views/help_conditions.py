"""What somebody who lands code has to know of checks, limits and freezes
(docs/guide.md#checks-limits-and-freezes)."""

from __future__ import annotations

from collections.abc import Iterator

from shepherd.views.help_parts import HelpFacts, HelpSection


def asked(facts: HelpFacts) -> Iterator[HelpSection]:
    """What must hold besides QA; nothing where nothing else is asked."""
    blocks = [*_checks(facts), *_limits(facts), *_freezes(facts)]
    if blocks:
        yield HelpSection("else", "What else must hold", tuple(blocks), "guide.md#checks-limits-and-freezes")


def _checks(facts: HelpFacts) -> Iterator[str]:
    if facts.checks:
        names = ", ".join(f"`{name}`" for name in facts.checks)
        yield facts.where(
            "checks",
            f"these checks must hold on the very commit that production takes: {names}. A landing that is"
            " good waits while one of them runs, has failed, or could not be read there. Run it again, or"
            " land what repairs it: the next landing on which they hold takes yours along.",
        )


def _limits(facts: HelpFacts) -> Iterator[str]:
    if facts.limits:
        yield facts.where(
            "limits",
            f"one deployment may bring {'; '.join(facts.limits)}. If yours is one more, it goes with a later"
            " deployment, and nobody has to do anything about it.",
        )


def _freezes(facts: HelpFacts) -> Iterator[str]:
    if facts.freezes:
        yield facts.where(
            "freeze",
            f"nobody deploys at these times: {'; '.join(facts.freezes)}. Land and test as always: only the"
            " deployment waits. Persons can freeze a branch at other times, too; its page says so.",
        )
