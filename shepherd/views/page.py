"""The pages: complete HTML from snapshot and situation, readable without script, network or server.

Everything that depends on the situation stands in `<head>` (title, icon) and `<header id="situation">`; the
rest of a branch's page is a function of the snapshot alone, so that refreshing a banner is rendering the same
snapshot again (docs/interfaces.md#snapshot).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct

from shepherd.cautions import Caution, cautions, drawn_as, maintenance, released, stopping
from shepherd.situation import Situation
from shepherd.snapshot import Answer, Blocker, LandingEntry, Rev, Snapshot
from shepherd.values import age
from shepherd.views import answer, times, words
from shepherd.views.banners import CALLED, Banner, branch_banners, caution_banner, situation_banners
from shepherd.views.clean import clean
from shepherd.views.icon import icon
from shepherd.views.persons import persons
from shepherd.views.picture import picture
from shepherd.views.rows import Rows
from shepherd.views.system import stages, summary
from shepherd.views.templates import pages

LATELY = timedelta(days=30)
"""How long a landing that went live stays in the list of those that did (docs/interfaces.md#snapshot,
landings)."""
BLOCKERS_SHOWN = 10
PART = 200
"""Landings in one table."""
IN_FULL = 1000
"""Landings of a section that are told in full; older ones in brief if all is well with them."""

Link = tuple[str, str]
"""What it is called, and its address relative to the page."""


class _Block(Struct, frozen=True):
    """A blocker with what its landing says of it."""

    blocker: Blocker
    entry: LandingEntry | None
    stands: words.StateMark | None
    move: str
    author: str
    """Whose landing it is, where the move is somebody else's."""
    frees: str
    told: str


class _Part(Struct, frozen=True):
    """One table: a browser passes over those that are out of sight."""

    name: str
    entries: list[LandingEntry]
    brief: bool


class _Row(Struct, frozen=True):
    """One branch on the page of all."""

    snapshot: Snapshot
    found: tuple[Caution, ...]

    @property
    def drawn(self) -> Answer:
        return drawn_as(self.snapshot, self.found)

    @property
    def released(self) -> Rev | None:
        return released(self.snapshot, self.found)

    @property
    def names(self) -> list[str]:
        """What is to be known of it, in a word each."""
        return [CALLED[caution.kind] for caution in self.found]

    @property
    def banners(self) -> list[Banner]:
        """What its headline does not say, and what is not the same for every branch."""
        first = stopping(self.found)
        return [
            caution_banner(each) for each in self.found if each is not first and each.kind != "maintenance"
        ]


class _Section(Struct, frozen=True):
    key: str
    title: str
    entries: list[LandingEntry]

    @property
    def parts(self) -> list[_Part]:
        starts = range(0, len(self.entries), PART)
        return [_part(self.entries[start : start + PART], start >= IN_FULL) for start in starts]


def branch_page(
    snapshot: Snapshot, situation: Situation, links: Sequence[Link] = (), feeds: Sequence[Link] = ()
) -> str:
    """The page of one branch; `links` to other pages stand at its top, those to feeds at its end."""
    found = cautions(snapshot, situation)
    stop = stopping(found)
    return (
        pages()
        .get_template("branch.html.j2")
        .render(
            snapshot=snapshot,
            situation=situation,
            now=situation.now,
            found=found,
            stop=stop,
            drawn=drawn_as(snapshot, found),
            stale=stop is not None and stop.kind == "stale",
            released=released(snapshot, found),
            also=answer.also(found),
            banners=branch_banners(snapshot, situation, found),
            stages=stages(situation),
            summary=summary(situation),
            icon=icon(drawn_as(snapshot, found)),
            late_icon=icon("blocked"),
            feeds=feeds,
            links=links,
            wait=answer.wait_for(snapshot, found),
            blocks=_blocks(snapshot),
            picture=picture(snapshot),
            persons=persons(snapshot),
            sections=_sections(snapshot),
            rows=Rows(snapshot),
            answer=answer,
            words=words,
            times=times,
            age=age,
            clean=clean,
        )
    )


def index_page(snapshots: Sequence[Snapshot], situation: Situation, waiting: Sequence[str] = ()) -> str:
    """The page of all branches, in the order given; `waiting`: branches that have no snapshot yet.

    Each links to `BRANCH.html` beside it.
    """
    newest = max((snapshot.generated_at for snapshot in snapshots), default=None)
    rows = [_Row(snapshot, cautions(snapshot, situation)) for snapshot in snapshots]
    banners = [caution_banner(caution) for caution in maintenance(situation)]
    banners += situation_banners(situation, newest)
    return (
        pages()
        .get_template("index.html.j2")
        .render(
            snapshots=snapshots,
            rows=rows,
            also=list(dict.fromkeys(name for row in rows for name in row.names)),
            waiting=waiting,
            situation=situation,
            now=situation.now,
            banners=banners,
            stages=stages(situation),
            summary=summary(situation),
            icon=icon(_worst(rows)),
            answer=answer,
            words=words,
            times=times,
            clean=clean,
        )
    )


def _worst(rows: Sequence[_Row]) -> Answer:
    """What the tab of all branches shows: the worst that is to be known, else whether anything may go."""
    to_be_known = [row.drawn for row in rows if row.found]
    for drawn in ("no-data", "blocked"):
        if drawn in to_be_known:
            return drawn
    return "deploy" if any(row.released for row in rows) else "blocked"


def _blocks(snapshot: Snapshot) -> list[_Block]:
    entries = {entry.revno: entry for entry in snapshot.landings}
    blocks = []
    for blocker in snapshot.blockers[:BLOCKERS_SHOWN]:
        entry = entries.get(blocker.revno)
        author = words.name(blocker.person)
        move = answer.mover_of(blocker, entry)
        blocks.append(
            _Block(
                blocker,
                entry,
                words.standing(entry.progress, entry.state) if entry is not None else None,
                move,
                author if author != move else "",
                answer.frees(blocker),
                answer.told(blocker, snapshot) if blocker.list_told_on else "",
            )
        )
    return blocks


def _part(entries: list[LandingEntry], brief: bool) -> _Part:
    newest, oldest = entries[0].revno, entries[-1].revno
    which = f"r{newest}" if newest == oldest else f"r{newest} to r{oldest}"
    told = "; the good ones in brief, inv explain tells the rest" if brief else ""
    return _Part(f"{words.count(len(entries), 'landing')}, {which}{told}", entries, brief)


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
