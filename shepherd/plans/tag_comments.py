"""What the tagger writes under a bug: plain text, whose last line tells it from every other comment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from shepherd.landing import Landing
from shepherd.values import clean
from shepherd.words import Item, Word


class Wording(Struct, frozen=True):
    """How this team's tracker and branch are spoken of."""

    branch: str
    landed: str = "Fix Committed"
    """The status of a bug whose fix is in QA; empty: statuses are left alone."""
    rolled_back: str = "In Progress"
    texts: Mapping[str, str] = {}
    """Word -> the tag or label that stands for it here, where that is not `qa-WORD`."""
    landing_url: str = ""

    def text(self, word: str) -> str:
        return self.texts.get(word, f"qa-{word}")


def comment(
    landing: Landing,
    item: Item,
    role: str,
    about: Sequence[int],
    asks: bool,
    words: Sequence[Word],
    others: bool,
    wording: Wording,
) -> str:
    """The comment on one item about one landing.

    Args:
        about: the landings that it rolls back or brings back; the landing itself where it names the item.
        words: what the item says once the tags are written.
        others: whether other landings on the item still need QA.
    """
    it = f"r{landing.revno} of {wording.branch}"
    revs = " and ".join(f"r{p}" for p in about)
    were = "were" if len(about) > 1 else "was"
    if role == "rolled-back":
        first = f"{revs} {were} rolled back by {it}."
        second = "Whoever lands it again names this bug again." if isinstance(item, int) else ""
    elif role == "back":
        first = f"{revs} {were} brought back by {it}."
        second = _how_to_mark(item, about[-1], wording) if "needstesting" in words else ""
    else:
        first = f"{'A step towards this' if 'incr' in landing.labels else 'This'} landed as {it}."
        second = _of_landing(landing, item, asks, words, others, wording)
    where = wording.landing_url.replace("{id}", landing.id).replace("{revno}", str(landing.revno))
    from_branch = f"Branch: {clean(landing.branch, 200)}" if landing.branch else ""
    facts = [f"Commit: {landing.id}", from_branch, landing.url or where]
    last = f"-- QA Shepherd, {wording.branch} r{landing.revno} {landing.id[:12]}"
    return "\n\n".join(
        part for part in (first, "\n".join(fact for fact in facts if fact), second, last) if part
    )


def _of_landing(
    landing: Landing, item: Item, asks: bool, words: Sequence[Word], others: bool, wording: Wording
) -> str:
    if asks:
        return _how_to_mark(item, landing.revno, wording)
    rest = " Other landings here still need QA." if others else ""
    if "qa-ok" in landing.labels:
        return f"QA was done before it landed.{rest}"
    if "no-qa" in landing.labels:
        return f"It needs no QA.{rest}"
    standing = " and ".join(wording.text(word) for word in words if word in ("ok", "untestable"))
    return f"It bears {standing} already, which counts for it.{rest}" if standing else rest.strip()


def _how_to_mark(item: Item, revno: int, wording: Wording) -> str:
    bad = wording.text("bad")
    if isinstance(item, int):
        bad += f" and bad-commit-{revno}"
    return (
        f"Please try it on the QA server. If it works, mark this {wording.text('ok')} instead of"
        f" {wording.text('needstesting')}; if it does not, {bad}; if nobody can try it,"
        f" {wording.text('untestable')}."
    )
