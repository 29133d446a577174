"""Many branches at once: which of them come first, and a line of each for terminals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shepherd.cautions import Caution, cautions, maintenance, stopping
from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.views import answer, system
from shepherd.views.banners import caution_banner, situation_banners
from shepherd.views.terminal import wrap
from shepherd.views.words import ago, utc

_RANK = {"blocked": 1, "deploy": 2, "nothing-new": 3}


def rank(snapshot: Snapshot, known: Sequence[Caution]) -> int:
    """How soon somebody has to look: where something stops the answer, where something blocks, where
    something may be deployed, where nothing is new."""
    return 0 if stopping(known) is not None else _RANK.get(snapshot.answer, 0)


def status(snapshots: Sequence[Snapshot], missing: Sequence[str], situation: Situation) -> str:
    """A line for each branch, what needs somebody first; those with nothing new together.

    Args:
        missing: sentences on the branches without an answer.
    """
    branches = [(each, cautions(each, situation)) for each in snapshots]
    branches.sort(key=lambda each: rank(*each))
    newest = max((each.generated_at for each in snapshots), default=None)
    number = len(snapshots) + len(missing)
    lines = [wrap(f"{number} branches: {_counts(branches, missing)}", rest="  ")]
    if newest is not None:
        oldest = min(each.generated_at for each in snapshots)
        lines.append(wrap(f"oldest answer of {utc(oldest)}{ago(oldest, situation.now)}", "  "))
    lines += [
        wrap(banner.text, f"{banner.kind.upper()}: ", "  ")
        for banner in (
            *map(caution_banner, maintenance(situation)),
            *situation_banners(situation, newest),
        )
    ]
    lines += ["", *(wrap(sentence, rest="  ") for sentence in missing)]
    quiet = [each.branch for each, known in branches if each.answer == "nothing-new" and not known]
    for snapshot, known in branches:
        if snapshot.branch not in quiet:
            also = f" ({', '.join(answer.also(known))})" if answer.also(known) else ""
            lines.append(wrap(f"{snapshot.branch}: {answer.headline(snapshot, known)}{also}", rest="  "))
    if quiet:
        lines.append(wrap(f"nothing new: {', '.join(quiet)}", rest="  "))
    if situation.stages:
        lines += ["", *_system(situation)]
    if branches:
        lines += ["", f"The whole of one branch: inv status --branch {branches[0][0].branch}"]
    return "\n".join(lines)


def _counts(branches: Sequence[tuple[Snapshot, Sequence[Caution]]], missing: Sequence[str]) -> str:
    ranks = [rank(*each) for each in branches]
    said = ("without an answer to act on", "with something that blocks", "to deploy", "with nothing new")
    numbers = [ranks.count(place) + (len(missing) if place == 0 else 0) for place in range(len(said))]
    return ", ".join(f"{number} {what}" for number, what in zip(numbers, said, strict=True) if number)


def _system(situation: Situation) -> Iterator[str]:
    yield wrap(system.summary(situation), rest="  ")
    if said := system.schedule(situation):
        yield wrap(said, "  ")
