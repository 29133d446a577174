"""The section "What else must hold" of a branch's page: what is asked of a revision beside QA, and which
revisions wait for it (docs/guide.md#checks-limits-and-freezes)."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

from markupsafe import Markup
from msgspec import Struct

from shepherd.snapshot import LandingEntry, Snapshot
from shepherd.views.clean import clean
from shepherd.views.condition_html import (
    check_list,
    is_kept_back,
    limit_words,
    linked,
    why_kept_back,
)
from shepherd.views.conditions import CHECK_SHOWN, counting_for
from shepherd.views.words import count, revno_of, some, span

SHOWN, LISTED = 5, 50
"""Groups of revisions that are seen at once, and that are listed at all; the others are folded."""
PATTERNS = 12
REVNOS_NAMED = 6


class KeptBack(Struct, frozen=True):
    """Revisions next to each other that the same checks or limits keep back."""

    newest: int
    span: str
    more: str
    """ "3 landings" where there are several; empty for one alone."""
    why: Markup
    """What the newest of them waits for."""


class WhatElse(Struct, frozen=True):
    """All of the section."""

    asked: tuple[Markup, ...]
    """What a revision needs, a sentence each."""
    kept_back: tuple[KeptBack, ...]
    unlisted: int
    """Groups that are left out."""
    deployable: Markup
    """The checks of the revision that may go; empty where they were not asked, or there is none."""

    @property
    def shown(self) -> tuple[KeptBack, ...]:
        return self.kept_back[:SHOWN]

    @property
    def folded(self) -> tuple[KeptBack, ...]:
        return self.kept_back[SHOWN:]


def what_else(snapshot: Snapshot) -> WhatElse | None:
    """None where nothing but QA is asked of a revision."""
    if not (snapshot.checks or snapshot.limits):
        return None
    groups = list(_groups(snapshot))
    best = revno_of(snapshot.deployable)
    entry = next((each for each in snapshot.landings if each.revno == best), None)
    return WhatElse(
        tuple(_asked(snapshot)),
        tuple(groups[:LISTED]),
        max(0, len(groups) - LISTED),
        check_list(entry.checks, f"r{best}, the latest deployable: ")
        if entry is not None and entry.checks
        else Markup(),
    )


def _asked(snapshot: Snapshot) -> Iterator[Markup]:
    if snapshot.checks:
        some_of_them = snapshot.checks[: PATTERNS + 1]
        names = [f"<code>{escape(clean(each, CHECK_SHOWN))}</code>" for each in some_of_them]
        all_of_them = some(names, PATTERNS, len(snapshot.checks))
        yield Markup(f"These checks must hold on its own commit: {all_of_them}.")  # noqa: S704  # escaped
    counting = counting_for(snapshot)
    for place, limit in enumerate(snapshot.limits):
        revnos = [f"r{each}" for each in counting.get(place, ())]
        so_far = some(revnos, REVNOS_NAMED) if revnos else "none"
        words = limit_words(limit)
        yield Markup(  # noqa: S704  # escaped
            f"One deployment may bring {words}. Not live yet and counted: {so_far}."
        )


def _groups(snapshot: Snapshot) -> Iterator[KeptBack]:
    """From the newest downwards to what may go."""
    last = revno_of(snapshot.deployable) or 0
    kept = (each for each in snapshot.landings if each.revno > last and is_kept_back(each))
    for _, alike in groupby(sorted(kept, key=lambda each: -each.revno), key=_why):
        entries = list(alike)
        newest, oldest = entries[0], entries[-1]
        yield KeptBack(
            newest.revno,
            span(oldest.revno, newest.revno),
            count(len(entries), "landing") if len(entries) > 1 else "",
            linked(why_kept_back(newest), newest.checks),
        )


def _why(entry: LandingEntry) -> tuple[object, ...]:
    return tuple((each.name, each.state) for each in entry.missing), entry.over_limits
