"""The table rows of the page, written by hand and not by a template: there may be 10,000 of them.

Optional end tags and quotes around numbers are left out, since a row is most of the page's weight. What
comes from outside goes through `_text` or `escape`; what stands unquoted is a number or a word of ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from html import escape
from typing import Literal

from markupsafe import Markup

from shepherd.snapshot import LandingEntry, Progress, Snapshot, State
from shepherd.views.acting import Acting
from shepherd.views.clean import LONGEST, LONGEST_SENTENCE, clean, fill_address, is_web_address
from shepherd.views.condition_html import ConditionCells
from shepherd.views.markup import cut
from shepherd.views.words import standing
from shepherd.words import item_in_address, item_kind, item_name

Detail = Literal["full", "brief", "least"]
"""How much is told of a landing. In brief: those that nothing is to be done about come without links. The
least: also without their branch, and all without the link to their commit and what they wait behind."""

BLOCKERS_NAMED = 3
"""If there are more, only the oldest is named: long windows repeat them in every row."""
TARGETS_NAMED = 12
_SAYS_WHY: frozenset[State] = frozenset({"untestable", "testfix", "exempt"})
"""States whose reason is a rule that the table of words tells, not a fact of the one landing."""


class Rows:
    """Renders landings of one snapshot; knows what each number links to."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._known = {entry.revno for entry in snapshot.landings}
        self._bug = linker(snapshot.bug_url, "bug")
        self._request = linker(snapshot.request_url, "request")
        self._badges = _badges(snapshot)
        self._acting = Acting(snapshot)
        self._conditions = ConditionCells(snapshot)

    def render(self, entries: Iterable[LandingEntry], detail: Detail = "full") -> Markup:
        """One `<tr>` a landing: revno, how far it is, title with all details, person, when it landed."""
        rows = [
            self._brief(e, detail) if detail != "full" and _is_plain(e) else self._row(e, detail)
            for e in entries
        ]
        return Markup("".join(rows))  # noqa: S704  # every part is escaped in _row and _brief

    def _brief(self, entry: LandingEntry, detail: Detail) -> str:
        branch = [f"<bdi>{_text(entry.branch)}</bdi>"] if detail == "brief" and entry.branch else []
        more = _line([*branch, *_others(entry)])
        kept = self._conditions.progress(entry) if detail == "brief" else ""
        return (
            f"<tr id=r{entry.revno}><th>{_own(entry.revno)}"
            f"{_standing_cell(entry.progress, entry.state)}{kept}"
            f"<td>{_text(entry.title) or '(no title)'}{_brief_reason(entry)}{more}"
            f"<td>{_text(entry.person)}<td>{_minute(entry.landed_at)}"
        )

    def _row(self, entry: LandingEntry, detail: Detail) -> str:
        revno = entry.revno
        title = _text(entry.title) or "(no title)"
        reason = f"<p>{self._reason(entry)}"
        # what is to be done long after a landing needs its bug, which is linked
        if detail == "least":
            reason = "" if entry.state == "orphan" else reason
        elif entry.url and is_web_address(entry.url):
            title = f"<a href={_quoted(entry.url)}>{title}</a>"
        elif entry.url:
            title = f"{title} <i>{_text(entry.url)}</i>"
        return (
            f"<tr id=r{revno}><th>{_own(revno)}{self._badges.get(revno, '')}"
            f"{_standing_cell(entry.progress, entry.state)}{self._behind(entry) if detail != 'least' else ''}"
            f"<td>{title}{reason}{self._details(entry)}"
            f"<td>{_text(entry.person)}<td>{_minute(entry.landed_at)}"
        )

    def _behind(self, entry: LandingEntry) -> str:
        """What a landing waits behind: the oldest that blocks it, unless it is on its way out already."""
        others = entry.waits_for_count
        if entry.progress in ("live", "promoted", "deployable", "rolled-back"):
            return ""
        if not others:
            return self._conditions.progress(entry)
        names = entry.waits_for(BLOCKERS_NAMED)
        if others > BLOCKERS_NAMED and names:
            # said in row after row: the list of blockers has the link
            return f"<p>behind r{names[0]} and {others - 1} more"
        return f"<p>behind {self._revnos(names, BLOCKERS_NAMED, others)}"

    def _reason(self, entry: LandingEntry) -> str:
        """The reason, its bugs and requests as links; those that it does not name stand behind it."""
        links = {str(bug): self._bug(str(bug)) for bug in entry.bugs}
        links |= {request: self._request(request) for request in entry.requests}
        named, html = set(), []
        for part in cut(entry.reason_parts or (entry.reason,), LONGEST_SENTENCE):
            if isinstance(part, str):
                html.append(_sentence(part))
            elif part.kind == "item" and part.text in links:
                named.add(part.text)
                html.append(links[part.text])
            else:
                html.append(_sentence(part.text))
        others = [f"{item_kind(item)}{link}" for item, link in links.items() if item not in named]
        return "".join(html) + (f" · {' '.join(others)}" if others else "")

    def _details(self, entry: LandingEntry) -> str:
        """Everything that only some landings have."""
        parts = []
        if entry.closes:
            parts.append("closes " + " ".join(self._bug(f"#{bug}") for bug in entry.closes))
        if entry.branch:
            parts.append(f"<bdi>{_text(entry.branch)}</bdi>")
        if entry.labels:
            parts.append(_text(" ".join(entry.labels)))
        if entry.undone_by is not None:
            parts.append(f"undone by {self._revno(entry.undone_by)}")
        if entry.undoes:
            parts.append(f"undoes {self._revnos(entry.undoes, TARGETS_NAMED, len(entry.undoes))}")
        if entry.live_since is not None:
            parts.append(f"live since {_minute(entry.live_since)} UTC")
        if entry.promoted_at is not None:
            parts.append(f"promoted {_minute(entry.promoted_at)} UTC{promoter(entry)}")
        lines = [_line([*parts, *_others(entry)])]
        mover = entry.whose_move if entry.whose_move != entry.person else ""
        named = f"<b>{_text(mover)}</b>" if mover else ""
        if entry.remedy:
            lines.append(f"<p class=m>{named}{': ' if mover else ''}{self._acting.remedy_in_row(entry)}")
        elif mover:
            lines.append(f"<p class=m>{named}")
        lines += [f"<p class=w>{_sentence(warning)}" for warning in entry.warnings]
        lines += [f"<p class=h>{_sentence(hint)}" for hint in entry.hints]
        if entry.conditions or entry.checks or entry.touches:
            lines.append(self._conditions.details(entry))
        return "".join(lines)

    def _revno(self, revno: int) -> str:
        return f"<a href=#r{revno}>r{revno}</a>" if revno in self._known else f"r{revno}"

    def _revnos(self, revnos: Iterable[int], shown: int, total: int) -> str:
        names = [self._revno(revno) for revno in list(revnos)[:shown]]
        more = total - len(names)
        return " ".join(names) + (f" and {more} more" if more else "")


def _own(revno: int) -> str:
    """A landing's number, as a link to its own row, to be passed on."""
    return f"<a href=#r{revno}>r{revno}</a>"


def _brief_reason(entry: LandingEntry) -> str:
    """What its state does not say already, and the bugs and requests that the filter finds it by."""
    if entry.state not in _SAYS_WHY:
        return f"<p>{_sentence(entry.reason)}"
    named = [_text(item_name(item)) for item in (*map(str, entry.bugs), *entry.requests)]
    return f"<p>{' '.join(named)}" if named else ""


def _line(parts: list[str]) -> str:
    return f"<p class=k>{' · '.join(parts)}" if parts else ""


def _others(entry: LandingEntry) -> list[str]:
    """Who merged it, and its co-authors, by whom the filter finds it."""
    merged = [f"merged by {_text(entry.merged_by)}"] if entry.merged_by else []
    names = ", ".join(map(_text, entry.co_authors))
    return [*merged, f"with <span class=c>{names}</span>"] if names else merged


def _is_plain(entry: LandingEntry) -> bool:
    return entry.good and not (entry.warnings or entry.hints or entry.undoes or entry.undone_by)


def promoter(entry: LandingEntry) -> str:
    """Who released it, as far as the snapshot knows."""
    return f" by {_text(entry.promoted_by)}" if entry.promoted_by else ""


def _quoted(address: str) -> str:
    """An address as the value of an attribute, without quotes where none are needed: they are many."""
    return escape(address) if _PLAIN(address) else f'"{escape(address)}"'


_PLAIN = re.compile(r"https?://[A-Za-z0-9:/.?#_~&;,+%-]*[A-Za-z0-9]").fullmatch


def _text(text: str, longest: int = LONGEST) -> str:
    if len(text) > longest or not text.isprintable():
        text = clean(text, longest)
    return escape(text, quote=False)


def _sentence(text: str) -> str:
    return _text(text, LONGEST_SENTENCE)


def _minute(moment: datetime) -> str:
    """In UTC, to the minute; the caller names the zone."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(" ", "minutes")[:16]


@cache
def _standing_cell(progress: Progress, state: State) -> str:
    stands = standing(progress, state)
    classes = stands.classes if " " not in stands.classes else f'"{stands.classes}"'
    return f"<td class={classes}>{stands.far}" + (f"<p>{stands.own}" if stands.own else "")


def _badges(snapshot: Snapshot) -> dict[int, str]:
    badges: dict[int, str] = {}
    for name, rev in (
        ("latest deployable", snapshot.deployable),
        ("tip", snapshot.tip),
        ("on QA", snapshot.on_qa),
        ("promoted", snapshot.promoted),
        ("in production", snapshot.deployed),
    ):
        if rev is not None:
            badges[rev.revno] = f"{badges.get(rev.revno, '')} <b>{name}</b>"
    return badges


def linker(pattern: str, name: str) -> Callable[[str], str]:
    """A number or key -> its link, or the bare text where there is no pattern that may be followed."""

    @cache
    def link(item: str) -> str:
        bare = item_in_address(item)
        address = fill_address(pattern, name, bare) if bare else ""
        return f"<a href={_quoted(address)}>{_text(item)}</a>" if address else _text(item)

    return link
