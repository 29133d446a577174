"""Release notes as people paste them somewhere else: plain text, and Markdown
(docs/guide.md#what-goes-live)."""

from __future__ import annotations

import re
from collections.abc import Callable

from shepherd.deployment import proposed
from shepherd.notes import NoteLine, ReleaseNotes, rolled_back_by
from shepherd.snapshot import LandingEntry, Snapshot
from shepherd.views.clean import LONGEST_ADDRESS, clean, fill_address, is_web_address
from shepherd.views.terminal import plain
from shepherd.views.words import count, name, utc
from shepherd.words import item_in_address, item_name


def notes_of(snapshot: Snapshot) -> ReleaseNotes | None:
    """The notes of the deployment that the answer proposes; None where it proposes none."""
    following = proposed(snapshot)
    if following is None:
        return None
    entries = {entry.revno: entry for entry in snapshot.landings}
    gone = {*following.undone, *following.taken_out}
    to = following.to.revno
    # at the tip it is mostly the same landing
    at_tip = {
        e.revno: e.undone_by for e in snapshot.landings if e.undone_by is not None and e.undone_by <= to
    }
    by = at_tip | rolled_back_by(gone, to, gone, {e.revno: e.targets for e in snapshot.landings})

    def line(revno: int) -> NoteLine:
        return note_line(
            entries.get(revno) or revno,
            rolled_back=revno in gone,
            by=by.get(revno) if revno in gone else None,
            again=revno <= following.base.revno and revno not in gone,
        )

    return ReleaseNotes(
        branch=snapshot.branch,
        base=following.base,
        to=following.to,
        landings=tuple(map(line, following.landings)),
        taken_out=tuple(map(line, following.taken_out)),
        compare_url=following.compare_url,
        bug_url=snapshot.bug_url,
        request_url=snapshot.request_url,
    )


def note_line(entry: LandingEntry | int, *, rolled_back: bool, by: int | None, again: bool) -> NoteLine:
    """A line of what the answer knows of a landing; a number is one that it does not list."""
    if isinstance(entry, int):
        return NoteLine(entry, "", "", "", rolled_back=rolled_back, rolled_back_by=by, again=again)
    return NoteLine(
        entry.revno,
        entry.id,
        entry.title,
        entry.person,
        entry.bugs,
        entry.requests,
        entry.url,
        entry.state,
        rolled_back,
        by,
        again,
    )


def within(rolled_back: int) -> str:
    """What stands behind the number of landings that go live: how many of them are rolled back again by the
    others; empty if none is."""
    return f"{rolled_back} of them rolled back again within it" if rolled_back else ""


def aside(line: NoteLine) -> str:
    """What else there is to know of a landing that goes live; mostly nothing."""
    if line.rolled_back:
        return f"rolled back by r{line.rolled_back_by}" if line.rolled_back_by else "rolled back again"
    return "runs again: it was rolled back before" if line.again else ""


def as_text(notes: ReleaseNotes) -> str:
    """Plain text: a line for each landing, however long. Ends without a line end."""
    place = max((len(str(line.revno)) for line in notes.landings), default=1) + 1
    lines = [f"{plain(notes.branch)}: {_from_to(notes)}", f"{_number(notes)}{_promoted(notes, plain)}", ""]
    lines += [_text_line(line, place) for line in notes.landings]
    if notes.taken_out:
        lines += ["", "Rolled back by it:", *(_text_line(line, place) for line in notes.taken_out)]
    lines += ["", f"Revision: {clean(notes.to.id)}"]
    if notes.compare_url and is_web_address(notes.compare_url):
        lines.append(f"Compare: {plain(notes.compare_url, LONGEST_ADDRESS)}")
    return "\n".join(lines)


def _text_line(line: NoteLine, place: int) -> str:
    more = ", ".join(filter(None, [line.person and name(line.person), *_items(line), aside(line)]))
    title = plain(line.title) or "(no title)"
    return f"{f'r{line.revno}':<{place}}  {title}" + (f" ({plain(more, 2000)})" if more else "")


def as_markdown(notes: ReleaseNotes) -> str:
    """Markdown: a list with links, without HTML. What comes from outside is escaped. Ends without a line
    end."""
    lines = [
        f"## {_escaped(notes.branch)}: {_from_to(notes)}",
        "",
        f"{_number(notes)}{_promoted(notes, _escaped)}.",
        "",
    ]
    lines += [_markdown_line(line, notes) for line in notes.landings]
    if notes.taken_out:
        lines += ["", "Rolled back by it:", ""]
        lines += [_markdown_line(line, notes) for line in notes.taken_out]
    lines += ["", f"Revision: `{_sha(notes.to.id)}`"]
    if compare := _target(notes.compare_url or ""):
        lines += ["", f"[Compare]({compare})"]
    return "\n".join(lines)


def _markdown_line(line: NoteLine, notes: ReleaseNotes) -> str:
    title = _escaped(line.title) or "(no title)"
    items = [
        *(_link(item_name(str(bug)), fill_address(notes.bug_url, "bug", str(bug))) for bug in line.bugs),
        *(_link(request, _request_address(request, notes)) for request in line.requests),
    ]
    said = [_link(f"r{line.revno}", line.url), line.person and _escaped(name(line.person)), *items]
    more = ", ".join(filter(None, [*said, aside(line)]))
    return f"- {f'~~{title}~~' if line.rolled_back else title} ({more})"


def _request_address(request: str, notes: ReleaseNotes) -> str:
    bare = item_in_address(request)
    return fill_address(notes.request_url, "request", bare) if bare else ""


def _items(line: NoteLine) -> list[str]:
    return [*map(item_name, map(str, line.bugs)), *map(clean, line.requests)]


def _from_to(notes: ReleaseNotes) -> str:
    return f"r{notes.base.revno} to r{notes.to.revno}"


def _number(notes: ReleaseNotes) -> str:
    return ", ".join(filter(None, [count(len(notes.landings), "landing"), within(notes.rolled_back)]))


def _promoted(notes: ReleaseNotes, shown: Callable[[str], str]) -> str:
    if notes.promoted_at is None:
        return ""
    by = f" by {shown(name(notes.promoted_by))}" if notes.promoted_by else ""
    return f"; promoted {utc(notes.promoted_at)}{by}"


_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&$])")
"""What means something within a line; a backslash before it takes that away."""
_AT_THE_START = re.compile("[+-]|[0-9]+[.)]")
"""What would make the text of an item another list."""


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    text = _MARKUP.sub(r"\\\1", " ".join(clean(text).split()))
    start = _AT_THE_START.match(text)
    return text if start is None else f"{text[: start.end() - 1]}\\{text[start.end() - 1 :]}"


def _link(text: str, address: str) -> str:
    target = _target(address)
    return f"[{_escaped(text)}]({target})" if target else _escaped(text)


def _target(address: str) -> str:
    """The address as Markdown takes it between brackets; empty if it may not be followed."""
    if not is_web_address(address):
        return ""
    return "".join(f"%{ord(sign):02X}" if sign in _ENDING else sign for sign in address)


_ENDING = "()<>\\`\"'[]*|"
"""What may end an address, or begin something else in it."""


def _sha(text: str) -> str:
    return re.sub(r"[^0-9a-f]", "", text)
