"""The sections "Goes live with r28" and "Must wait" of a branch's page (docs/guide.md#what-goes-live).

They stand outside the header and still depend on the situation: where something stops the answer, nothing
invites to deploy what may not be deployed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup
from msgspec import Struct

from shepherd.cautions import Caution, code_of
from shepherd.deployment import must_wait, proposed
from shepherd.errors import NO_DATA
from shepherd.notes import NoteLine, ReleaseNotes
from shepherd.snapshot import LandingEntry, Snapshot
from shepherd.views.acting import command
from shepherd.views.clean import clean, is_web_address
from shepherd.views.condition_html import in_few_words
from shepherd.views.notes import aside, notes_of, within
from shepherd.views.rows import linker
from shepherd.views.words import STATES, name, some, standing
from shepherd.words import item_kind

SHOWN = 25
"""Landings of a section that are seen at once; the others are folded."""
UNFOLDED = 5
"""Others that are too few to be folded."""
LISTED = 100
"""Landings that go live and are listed there at all: the list of all landings has the rest. Of what waits no
more than SHOWN are, since they stand next to what blocks them."""
BLOCKERS_NAMED = 2
_SHA = 12
"""Characters of a SHA by which git finds a commit in any project."""
TITLE, PERSON = 120, 40
"""Characters of a title and of a name that are shown: the list of all landings has the whole."""


class SectionLine(Struct, frozen=True):
    """One landing as these sections show it."""

    revno: int
    listed: bool
    """Whether the page has a row for it, which can be linked."""
    title: str
    person: str
    classes: str
    state: str
    items: Markup
    """Its bugs and requests, each a link where its address is known."""
    aside: str
    gone: bool
    """It is rolled back, so its title is struck."""


class LandingSection(Struct, frozen=True):
    """One of the two."""

    key: str
    title: str
    intro: str
    """What the title leaves open; mostly empty."""
    lines: tuple[SectionLine, ...]
    total: int
    compare_url: str = ""
    diff: Markup = Markup()
    """The command that shows what changes; empty where that is not known."""
    notes: bool = False
    """The release notes may be taken from here."""
    taken_out: tuple[SectionLine, ...] = ()

    @property
    def shown(self) -> Sequence[SectionLine]:
        return self.lines[: _seen(len(self.lines))]

    @property
    def folded(self) -> Sequence[SectionLine]:
        return self.lines[_seen(len(self.lines)) :]

    @property
    def more(self) -> int:
        """How many it does not list."""
        return self.total - len(self.lines)


def landing_sections(snapshot: Snapshot, stop: Caution | None) -> list[LandingSection]:
    """What goes live, where something does, and what has to wait, where something has to.

    Args:
        stop: the caution that stops the answer. Where that is a matter of data, nobody knows what would go
            live, so there is neither; else the title says "would".
    """
    if not snapshot.complete or (stop is not None and code_of(stop) == NO_DATA):
        return []
    lines = _Lines(snapshot)
    return [
        section for section in (_goes_live(snapshot, lines, stop), _must_wait(snapshot, lines)) if section
    ]


def _goes_live(snapshot: Snapshot, lines: _Lines, stop: Caution | None) -> LandingSection | None:
    notes = notes_of(snapshot)
    if notes is None:
        return None
    goes = "Goes" if stop is None else "Would go"
    following = proposed(snapshot)
    later = set(following.undone_later) if following else set()
    compare_url = notes.compare_url or ""
    return LandingSection(
        key="next",
        title=f"{goes} live with r{notes.to.revno} ({len(notes.landings)})",
        intro=within(notes.rolled_back),
        lines=tuple(lines.going(line, line.revno in later) for line in notes.landings[:LISTED]),
        total=len(notes.landings),
        compare_url=compare_url if is_web_address(compare_url) else "",
        diff=_diff(notes) if stop is None else Markup(),
        notes=stop is None,
        taken_out=tuple(lines.going(line, False) for line in notes.taken_out[:LISTED]),
    )


def _diff(notes: ReleaseNotes) -> Markup:
    base, to = notes.base.id[:_SHA], notes.to.id[:_SHA]
    return command(f"git diff {base} {to}") if base else Markup()


def _must_wait(snapshot: Snapshot, lines: _Lines) -> LandingSection | None:
    number = must_wait(snapshot)
    if not number or snapshot.tip is None:
        return None
    first = snapshot.tip.revno - number + 1
    listed = range(first, first + _seen(number))
    return LandingSection(
        key="must-wait",
        title=f"Must wait ({number})",
        intro="",
        lines=tuple(map(lines.waiting, listed)),
        total=number,
    )


def _seen(number: int) -> int:
    """How many of so many landings are seen at once."""
    return number if number <= SHOWN + UNFOLDED else SHOWN


class _Lines:
    """The lines of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._entries = {entry.revno: entry for entry in snapshot.landings}
        self._bug = linker(snapshot.bug_url, "bug")
        self._request = linker(snapshot.request_url, "request")

    def going(self, line: NoteLine, undone_later: bool) -> SectionLine:
        entry = self._entries.get(line.revno)
        said = aside(line)
        if undone_later:
            said = "a landing that must wait rolls it back"
        classes, state = "", ""
        if entry is not None and not line.rolled_back:
            stands = standing(entry.progress, entry.state)
            # that it goes live need not be said of each
            classes, state = stands.mark, stands.both if entry.progress == "promoted" else STATES[entry.state]
        return self._line(line.revno, entry, classes, state, said, line.rolled_back)

    def waiting(self, revno: int) -> SectionLine:
        entry = self._entries.get(revno)
        if entry is None:
            return self._line(revno, None, "", "", "", False)
        stands = standing(entry.progress, entry.state)
        if entry.progress == "rolled-back":
            by = f"rolled back by r{entry.undone_by}" if entry.undone_by is not None else "rolled back"
            return self._line(revno, entry, "", "", by, True)
        return self._line(revno, entry, stands.classes, stands.both, self._why_it_waits(entry), False)

    def _why_it_waits(self, entry: LandingEntry) -> str:
        """Whose move it is if it is not good, else what it waits for."""
        if not entry.good:
            return f"{clean(name(entry.whose_move), PERSON)}'s move" if entry.whose_move else ""
        others = [self._blocking(r) for r in entry.waits_for(BLOCKERS_NAMED)]
        if not others:
            return in_few_words(entry)
        return f"waits for {some(others, BLOCKERS_NAMED, entry.waits_for_count)}"

    def _blocking(self, revno: int) -> str:
        """What blocks older revisions may be rolled back by a newer one, so that nobody has to clear it."""
        entry = self._entries.get(revno)
        if entry is None or entry.progress != "rolled-back" or entry.undone_by is None:
            return f"r{revno}"
        return f"r{revno} (r{entry.undone_by} rolls it back)"

    def _line(
        self, revno: int, entry: LandingEntry | None, classes: str, state: str, said: str, gone: bool
    ) -> SectionLine:
        return SectionLine(
            revno=revno,
            listed=entry is not None,
            title=clean(entry.title, TITLE) if entry is not None else "",
            person=clean(name(entry.person), PERSON) if entry is not None else "",
            classes=classes,
            state=state,
            items=_items(entry, self._bug, self._request) if entry is not None else Markup(),
            aside=said,
            gone=gone,
        )


def _items(entry: LandingEntry, bug: Callable[[str], str], request: Callable[[str], str]) -> Markup:
    bugs = map(str, entry.bugs)
    links = [*(f"{item_kind(each)}{bug(each)}" for each in bugs), *map(request, entry.requests)]
    return Markup(" ".join(links))  # noqa: S704  # `linker` escapes
