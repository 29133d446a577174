"""The pages: complete HTML from snapshot and situation, readable without script, network or server.

Everything that depends on the situation stands in `<head>` (title, icon), `<header id="situation">` and the
sections of what goes live and what has to wait, which are left out where something stops the answer; the rest
of a branch's page is a function of the snapshot alone, so that refreshing a banner is rendering the same
snapshot again (docs/interfaces.md#snapshot).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from markupsafe import Markup
from msgspec import Struct

from shepherd.cautions import Caution, cautions, drawn_as, maintenance, released, stopping
from shepherd.sentence import ageless
from shepherd.situation import Situation
from shepherd.snapshot import Answer, Snapshot
from shepherd.views import answer, history, markup, overview, words
from shepherd.views.acting import Acting
from shepherd.views.banners import (
    Banner,
    branch_banners,
    called,
    caution_banner,
    said_first,
    situation_banners,
)
from shepherd.views.clean import clean
from shepherd.views.condition_html import linked
from shepherd.views.conditions import waiting
from shepherd.views.everybody import everybody
from shepherd.views.freezes import calendar
from shepherd.views.going_live import landing_sections
from shepherd.views.icon import icon
from shepherd.views.listing import sections
from shepherd.views.many import rank
from shepherd.views.note_lines import REFUSED
from shepherd.views.older import OlderPages
from shepherd.views.persons import persons
from shepherd.views.picture import picture
from shepherd.views.rows import Rows
from shepherd.views.system import is_well, schedule, stages, summary
from shepherd.views.templates import pages
from shepherd.views.what_else import what_else
from shepherd.views.words import full_sentence

BLOCKERS_SHOWN = 10
MANY = 10
"""With more branches than this, the page of all begins with what needs somebody."""
_PIECE = 100_000
"""Letters that are handed on together."""

Link = tuple[str, str]
"""What it is called, and its address relative to the page."""


def branch_page(
    snapshot: Snapshot,
    situation: Situation,
    links: Sequence[Link] = (),
    feeds: Sequence[Link] = (),
    older: OlderPages | None = None,
    help_address: str = "",
    trends_address: str = "",
) -> str:
    """The page of one branch; `links` to other pages stand at its top, those to feeds at its end.

    Args:
        older: the pages of what is live, if there are any.
        help_address, trends_address: the page for those who land code, and that of trends, if there are any.
    """
    return "".join(branch_page_pieces(snapshot, situation, links, feeds, older, help_address, trends_address))


def branch_page_pieces(
    snapshot: Snapshot,
    situation: Situation,
    links: Sequence[Link] = (),
    feeds: Sequence[Link] = (),
    older: OlderPages | None = None,
    help_address: str = "",
    trends_address: str = "",
) -> Iterator[str]:
    """The same in pieces, which end where lines do: with 100,000 landings it has 24 million letters."""
    known = cautions(snapshot, situation)
    stop = stopping(known)
    drawn = drawn_as(snapshot, known)
    yield from _whole_lines(
        _stream(
            "branch.html.j2",
            situation,
            branch_banners(snapshot, situation, known),
            said_first(snapshot, situation),
            icon=icon(drawn),
            also=answer.also(known),
            snapshot=snapshot,
            entries={entry.revno: entry for entry in snapshot.landings},
            known=known,
            stop=stop,
            drawn=drawn,
            released=released(snapshot, known),
            going=landing_sections(snapshot, stop),
            late_icon=icon("blocked"),
            feeds=feeds,
            links=links,
            older=older,
            help_address=help_address,
            trends_address=trends_address,
            wait=answer.wait_for(snapshot, known),
            freezes=calendar(snapshot, situation),
            waits=_waits(snapshot, known),
            what_else=what_else(snapshot),
            acting=Acting(snapshot),
            refused=REFUSED,
            blockers=snapshot.blockers[:BLOCKERS_SHOWN],
            picture=picture(snapshot),
            persons=persons(snapshot),
            sections=sections(snapshot),
            rows=Rows(snapshot),
            keyed=any(isinstance(bug, str) for entry in snapshot.landings for bug in entry.bugs),
        )
    )


def index_page(
    snapshots: Sequence[Snapshot],
    situation: Situation,
    waiting: Sequence[str] = (),
    helped: Collection[str] = (),
    feeds: Sequence[Link] = (),
) -> str:
    """The page of all branches, in the order given, or where there are many, with those first that need
    somebody; `waiting`: branches that have no snapshot yet.

    Each links to `BRANCH.html` next to it, and those in `helped` to `BRANCH.help.html`. Where there are
    several, people are found on all of them.
    """
    newest = max((snapshot.generated_at for snapshot in snapshots), default=None)
    branches = [(snapshot, cautions(snapshot, situation)) for snapshot in snapshots]
    if len(branches) > MANY:
        branches.sort(key=lambda each: rank(*each))
    names = [called(caution) for _, known in branches for caution in known]
    return _render(
        "index.html.j2",
        situation,
        [*map(caution_banner, maintenance(situation)), *situation_banners(situation, newest)],
        icon=icon(_worst(branches)),
        also=list(dict.fromkeys(names)),
        snapshots=snapshots,
        branches=branches,
        waiting=waiting,
        helped=helped,
        feeds=feeds,
        everybody=everybody(snapshots) if len(snapshots) > 1 else [],
        overview=overview,
        drawn_as=drawn_as,
        released=released,
        own_banners=_own_banners,
        calendar=calendar,
        waits=_waits,
        is_overdue=_is_overdue,
    )


class _Waits(Struct, frozen=True):
    """What is said first of the candidate that waits for a condition."""

    headline: str
    line: Markup | None
    wordy: bool = False
    """The headline is a long sentence."""


def _waits(snapshot: Snapshot, known: Sequence[Caution], page: str = "") -> _Waits:
    """Args:
    page: the address of the branch's page, where another one says it.
    """
    entry = waiting(snapshot)
    headline = answer.headline(snapshot, known)
    if entry is None:
        return _Waits(headline, None)
    line = answer.waits_line(snapshot, known)
    wordy = stopping(known) is None and snapshot.answer == "blocked"
    if wordy:
        headline = linked(headline, entry.checks, page)
    return _Waits(
        headline, linked(full_sentence(line), entry.checks, page) if line is not None else None, wordy
    )


def _render(
    template: str, situation: Situation, banners: Sequence[Banner], said: str = "", **others: object
) -> str:
    """A page, with what both kinds show; `said`: a sentence that stands above all this."""
    return "".join(_stream(template, situation, banners, said, **others))


def _stream(
    template: str, situation: Situation, banners: Sequence[Banner], said: str = "", **others: object
) -> Iterator[str]:
    """The same, as the template makes it: in pieces of any size."""
    return (
        pages()
        .get_template(template)
        .generate(
            situation=situation,
            now=situation.now,
            banners=banners,
            stages=stages(situation, said),
            summary=summary(situation),
            is_well=is_well(situation),
            schedule=schedule(situation),
            answer=answer,
            history=history,
            ageless=ageless,
            markup=markup,
            words=words,
            clean=clean,
            **others,
        )
    )


def _whole_lines(pieces: Iterator[str]) -> Iterator[str]:
    """Joined to pieces that are worth writing, and end where a line does."""
    held: list[str] = []
    letters = 0
    for piece in pieces:
        held.append(piece)
        letters += len(piece)
        if letters > _PIECE and "\n" in piece:
            lines, end, rest = "".join(held).rpartition("\n")
            yield lines + end
            held, letters = [rest], len(rest)
    yield "".join(held)


def _is_overdue(known: Sequence[Caution]) -> bool:
    """Whether what stops the answer should have ended by now."""
    stop = stopping(known)
    return stop is not None and stop.overdue


def _own_banners(known: Sequence[Caution]) -> list[Banner]:
    """What the headline of a branch does not say, and what is not the same for every branch."""
    first = stopping(known)
    return [caution_banner(each) for each in known if each is not first and each.kind != "maintenance"]


def _worst(branches: Sequence[tuple[Snapshot, Sequence[Caution]]]) -> Answer:
    """What the tab of all branches shows: the worst that is to be known, else whether anything may go."""
    to_be_known = [drawn_as(snapshot, known) for snapshot, known in branches if known]
    for drawn in ("no-data", "blocked"):
        if drawn in to_be_known:
            return drawn
    return "deploy" if any(released(snapshot, known) for snapshot, known in branches) else "blocked"
