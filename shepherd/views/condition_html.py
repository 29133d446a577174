"""What a candidate waits for although nothing blocks it, as HTML: names of checks are links
(docs/guide.md#checks-limits-and-freezes).

Names, addresses and words of checks, paths and reasons come from outside: all of them are cut and escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from markupsafe import Markup

from shepherd.conditions import ConditionState
from shepherd.sentence import Sentence, parts_of
from shepherd.snapshot import CheckEntry, LandingEntry, LimitEntry, LimitTouch, Snapshot
from shepherd.views.clean import LONGEST, LONGEST_SENTENCE, clean, is_web_address
from shepherd.views.conditions import NAMED as SENTENCE_NAMES
from shepherd.views.conditions import called, check_words, counting_for, waits
from shepherd.views.markup import cut, sentence
from shepherd.views.words import count, some

NAMED = 2
"""Checks that the narrow column of a table names."""
LISTED = 50
"""Checks of one landing that are listed."""
REVNOS_NAMED = 6
CHECK_STATES: Mapping[ConditionState, tuple[str, str]] = {
    "holds": ("deployable", "passed"),
    "not-yet": ("needs-qa", "not yet"),
    "no": ("bad", "failed"),
    "unknown": ("unknown", "unknown"),
}
"""State of a check -> the class that gives it its colour, and what it is called."""
_PATHS = 160


def linked(text: str, checks: Iterable[CheckEntry], page: str = "") -> Markup:
    """A sentence of `conditions.waits`, in which the names of these checks are links to where a person can
    read more, and revisions to their rows.

    Args:
        page: the address of the page that has the rows; empty: the one on which the sentence stands.
    """
    links = {called(each): check_link(each) for each in checks}
    html: list[str] = []
    for part in cut(parts_of(text), LONGEST_SENTENCE):
        if isinstance(part, str):
            html.append(sentence(part))
        elif part.kind == "item" and part.text in links:
            html.append(links[part.text])
        elif part.kind == "revision":
            html.append(f'<a href="{escape(page)}#{escape(part.text)}">{escape(part.text)}</a>')
        else:
            html.append(sentence(Sentence(part)))
    return Markup("".join(html))  # noqa: S704  # every piece is escaped


def check_link(check: CheckEntry) -> Markup:
    """Its name, as a link where there is an address that may be followed."""
    name = f"<bdi>{escape(called(check), quote=False)}</bdi>"
    if not is_web_address(check.url):
        return Markup(name)  # noqa: S704  # escaped
    return Markup(f'<a rel="noopener" href="{escape(check.url)}">{name}</a>')  # noqa: S704  # escaped


def is_kept_back(entry: LandingEntry) -> bool:
    """Whether a condition, and no other landing, is why it may not go. What goes out with a newer landing
    need not hold one itself."""
    return (
        bool(entry.conditions)
        and not entry.blocked_by_count
        and not entry.deployable_as_tip
        and entry.progress not in ("live", "deployable")
    )


def why_kept_back(entry: LandingEntry) -> Sentence:
    """ "waits for ci/build (running since …)", to stand behind a revision."""
    first, *rest = waits(entry).parts
    # "r31" and a blank stand before it
    if rest and isinstance(rest[0], str):
        return Sentence(rest[0].lstrip(), *rest[1:])
    return Sentence(*rest) if rest else Sentence(first)


def in_few_words(entry: LandingEntry) -> str:
    """ "waits for ci/build and 2 more", "over a limit"; empty where no condition keeps it back."""
    if not is_kept_back(entry):
        return ""
    names = [called(each) for each in entry.missing]
    if not names:
        return "over a limit" if entry.over_limits else "waits for its checks"
    return f"waits for {some(names, NAMED)}"


class ConditionCells:
    """What the table of landings says of conditions: a part of two of its cells."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._limits = snapshot.limits
        self._counting = counting_for(snapshot)

    def progress(self, entry: LandingEntry) -> str:
        """What it waits for, to stand below how far it is."""
        said = in_few_words(entry)
        return f"<p>{escape(said, quote=False)}" if said else ""

    def details(self, entry: LandingEntry) -> str:
        """Everything about the conditions of a candidate; of most landings nothing."""
        html = []
        if is_kept_back(entry):
            html.append(f"<p class=q>{linked(why_kept_back(entry), entry.checks)}")
        elif entry.blocked_by_count:
            html += [f"<p class=q>{escape(clean(each))}" for each in entry.over_limits]
        html += [self._limit(each, entry.revno) for each in entry.touches]
        # what the sentence above says of one or two need not be said twice; of what could not be read it does
        # not say why
        unread = any(each.state == "unknown" for each in entry.missing)
        if unread or len(entry.checks) > min(len(entry.missing), SENTENCE_NAMES):
            html.append(check_list(entry.checks))
        return "".join(html)

    def _limit(self, touch: LimitTouch, revno: int) -> str:
        if touch.limit >= len(self._limits):
            return ""
        changed = escape(clean(", ".join(touch.paths), _PATHS))
        if not touch.counts:
            return f"<p class=k>changes {changed} back: counts for a limit only if what it undoes is live"
        limit = self._limits[touch.limit]
        most = f"at most {limit.max}" if limit.max else "none"
        why = f" ({escape(clean(limit.reason))})" if limit.reason else ""
        others = [f"r{each}" for each in self._counting.get(touch.limit, ()) if each != revno]
        also = f"; also {some(others, REVNOS_NAMED)}" if others else ""
        return f"<p class=k>changes {changed}: counts for a limit, {most} in one deployment{why}{also}"


def limit_words(limit: LimitEntry) -> Markup:
    """ "at most 1 landing that touches patch-*.sql: one schema change a day", escaped."""
    most = count(limit.max, "landing") if limit.max else "no landing"
    paths = " or ".join(f"<code>{escape(clean(each, _PATHS))}</code>" for each in limit.paths[:NAMED])
    more = f" or {len(limit.paths) - NAMED} more patterns" if len(limit.paths) > NAMED else ""
    why = f": {escape(clean(limit.reason, LONGEST))}" if limit.reason else ""
    touch = "touch" if limit.max > 1 else "touches"
    at_most = "at most " if limit.max else ""
    return Markup(f"{at_most}{most} that {touch} {paths}{more}{why}")  # noqa: S704  # escaped


def check_list(checks: Sequence[CheckEntry], whose: str = "") -> Markup:
    """Every check with its state and link, folded under how many there are of each state; `whose`: words of
    ours in front of these."""
    counted = Counter(each.state for each in checks)
    parts = [f"{counted[state]} {called}" for state, (_, called) in CHECK_STATES.items() if counted[state]]
    lines = [
        f"<li><b class={CHECK_STATES[each.state][0]}>{CHECK_STATES[each.state][1]}</b> {check_link(each)}"
        f" {sentence(check_words(each))}"
        for each in checks[:LISTED]
    ]
    if len(checks) > LISTED:
        lines.append(f"<li>and {len(checks) - LISTED} more")
    return Markup(  # noqa: S704  # every piece is escaped
        f"<details><summary>{whose}{count(len(checks), 'check')}: {', '.join(parts)}</summary>"
        f"<ul class=checks>{''.join(lines)}</ul></details>"
    )
