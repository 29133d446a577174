"""The pages: complete HTML from snapshot and situation, readable without script, network or server.

Everything that depends on the situation stands in `<header id="situation">`; the rest of a branch's page is a
function of the snapshot alone, so that refreshing a banner is rendering the same snapshot again (design 4.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct

from shepherd.situation import Situation
from shepherd.snapshot import Blocker, Entry, Snapshot
from shepherd.values import age
from shepherd.views import answer, words
from shepherd.views.banners import Banner, branch_banners, situation_banners, stale_banners
from shepherd.views.clean import clean
from shepherd.views.rows import Rows
from shepherd.views.templates import pages

LATELY = timedelta(days=30)
"""How long a landing that went live stays in the list of those that did (4.3, landings)."""
BLOCKERS_SHOWN = 50

Link = tuple[str, str]
"""What it is called, and its address relative to the page."""


class _Block(Struct, frozen=True):
    """A blocker with what its landing says of it."""

    blocker: Blocker
    entry: Entry | None
    age: str
    frees: str


class _Section(Struct, frozen=True):
    key: str
    title: str
    entries: list[Entry]


def branch_page(snapshot: Snapshot, situation: Situation, links: Sequence[Link] = ()) -> str:
    """The page of one branch; `links` are shown at its top (other branches, the same as JSON)."""
    return (
        pages()
        .get_template("branch.html.j2")
        .render(
            snapshot=snapshot,
            now=situation.now,
            banners=branch_banners(snapshot, situation),
            links=links,
            blocks=_blocks(snapshot),
            sections=_sections(snapshot),
            rows=Rows(snapshot),
            answer=answer,
            words=words,
            age=age,
            clean=clean,
        )
    )


def index_page(snapshots: Sequence[Snapshot], situation: Situation, waiting: Sequence[str] = ()) -> str:
    """The page of all branches, in the order given; `waiting`: branches that have no snapshot yet.

    Each links to `BRANCH.html` beside it.
    """
    newest = max((snapshot.generated_at for snapshot in snapshots), default=None)
    banners = situation_banners(situation, newest)
    for snapshot in snapshots:
        banners += [
            Banner(banner.kind, f"{snapshot.branch}: {banner.text}")
            for banner in stale_banners(snapshot, situation.now)
        ]
    return (
        pages()
        .get_template("index.html.j2")
        .render(
            snapshots=snapshots,
            waiting=waiting,
            now=situation.now,
            banners=banners,
            answer=answer,
            words=words,
            clean=clean,
        )
    )


def _blocks(snapshot: Snapshot) -> list[_Block]:
    entries = {entry.revno: entry for entry in snapshot.landings}
    return [
        _Block(
            blocker,
            entries.get(blocker.revno),
            age((snapshot.generated_at - blocker.since).total_seconds()),
            answer.freed(blocker),
        )
        for blocker in snapshot.blockers[:BLOCKERS_SHOWN]
    ]


def _sections(snapshot: Snapshot) -> list[_Section]:
    """The window, what went live lately, and whatever else is named: a landing stands in exactly one."""
    deployed = snapshot.deployed.revno if snapshot.deployed is not None else 0
    lately = snapshot.generated_at - LATELY
    window, live, other = [], [], []
    for entry in snapshot.landings:
        if entry.revno > deployed:
            window.append(entry)
        elif entry.progress == "live" and (entry.live_since or entry.landed_at) >= lately:
            live.append(entry)
        else:
            other.append(entry)
    return [
        _Section("window", "Waiting to go live, newest first", window),
        _Section("live", "Went live lately", live),
        _Section("other", "Other landings named here", other),
    ]
