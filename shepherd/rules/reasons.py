"""Why a landing has its state, in one line of plain words; whose move it is; what would clear it
(docs/rules.md#state)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import UNSET, Struct, UnsetType

from shepherd.landing import Brought, Landing
from shepherd.rules.brought import RANK, BroughtEvidence, worst_of
from shepherd.rules.evidence import ItemEvidence
from shepherd.rules.item_speech import NOT_KNOWN, ItemSpeech
from shepherd.rules.states import Judged
from shepherd.sentence import Part, Sentence, joined, revision, separated, statement, time
from shepherd.words import GOOD_WORDS, NOTHING_SAID, Item, ItemSaid, Verdict, is_request, item_kind

BROUGHT_SHOWN = 3
"""Brought-in commits that a reason names."""

_NO_SENTENCE = Sentence()
_Said = Mapping[Item, ItemSaid] | UnsetType


class Reason(Struct, frozen=True):
    reason: Sentence
    whose_move: str = ""
    """Empty where nobody has to do anything."""
    remedy: Sentence = _NO_SENTENCE
    """Its last command, if it has any, stands behind a part that leads over to it."""


def reason_of(
    landing: Landing,
    judged: Judged,
    targets: Iterable[int] = (),
    marks: Collection[str] = ("brackets",),
    branch: str = "",
    speech: ItemSpeech = NOT_KNOWN,
    said: _Said = UNSET,
) -> Reason:
    """Why the landing has its state.

    Args:
        targets: what it undoes, in the sense of docs/rules.md#state (4).
        marks: the grammars that are read, so that only what counts is advised.
        branch: the one that commands name; empty where there is only one.
        speech: how people say on items what QA found.
        said: what says so on each now, where that is a status or a field.
    """
    if judged.good and judged.rule == "items":  # by far the most
        return Reason(_of_items(judged, landing.revno, said))
    who = landing.person or "anybody on the team"
    verdict = statement(f"verdict r{landing.revno} ok", branch)
    rollback = rollback_of(landing.revno, marks, branch)
    match judged.rule:
        case "verdict":
            assert judged.verdict is not None
            reason = _of_verdict(judged.verdict)
            if judged.good:
                return Reason(reason)
            if judged.state == "bad":
                return Reason(reason, who, Sentence(rollback, ", or a newer verdict"))
            return Reason(reason, who, Sentence("try it on the QA server", ", then: ", verdict))
        case "reopened":
            assert judged.verdict is not None
            evidence = [
                *map(_named, judged.named_by),
                *(Sentence(_named(each.item), " (qa-bad)") for each in judged.evidence),
            ]
            return Reason(
                Sentence(_of_verdict(judged.verdict), ", but then it was marked bad: ", joined(evidence)),
                who,
                Sentence(rollback, ", take the mark away, or judge again", ": ", verdict),
            )
        case "named-bad":
            return _of_named(judged, landing.revno, who, rollback, verdict, said)
        case "brought":
            return _of_brought(judged, who, rollback, branch)
        case "exempt":
            return Reason(Sentence("its subject matches exempt_subjects: nobody needs to look at it"))
        case "rollback":
            return Reason(Sentence("a pure rollback of ", _revisions(targets), ": it needs no QA"))
        case "brings-back":
            back = _revisions(judged.brought_back)
            return Reason(
                Sentence("it brings back ", back, ", which had been undone: that needs QA"),
                who,
                Sentence("try ", back, " again on the QA server", ", then: ", verdict),
            )
        case "plain-bad":
            bad = [each.item for each in judged.evidence if each.how == "plain-bad"]
            verb = " is" if len(bad) == 1 else " are"
            why = "qa-bad and no bad-commit tag says which landing is meant"
            return Reason(
                Sentence(_items(bad), f"{verb} {why}", _others(judged.evidence, said)),
                who,
                Sentence("add bad-commit-N to ", _items(bad), " for the landing that is bad, or ", rollback),
            )
        case "unrepaired":
            return _of_unrepaired(judged, landing.revno, who, rollback, verdict, said)
        case "mark":
            return Reason(next(why for label, why in _MARKED.items() if label in landing.labels))
        case "unasked":
            others = [each for each in judged.evidence if each.word not in GOOD_WORDS]
            more = ("; ", _phrases(others, f"r{landing.revno}", said)) if others else ()
            return Reason(
                Sentence(judged.unasked, *more),
                "the operator",
                Sentence("the next run asks again; or say what it is", ": ", verdict),
            )
        case "items":
            reason = _of_items(judged, landing.revno, said)
            return _of_open_items(judged, reason, who, rollback, verdict, speech, said)
        case "nothing":
            if judged.good:
                return Reason(
                    Sentence("it names no bug and no mark, which the settings let pass (orphans = pass)")
                )
            if judged.state == "orphan":
                wrong = f" ({landing.warnings[0]})" if landing.warnings else ""
                return Reason(
                    Sentence(
                        f"it names no bug and has no QA mark{wrong}, so nothing says whether it needs QA"
                    ),
                    who,
                    Sentence("say what it is", ": ", verdict),
                )
            return Reason(
                Sentence("nobody has said yet that it works"),
                who,
                Sentence("try it on the QA server", ", then: ", verdict),
            )


_MARKED = {  # in the order in which `states` counts them
    "testfix": Sentence("it landed marked [testfix]: it only fixes tests"),
    "qa-ok": Sentence("it landed marked [qa-ok]: QA was done before it landed"),
    "no-qa": Sentence("it landed marked [no-qa]: there is nothing to QA"),
}


def rollback_of(revno: int, marks: Collection[str], branch: str = "") -> Sentence:
    """How this team says that a landing undoes another."""
    if "brackets" in marks:
        return Sentence(f"revert it, marked [rollback={revno}]")
    if "trailers" in marks:
        return Sentence(f"revert it, with the trailer Rolls-back: {revno}")
    cover = statement(f"cover r{revno} --by REV", branch)
    return Sentence("land a `git revert` of it (or say which landing undid it", ": ", cover, ")")


def of_brought(word: BroughtEvidence) -> Sentence:
    """What was said of a commit that a landing brought in: "1a2b3c4d5e6f (“Fix login”): Ann said bad …"."""
    more = "; what undid it was brought in together with it" if word.commit.undone else ""
    if word.state not in RANK:
        more = " (which counts for no landing)"
    return Sentence(f"{_titled(word.commit)}: ", _evidence_of(word), more)


def unspoken(commit: Brought) -> str:
    """The same of a commit that was a landing before, and of which nobody said anything."""
    return f"{_titled(commit)}: it was a landing before; nothing was said of it"


def _titled(commit: Brought) -> str:
    return brief(commit.id) + (f" (“{commit.title}”)" if commit.title else "")


def brief(sha: str) -> str:
    """The beginning of a SHA as `inv verdict` takes it: digits alone would be a revno."""
    letter = next((place for place, digit in enumerate(sha) if digit.isalpha()), 0)
    return sha[: max(12, letter + 1)]


def _name_parts(item: Item) -> tuple[str, Part]:
    """ "bug " and "12", "request " and "#12"; a key has nothing before it."""
    return item_kind(item), Part("item", item)


def _named(item: Item) -> Sentence:
    return Sentence(*_name_parts(item))


def _items(items: Iterable[Item]) -> Sentence:
    return joined(map(_named, items))


def _revisions(revnos: Iterable[int]) -> Sentence:
    return joined(map(revision, sorted(revnos)))


def _of_verdict(verdict: Verdict) -> Sentence:
    """ "Ann said ok on 2026-11-22 10:15 UTC (tried it)", or who a git note names: anybody who may push can
    set that (docs/rules.md#what-people-say)."""
    when = time(datetime.fromtimestamp(verdict.when, UTC))
    why = f" ({verdict.why})" if verdict.why else ""
    if verdict.note:
        return Sentence(f"a git note in the name of {verdict.who} says {verdict.word}, ", when, why)
    return Sentence(f"{verdict.who} said {verdict.word} on ", when, why)


def _unless_good(rollback: Sentence, verdict: Part) -> Sentence:
    return Sentence(rollback, "; or, if it is good after all: ", verdict)


def _of_brought(judged: Judged, who: str, rollback: Sentence, branch: str) -> Reason:
    """The commits that gave the landing its state, and how the word on each can change."""
    worst = worst_of(judged.brought)
    assert worst is not None
    named = [word for word in judged.brought if word.counts and word.state == worst.state]
    shown: list[str] = []
    for word in named[:BROUGHT_SHOWN]:
        shown += ("; ", of_brought(word))
    more = len(named) - BROUGHT_SHOWN
    reason = Sentence(
        "it brought in ", *shown[1:], f"; and {more} more of which the same was said" if more > 0 else ""
    )
    verdict = statement(f"verdict {brief(named[0].commit.id)} ok", branch)
    one = len(named) == 1
    match worst.state:
        case "bad":
            good = "that commit is good after all" if one else "those commits are good after all, for each"
            return Reason(reason, who, Sentence(rollback, f"; or, if {good}: ", verdict))
        case "unknown":
            to_say = "say what the commit is" if one else "say what each of the commits is"
            readable = Sentence("make ", _items(worst.named_by), " readable for the shepherd, or ", to_say)
            return Reason(reason, "the operator", Sentence(readable, ": ", verdict))
        case _:
            tried = "try that commit" if one else "try those commits"
            then = ", then: " if one else ", then for each: "
            return Reason(reason, who, Sentence(f"{tried} on the QA server", then, verdict))


def _evidence_of(word: BroughtEvidence) -> Sentence:
    if word.verdict is not None:
        then = (", but then it was marked bad: ", _items(word.named_by)) if word.named_by else ()
        return Sentence(_of_verdict(word.verdict), *then)
    if word.state == "unknown":
        return Sentence(_items(word.named_by), _UNREAD_BUT_BAD)
    return Sentence(_items(word.named_by), _tag(word.named_by, word.named_as, 0))


_UNREAD_BUT_BAD = " could not be read; when it last could be, it was marked bad"


def _tag(items: Sequence[Item], named_as: int, revno: int) -> str:
    """How items name a landing bad: " has bad-commit-3". Numbers move when a mainline is rewritten; the tag
    stays what it was."""
    has = " has" if len(items) == 1 else " have"
    if is_request(items[0]):
        return f"{has} qa-bad"
    if not named_as:
        return _BAD_BY_STATUS
    moved = f", which was said of this commit when it was r{named_as}" if named_as != revno else ""
    return f"{has} bad-commit-{named_as}{moved}"


_BAD_BY_STATUS = " was said to be bad when this was its newest landing"


def _of_named(judged: Judged, revno: int, who: str, rollback: Sentence, verdict: Part, said: _Said) -> Reason:
    """What names the landing bad: tags by its number, and statuses by its having been the newest then."""
    by_tag = [item for item in judged.named_by if item not in judged.by_status]
    reasons = [Sentence(_items(by_tag), _tag(by_tag, judged.named_as, revno))] if by_tag else []
    for item in judged.by_status:
        text = _said_of(item, said).texts.get("bad", "bad")
        means = f" is {text}, which means its newest landing when that was first seen: r{revno}"
        reasons.append(Sentence(_named(item), means))
    if not judged.by_status:
        return Reason(joined(reasons), who, _unless_good(rollback, verdict))
    unless = "; or, if it is good after all or another landing is meant (then call that one bad): "
    return Reason(joined(reasons), who, Sentence(rollback, unless, verdict))


def _of_unrepaired(
    judged: Judged, revno: int, who: str, rollback: Sentence, verdict: Part, said: _Said
) -> Reason:
    """What repairs the landing is undone, or not live as the landing is."""
    reason = _of_items(judged, revno, said)
    missing = _revisions(judged.good_with)
    verb = "is" if len(judged.good_with) == 1 else "are"
    if not judged.live_without:
        return Reason(
            Sentence(reason, "; ", missing, f" {verb} undone"), who, _unless_good(rollback, verdict)
        )
    return Reason(
        Sentence(reason, "; ", missing, f" {verb} not live"),
        "",
        Sentence("nothing is left to do once production runs ", missing),
    )


def _of_items(judged: Judged, revno: int, said: _Said) -> Sentence:
    """What each item says, what is not good first."""
    rev = f"r{revno}"
    if len(judged.evidence) == 1:
        return _phrase(judged.evidence[0], rev, said)
    worst_first = sorted(judged.evidence, key=lambda each: each.word in ("ok", "untestable"))
    return _phrases(worst_first, rev, said)


def _of_open_items(
    judged: Judged,
    reason: Sentence,
    who: str,
    rollback: Sentence,
    verdict: Part,
    speech: ItemSpeech,
    said: _Said,
) -> Reason:
    not_good = [each for each in judged.evidence if each.word not in ("ok", "untestable")]
    if judged.state == "unknown":
        unread = _items(each.item for each in not_good if each.word == "unknown")
        readable = Sentence("make ", unread, " readable for the shepherd, or say what it is")
        return Reason(reason, "the operator", Sentence(readable, ": ", verdict))
    if judged.state == "bad":
        return Reason(reason, who, _unless_good(rollback, verdict))
    # a status that says bad of another landing stays until that one is good, too
    free = [each for each in not_good if "bad" not in _said_of(each.item, said).texts]
    by_tag = [each.item for each in free if each.how in ("tag", "none", "unseen")]
    by_toggle = [each.item for each in free if each.how in ("late", "ended", "own")]
    steps = []
    if by_tag and speech.can_say_ok:
        steps.append(speech.to_set(_items(by_tag)))
    if by_toggle and speech.can_say_ok:
        steps.append(speech.to_set_again(_items(by_toggle)))
    tried = "try it on the QA server"
    if not steps:
        return Reason(reason, who, Sentence(tried, ", then: ", verdict))
    return Reason(reason, who, Sentence(f"{tried}, then ", joined(steps), ", or: ", verdict))


def _said_of(item: Item, said: _Said) -> ItemSaid:
    return said.get(item, NOTHING_SAID) if said else NOTHING_SAID


def _phrase(evidence: ItemEvidence, rev: str, said: _Said) -> Sentence:
    texts = said[evidence.item].texts if said and evidence.item in said else NOTHING_SAID.texts
    says = _predicate(evidence, rev, texts)
    if not evidence.repair:
        return Sentence(*_name_parts(evidence.item), says)
    repair = revision(evidence.repair)
    together = (f", for {rev} only together with ", repair, ", which repairs it")
    return Sentence(*_name_parts(evidence.item), says, *together)


def _phrases(evidence: Iterable[ItemEvidence], rev: str, said: _Said) -> Sentence:
    """The same of several; what statuses say has commas in it."""
    phrases = [_phrase(each, rev, said) for each in evidence]
    return separated(phrases, "; ") if said else joined(phrases)


def _predicate(evidence: ItemEvidence, rev: str, texts: Mapping[str, str]) -> str:
    """What is to be said of an item, behind its name."""
    match evidence.how:
        case "tag":
            return f" is {texts.get(evidence.word) or f'qa-{evidence.word}'}"
        case "none" if "bad" in texts:
            return f" is {texts['bad']}, which means another of its landings"
        case "none":
            return f" is {texts['']}, which says nothing about QA" if "" in texts else " has no QA tag"
        case "unseen":
            return " has no QA tag that can be seen; perhaps it is private"
        case "late":
            return f" was {_marked(evidence, texts)} before {rev} landed"
        case "ended":
            return f" was {_marked(evidence, texts)} before it was last said to be bad"
        case "failed":
            return " was said to be bad, and nobody has said since that it works"
        case "own":
            return f" was {_marked(evidence, texts)} by the shepherd itself, not for {rev}"
        case "sealed":
            return f" was qa-{evidence.word} for it before a later landing named it"
        case "kept":
            return f" is qa-bad, which is about a later landing (its own last word: {evidence.word})"
        case "unreadable":
            return f" could not be read ({evidence.detail})"
        case "was-bad":
            if not evidence.detail:
                return _UNREAD_BUT_BAD
            return f" could not be read ({evidence.detail}); when it last could be, it was marked bad"
        case "no-tracker":
            return " can have no tags here, so QA is settled by verdicts"
        case "plain-bad":
            return " is qa-bad"


def _marked(evidence: ItemEvidence, texts: Mapping[str, str]) -> str:
    """The good word that is there, but not for this landing: "marked qa-ok"."""
    return texts.get(evidence.detail) or f"marked qa-{evidence.detail}"


def _others(evidence: Iterable[ItemEvidence], said: _Said) -> Sentence:
    """What else is not good, in addition to the qa-bad ones."""
    rest = [each for each in evidence if each.how != "plain-bad" and each.word not in ("ok", "untestable")]
    return Sentence("; ", _phrases(rest, "it", said)) if rest else _NO_SENTENCE
