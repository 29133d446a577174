"""What a deployment brings live: pure, for the answer and for the plan of a promotion alike
(docs/rules.md#answer)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable


def going_live(
    revnos: Iterable[int],
    deployed: int,
    candidate: int,
    tip: int,
    undone_at: Callable[[int], Collection[int]],
) -> tuple[list[int], list[int]]:
    """Return what the deployment of a candidate brings live, in the order in which it landed; and which of it
    a landing that must wait undoes: in effect at the candidate, undone at the tip (docs/rules.md#cautions).

    Args:
        revnos: the landings that were read.
        undone_at: returns the revnos that are undone at a revision.
    """
    gone, lately = undone_at(candidate), undone_at(tip)
    back = {revno for revno in undone_at(deployed) if revno <= deployed and revno not in gone}
    live = sorted(revno for revno in revnos if deployed < revno <= candidate or revno in back)
    return live, [revno for revno in live if revno in lately and revno not in gone]
