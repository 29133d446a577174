"""The reason of a state in one line of plain words, whose move it is, what would clear it
(docs/rules.md#state)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from shepherd.landing import Brought, Landing
from shepherd.rules.brought import RANK, BroughtEvidence, worst_of
from shepherd.rules.evidence import ItemEvidence
from shepherd.rules.states import Judged
from shepherd.words import Item, Verdict, is_request
from shepherd.words import item_name as name

BROUGHT_SHOWN = 3
"""Brought-in commits that a reason names."""


class Reason(Struct, frozen=True):
    reason: str
    whose_move: str = ""
    """Empty where nobody has to do anything."""
    remedy: str = ""


def reason_of(
    landing: Landing, judged: Judged, targets: Iterable[int] = (), marks: Collection[str] = ("brackets",)
) -> Reason:
    """Why the landing has its state. `targets` are what it undoes, in the sense of 3.3 (4); `marks` the
    grammars that are read, so that only what would be heard is advised."""
    who = landing.person or "anybody on the team"
    rev = f"r{landing.revno}"
    verdict = f'inv verdict {rev} ok --reason "…"'
    rollback = rollback_of(landing.revno, marks)
    match judged.rule:
        case "verdict":
            assert judged.verdict is not None
            return _of_verdict(judged, judged.verdict, who, rev, rollback)
        case "reopened":
            assert judged.verdict is not None
            evidence = [*map(name, judged.named_by), *(f"{name(s.item)} (qa-bad)" for s in judged.evidence)]
            return Reason(
                f"{said(judged.verdict)}, but then it was marked bad: {joined(evidence)}",
                who,
                f"{rollback}, take the mark away, or judge again: {verdict}",
            )
        case "named-bad":
            tag = _tag(judged.named_by, judged.named_as, landing.revno)
            return Reason(
                f"{joined(map(name, judged.named_by))} {tag}",
                who,
                f"{rollback}; or, if it is good after all: {verdict}",
            )
        case "brought":
            return _of_brought(judged, who, rollback)
        case "exempt":
            return Reason("its subject matches exempt_subjects: nobody needs to look at it")
        case "rollback":
            return Reason(f"a pure rollback of {_revs(targets)}: it needs no QA")
        case "brings-back":
            return Reason(
                f"it brings {_revs(judged.brought_back)} back, which had been undone: that wants QA",
                who,
                f"try {_revs(judged.brought_back)} again on the QA server, then: {verdict}",
            )
        case "plain-bad":
            bad = [name(s.item) for s in judged.evidence if s.how == "plain-bad"]
            return Reason(
                f"{joined(bad)} {'is' if len(bad) == 1 else 'are'} qa-bad and no bad-commit tag says which"
                " landing is meant" + _others(judged.evidence),
                who,
                f"add bad-commit-N to the bug for the landing that is bad, or {rollback}",
            )
        case "mark":
            label = {"testfix": "testfix", "ok": "qa-ok", "untestable": "no-qa"}[judged.state]
            meaning = {
                "testfix": "it only mends tests",
                "ok": "QA was done before it landed",
                "untestable": "there is nothing to QA",
            }[judged.state]
            return Reason(f"it landed marked [{label}]: {meaning}")
        case "items":
            return _of_items(judged, who, rev, verdict, rollback)
        case "nothing":
            if judged.good:
                return Reason("it names no bug and no mark, which the settings let pass (orphans = pass)")
            if judged.state == "orphan":
                wrong = f" ({landing.warnings[0]})" if landing.warnings else ""
                return Reason(
                    f"it names no bug and bears no QA mark{wrong}: an orphan, so nobody can say that it was"
                    " tried",
                    who,
                    f"say what it is: {verdict}",
                )
            return Reason(
                "nobody has said yet that it works", who, f"try it on the QA server, then: {verdict}"
            )


def rollback_of(revno: int, marks: Collection[str]) -> str:
    """How this team says that a landing undoes another."""
    if "brackets" in marks:
        return f"land its undoing marked [rollback={revno}]"
    if "trailers" in marks:
        return f"land its undoing with the trailer Rolls-back: {revno}"
    return (
        f'land a `git revert` of it (or say which landing undid it: inv cover r{revno} --by REV --reason "…")'
    )


def said(verdict: Verdict) -> str:
    """ "Ann said ok on 2026-11-22 10:15 UTC (tried it)", or who a git note names: anybody who may push can
    set that (docs/rules.md#what-people-say)."""
    when = datetime.fromtimestamp(verdict.when, UTC)
    why = f" ({verdict.why})" if verdict.why else ""
    if verdict.note:
        return f"a git note in the name of {verdict.who} says {verdict.word}, {when:%Y-%m-%d %H:%M} UTC{why}"
    return f"{verdict.who} said {verdict.word} on {when:%Y-%m-%d %H:%M} UTC{why}"


def of_brought(word: BroughtEvidence) -> str:
    """What was said of a commit that a landing brought in: "1a2b3c4d5e6f (“Fix login”): Ann said bad …"."""
    more = "; what undid it was brought in together with it" if word.commit.undone else ""
    if word.state not in RANK:
        more = " (which speaks for no landing)"
    return f"{_titled(word.commit)}: {_said_of(word)}{more}"


def unspoken(commit: Brought) -> str:
    """The same of a commit that was a landing before, and of which nobody said anything."""
    return f"{_titled(commit)}: it was a landing before; nothing was said of it"


def _titled(commit: Brought) -> str:
    return brief(commit.id) + (f" (“{commit.title}”)" if commit.title else "")


def brief(sha: str) -> str:
    """The beginning of a SHA as `inv verdict` takes it: a text of digits alone would be a revno."""
    letter = next((place for place, digit in enumerate(sha) if digit.isalpha()), 0)
    return sha[: max(12, letter + 1)]


def joined(words: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _of_brought(judged: Judged, who: str, rollback: str) -> Reason:
    """The commits that gave the landing its state, and how the word on each can change."""
    worst = worst_of(judged.brought)
    assert worst is not None
    named = [word for word in judged.brought if word.counts and word.state == worst.state]
    reason = f"it brought in {'; '.join(map(of_brought, named[:BROUGHT_SHOWN]))}"
    if len(named) > BROUGHT_SHOWN:
        reason += f"; and {len(named) - BROUGHT_SHOWN} more of which the same was said"
    first, *others = (brief(word.commit.id) for word in named)
    verdict = f'inv verdict {first} ok --reason "…"' + (", and so for each of the others" if others else "")
    match worst.state:
        case "bad":
            return Reason(reason, who, f"{rollback}; or, if that commit is good after all: {verdict}")
        case "unknown":
            items = joined(map(name, worst.named_by))
            return Reason(
                reason,
                "the operator",
                f"make {items} readable for the shepherd, or say what the commit is: {verdict}",
            )
        case _:
            return Reason(reason, who, f"try that commit on the QA server, then: {verdict}")


def _said_of(word: BroughtEvidence) -> str:
    items = joined(map(name, word.named_by)) if word.named_by else ""
    if word.verdict is not None:
        then = f", but then it was marked bad: {items}" if items else ""
        return said(word.verdict) + then
    if word.state == "unknown":
        return f"{items} could not be read, and when it last could it was marked bad"
    return f"{items} {_tag(word.named_by, word.named_as, 0)}"


def _tag(items: Sequence[Item], named_as: int, revno: int) -> str:
    """How items name a landing bad: "bears bad-commit-3". Numbers move when a mainline is rewritten; the tag
    stays what it was."""
    if is_request(items[0]):
        return "bears qa-bad"
    moved = f", which was said of this commit when it was r{named_as}" if named_as != revno else ""
    return f"bears bad-commit-{named_as}{moved}"


def _of_verdict(judged: Judged, verdict: Verdict, who: str, rev: str, rollback: str) -> Reason:
    if judged.good:
        return Reason(said(verdict))
    if judged.state == "bad":
        return Reason(said(verdict), who, f"{rollback}, or a newer verdict")
    return Reason(said(verdict), who, f'try it on the QA server, then: inv verdict {rev} ok --reason "…"')


def _of_items(judged: Judged, who: str, rev: str, verdict: str, rollback: str) -> Reason:
    words = joined(
        _phrase(s, rev) for s in sorted(judged.evidence, key=lambda s: s.word in ("ok", "untestable"))
    )
    if judged.good:
        return Reason(words)
    open_ones = [s for s in judged.evidence if s.word not in ("ok", "untestable")]
    if judged.state == "unknown":
        unread = [name(s.item) for s in open_ones if s.word == "unknown"]
        return Reason(
            words,
            "the operator",
            f"make {joined(unread)} readable for the shepherd, or say what it is: {verdict}",
        )
    if judged.state == "bad":
        return Reason(words, who, f"{rollback}; or, if it is good after all: {verdict}")
    by_tag = [name(s.item) for s in open_ones if s.how in ("tag", "none", "unseen")]
    by_toggle = [name(s.item) for s in open_ones if s.how in ("late", "own")]
    steps = []
    if by_tag:
        steps.append(f"mark {joined(by_tag)} qa-ok (or qa-bad)")
    if by_toggle:
        steps.append(f"set the tag on {joined(by_toggle)} anew (qa-needstesting, and qa-ok after QA)")
    ways = f"{joined(steps)}, or: {verdict}" if steps else verdict
    return Reason(words, who, f"try it on the QA server, then {ways}")


def _phrase(speech: ItemEvidence, rev: str) -> str:
    it = name(speech.item)
    match speech.how:
        case "tag":
            return f"{it} is qa-{speech.word}"
        case "none":
            return f"{it} has no QA tag"
        case "unseen":
            return f"{it} has no QA tag to be seen; perhaps it is private"
        case "late":
            return f"{it} was marked qa-{speech.detail} before {rev} landed"
        case "own":
            return f"{it} was marked qa-{speech.detail} by the shepherd itself, not for {rev}"
        case "sealed":
            return f"{it} was qa-{speech.word} for it before a later landing named it"
        case "kept":
            return f"{it} is qa-bad, which speaks of a later landing (its own last word: {speech.word})"
        case "unreadable":
            return f"{it} could not be read ({speech.detail})"
        case "was-bad":
            why = f" ({speech.detail})" if speech.detail else ""
            return f"{it} could not be read{why}, and when it last could it was marked bad"
        case "no-tracker":
            return f"{it} can bear no tags here, so QA is settled by verdicts"
        case "plain-bad":
            return f"{it} is qa-bad"


def _others(evidence: Iterable[ItemEvidence]) -> str:
    """What else is not good beside the qa-bad ones."""
    rest = [s for s in evidence if s.how != "plain-bad" and s.word not in ("ok", "untestable")]
    return "; " + joined(_phrase(s, "it") for s in rest) if rest else ""


def _revs(revnos: Iterable[int]) -> str:
    return joined(f"r{revno}" for revno in sorted(revnos))
