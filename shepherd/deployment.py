"""What a deployment brings live and what it takes out: pure, for the answer, for the plan of a promotion and
for release notes alike (docs/rules.md#answer)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from shepherd.snapshot import Next, Rev, Snapshot


def deployment(
    revnos: Iterable[int],
    base: Rev,
    to: Rev,
    tip: int,
    undone_at: Callable[[int], Collection[int]],
    compare_url: str | None = None,
) -> Next:
    """Return the deployment that brings production from `base` to `to`.

    Args:
        revnos: the landings that were read.
        tip: the newest of them that counts: what it undoes of the deployment is undone later.
        undone_at: returns the revnos that are undone at a revision.
    """
    before, gone, lately = undone_at(base.revno), undone_at(to.revno), undone_at(tip)
    back = {revno for revno in before if revno <= base.revno and revno not in gone}
    known = sorted(revnos)
    live = [revno for revno in known if base.revno < revno <= to.revno or revno in back]
    return Next(
        base=base,
        to=to,
        landings=tuple(live),
        compare_url=compare_url,
        undone_later=tuple(revno for revno in live if revno in lately and revno not in gone),
        undone=tuple(revno for revno in live if revno in gone),
        taken_out=tuple(p for p in known if p <= base.revno and p in gone and p not in before),
    )


def proposed(snapshot: Snapshot) -> Next | None:
    """Return the deployment that the answer proposes; None where it proposes none. Where a release gave the
    answer that did not know it, it is what landed in between."""
    to, deployed = snapshot.deployable, snapshot.deployed
    if snapshot.next is not None or to is None or snapshot.answer != "deploy":
        return snapshot.next
    base = Rev(deployed.revno, deployed.id) if deployed is not None else Rev(0, "")
    undone = {e.revno for e in snapshot.landings if e.undone_by is not None and e.undone_by <= to.revno}
    landings = range(base.revno + 1, to.revno + 1)
    return Next(base, to, tuple(landings), None, (), tuple(p for p in landings if p in undone))


def must_wait(snapshot: Snapshot) -> int:
    """Return how many landings stay behind: those after the revision to deploy, or after what production runs
    where there is none."""
    last = snapshot.deployable or snapshot.deployed
    if snapshot.tip is None or not snapshot.complete:
        return 0
    return max(0, snapshot.tip.revno - (last.revno if last is not None else 0))


_COMPARING = re.compile(r"(https?://[^?#]+/-|https://github\.com/[^?#]+)/commit/\{id\}")
"""Addresses of landings at GitLab, wherever it runs, and at GitHub: both show a comparison next to them."""


def compare_url(pattern: str, landing_url: str, base: str, to: str) -> str | None:
    """Where two revisions are compared: by `compare_url` of the settings, else where the pattern for landings
    leaves no doubt what that page is called. None: no page is known, or there is nothing to compare with."""
    if not pattern and (forge := _COMPARING.fullmatch(landing_url)):
        pattern = f"{forge[1]}/compare/{{from}}...{{to}}"
    return pattern.replace("{from}", base).replace("{to}", to) if pattern and base and to else None
