"""The text of the tagger's comments: plain text, whose last line no other comment has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Protocol

from msgspec import Struct

from shepherd.landing import Landing
from shepherd.values import clean
from shepherd.words import GOOD_WORDS, Item, Word, is_request


class CommentWording(Struct, frozen=True):
    """The names of this team's branch, tags and statuses, as its comments use them."""

    branch: str
    landed: str = "Fix Committed"
    """The status of a bug whose fix is in QA; empty: statuses are left alone."""
    rolled_back: str = "In Progress"
    texts: Mapping[str, str] = {}
    """Word -> what stands for it here, where that is not `qa-WORD`: a tag or label, a status, a value."""
    says: Mapping[Word, str] = {}
    """Word -> how one says it, where people do that by a status or in a field: `set this to "QA passed"`."""
    landing_url: str = ""

    def text(self, word: str) -> str:
        return self.texts.get(word, f"qa-{word}")


class CommentLine(Struct, frozen=True):
    """What one landing means for the item that is commented on."""

    landing: Landing
    role: str
    about: tuple[int, ...]
    """The landings that it rolls back or brings back; the landing itself where it names the item."""
    asks: bool
    others: bool
    """Whether other landings on the item still need QA."""


class _Revision(Protocol):
    @property
    def revno(self) -> int: ...
    @property
    def id(self) -> str: ...


def sign_of(landing: _Revision) -> str:
    """The end of the last line of a comment whose newest landing is this one."""
    return f"r{landing.revno} {landing.id[:12]}"


def comment(
    lines: Sequence[CommentLine], item: Item, words: Sequence[Word], sign: str, wording: CommentWording
) -> str:
    """Return the comment on one item about some landings, in their order.

    Args:
        words: those of the item once its tags are written.
        sign: see `sign_of`.
    """
    facts = "\n".join(_facts(lines, wording))
    parts = ("\n".join(_firsts(lines, wording)), facts, "\n".join(_seconds(lines, item, words, wording)))
    return "\n\n".join(part for part in (*parts, f"-- QA Shepherd, {wording.branch} {sign}") if part)


def _firsts(lines: Sequence[CommentLine], wording: CommentWording) -> Iterator[str]:
    """Yield what happened, a sentence each; consecutive landings to which the same happened share one."""

    def kind(each: CommentLine) -> str | int:
        if each.role != "landed":
            return each.landing.revno
        return "A step towards this" if "incr" in each.landing.labels else "This"

    for what, some in groupby(lines, kind):
        group = list(some)
        by = f"{revs([each.landing.revno for each in group])} of {wording.branch}"
        if isinstance(what, str):
            yield f"{what} landed as {by}."
            continue
        about = group[0].about
        how = "rolled back" if group[0].role == "rolled-back" else "brought back"
        yield f"{' and '.join(f'r{p}' for p in about)} {'were' if len(about) > 1 else 'was'} {how} by {by}."


def _facts(lines: Sequence[CommentLine], wording: CommentWording) -> Iterator[str]:
    """Yield commit, branch and link of one landing; of several, a line each, and the branches."""
    for each in lines:
        landing = each.landing
        where = wording.landing_url.replace("{id}", landing.id).replace("{revno}", str(landing.revno))
        link = landing.url or where
        if len(lines) > 1:
            yield f"r{landing.revno}: {landing.id}{f' {link}' if link else ''}"
            continue
        yield f"Commit: {landing.id}"
        yield from _branches(lines)
        if link:
            yield link
    if len(lines) > 1:
        yield from _branches(lines)


def _branches(lines: Sequence[CommentLine]) -> list[str]:
    names = dict.fromkeys(clean(each.landing.branch, 200) for each in lines)
    return [f"Branch: {name}" for name in names if name]


def _seconds(
    lines: Sequence[CommentLine], item: Item, words: Sequence[Word], wording: CommentWording
) -> Iterator[str]:
    """Yield what is to be done, or why nothing is."""
    to_try: list[int] = []
    for each in lines:
        if each.role == "back" and ("needstesting" in words or "bad" in words):
            to_try.append(each.about[-1])
        elif each.role == "landed" and each.asks:
            to_try.append(each.landing.revno)
        elif text := _nothing_to_try(each, item, words, wording):
            yield text if len(lines) == 1 else f"r{each.landing.revno}: {text}"
    if to_try:
        yield _how_to_mark(item, to_try, words, wording)


def _nothing_to_try(line: CommentLine, item: Item, words: Sequence[Word], wording: CommentWording) -> str:
    if line.role == "rolled-back":
        return "When it lands again, its message should name this bug again." if not is_request(item) else ""
    if line.role == "back":
        return ""
    rest = " Other landings here still need QA." if line.others else ""
    if "qa-ok" in line.landing.labels:
        return f"QA was done before it landed.{rest}"
    if "no-qa" in line.landing.labels:
        return f"It needs no QA.{rest}"
    standing = " and ".join(wording.text(word) for word in words if word in GOOD_WORDS)
    return f"It already has {standing}, which counts for it.{rest}" if standing else rest.strip()


def _how_to_mark(item: Item, revnos: Sequence[int], words: Sequence[Word], wording: CommentWording) -> str:
    it = "it" if len(revnos) == 1 else f"each of {revs(revnos)}"
    works = "it works" if len(revnos) == 1 else "all of them work"
    instead = "bad" if "bad" in words else "needstesting"
    fails = "it does not" if len(revnos) == 1 else "one does not"
    if wording.says:
        return f"Please try {it} on the QA server. {_how_to_say(works, fails, revnos, wording.says)}"
    bad = wording.text("bad")
    if not is_request(item):
        bad += f" and bad-commit-{revnos[0] if len(revnos) == 1 else 'N, where N is its number'}"
    return (
        f"Please try {it} on the QA server. If {works}, mark this {wording.text('ok')} instead of"
        f" {wording.text(instead)}; if {fails}, {bad}; if nobody can try it,"
        f" {wording.text('untestable')}."
    )


def _how_to_say(works: str, fails: str, revnos: Sequence[int], says: Mapping[Word, str]) -> str:
    """The same where people say some words by a status or in a field."""
    ways: list[tuple[str, Word]] = [(works, "ok"), (fails, "bad"), ("nobody can try it", "untestable")]
    clauses = [f"if {case}, {says[word]}" for case, word in ways if word in says]
    told = "; ".join(clauses)
    which = " Bad means the newest of them." if len(revnos) > 1 and "bad" in says else ""
    return f"{told[:1].upper()}{told[1:]}.{which}"


def revs(revnos: Sequence[int]) -> str:
    """ "r7", "r7 and r9", "r7 to r12 and r14"."""
    runs: list[list[int]] = []
    for revno in revnos:
        if runs and runs[-1][-1] == revno - 1:
            runs[-1].append(revno)
        else:
            runs.append([revno])
    parts = [
        part
        for run in runs
        for part in ([f"r{run[0]} to r{run[-1]}"] if len(run) > 2 else [f"r{revno}" for revno in run])
    ]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
