"""The statements of an audit, one for each line, for terminal and page alike (docs/audit.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from shepherd.sentence import Part, Sentence
from shepherd.trail import AuditedLanding, AuditedMove, TrailRole, TrailWord
from shepherd.values import count, utc
from shepherd.views.words import name, short, span

ROLES: dict[TrailRole, str] = {
    "live": "went live",
    "undone": "went out together with what rolled it back",
    "back": "had been rolled back in production, and was brought back",
    "taken-out": "was taken out: something that went live undid it",
}
_OTHERS: dict[TrailRole, str] = {
    "undone": "of them rolled back within it",
    "back": "older brought back",
    "taken-out": "older taken out",
}
PLAIN = "Plain: good by a word, a mark or a rule, and nothing else was said"
NOT_RECORDED = "not recorded"
NOT_JUDGED = "not judged"
CLOCKS = 60
"""Seconds by which two clocks may differ without a word about it."""


def headline(move: AuditedMove) -> str:
    """What happened, in one sentence."""
    to, base = f"r{move.to.revno}", move.base
    if base is not None and move.to.revno < base.revno:
        went = f"back from r{base.revno} to {to}"
    elif base is not None and base.revno == move.to.revno:
        went = f"{to}, by another commit"
    else:
        went = f"{to}, after r{base.revno}" if base is not None and base.revno else to
    match move.kind:
        case "promotion":
            return f"promoted {went}, by {name(move.who)}"
        case "foreign":
            return f"{move.ref or 'the promoted ref'} was moved to {went}, not by the shepherd"
        case "recorded":
            return f"production was put to {went}, says {name(move.who)}"
        case "seen":
            return f"production was seen to run {went}; no promotion had brought it"


def brought(move: AuditedMove) -> str:
    """ "it brought 4 landings, r17 to r20; production was seen to run 2 of them"."""
    live = [each for each in move.landings if each.role in ("live", "undone")]
    if not live:
        return "it brought no landing"
    what = f"it brought {count(len(live), 'landing')}, {span(live[0].revno, live[-1].revno)}"
    roles = Counter(each.role for each in move.landings)
    more = [f"{roles[role]} {text}" for role, text in _OTHERS.items() if roles[role]]
    running = sum(each.live_since is not None for each in live if each.role == "live")
    could = sum(each.role == "live" for each in live)
    if running < could:
        more.append(f"production was seen to run {running or 'none'} of them")
    elif could:
        more.append("production was seen to run them")
    return "; ".join([what, *more])


def rules(move: AuditedMove) -> list[tuple[str, str, str, int]]:
    """Each rule that gave a state, with what it says, its place and for how many landings, the most first."""
    numbers = Counter(each.rule if each.state else NOT_JUDGED for each in move.landings)
    texts = {each.rule: (each.rule_says, each.rule_anchor) for each in move.landings}
    return [
        (rule or NOT_RECORDED, *texts.get(rule, ("", "")), number) for rule, number in numbers.most_common()
    ]


def states(move: AuditedMove) -> str:
    """ "3 ok, 1 untestable"."""
    numbers = Counter(each.state or NOT_JUDGED for each in move.landings)
    return ", ".join(f"{number} {state}" for state, number in numbers.most_common())


def facts(move: AuditedMove) -> Iterator[tuple[str, str]]:
    """What is known of a move, each with its label."""
    yield "when", utc(move.at)
    yield "known", move.how
    where = f"{move.ref}: " if move.ref else ""
    before = (
        f"from r{move.base.revno} ({short(move.base.id)}) " if move.base is not None and move.base.id else ""
    )
    yield "moved", f"{where}{before}to r{move.to.revno} ({move.to.id})"
    if move.why:
        yield "reason", move.why
    if move.said_by is not None:
        said = move.said_by
        why = f" ({said.why})" if said.why else ""
        yield "answer then", f"{said.what}{why}; {said.how}, entry {said.entry}"
    yield from _passed(move)
    yield from _conditions(move)
    for label, words in (("frozen", move.freezes), ("alarm", move.alarms)):
        for each in words:
            yield label, word(each)
    for each in move.live:
        yield "production", word(each)
    if not move.live and move.kind in ("promotion", "foreign"):
        yield "production", "was not seen to run anything else until the next move"
    for each in move.since:
        yield "since then", word(each)
    yield "run", move.run_id
    if move.code:
        yield "shepherd", move.code
    hashed = f"; the head after it: {move.hash}" if move.hash else ""
    yield "journal", f"entry {move.entry}{hashed}"
    if move.replay:
        yield "judge again", Sentence(Part("command", move.replay), ", where its input is still kept")


def _passed(move: AuditedMove) -> Iterator[tuple[str, str]]:
    if move.despite:
        for each in move.passed or ("it was not known whether it may go",):
            yield "passed", each
        yield "passed by", f"{name(move.who)}: {move.despite}"
    if move.drop_hotfix:
        which = ""
        if move.dropped:
            which = f"{', '.join(map(short, move.dropped))}; "
        yield "dropped", f"commits of production: {which}by {name(move.who)}: {move.drop_hotfix}"


def _conditions(move: AuditedMove) -> Iterator[tuple[str, str]]:
    for check in move.checks or ():
        yield "check", f"{check.name}: {check.state} ({check.said})"
    for limit in move.limits or ():
        held = "held" if limit.holds else "was exceeded"
        yield "limit", f"at most {limit.max} of {', '.join(limit.paths)}: {held}"
    for each in move.cautions or ():
        yield "warned of", each


def word(each: TrailWord) -> str:
    """One thing that was said or seen, with who, when, why, and how it is known."""
    who = f", by {name(each.who)}" if each.who else ""
    why = f": {each.why}" if each.why else ""
    return f"{utc(each.at)}  {each.what}{who}{clock(each)}{why} — {each.how}"


def clock(each: TrailWord) -> str:
    """When it was said by the clock of who said it, where that is another time."""
    theirs = each.by_their_clock
    if theirs is None or abs((theirs - each.at).total_seconds()) <= CLOCKS:
        return ""
    return f" ({utc(theirs)} by their clock)"


def ruled(landing: AuditedLanding) -> str:
    """ "ok, by the rule items"."""
    if not landing.state:
        return NOT_JUDGED
    return (
        f"{landing.state}, by the rule {landing.rule}"
        if landing.rule
        else f"{landing.state}, rule {NOT_RECORDED}"
    )


def landed(landing: AuditedLanding) -> str:
    """Who, when, which commit."""
    when = (
        f"landed {utc(landing.landed_at)}" if landing.landed_at is not None else "when it landed is not known"
    )
    merged = f", merged by {name(landing.merged_by)}" if landing.merged_by else ""
    live = f"; production runs it since {utc(landing.live_since)}" if landing.live_since is not None else ""
    if landing.live_since is None and landing.role == "live":
        live = "; production was not seen to run it"
    return f"{name(landing.person)}{merged}, {when}, {short(landing.id)}{live}"


def judged(landing: AuditedLanding) -> str:
    """Since when it had that state, and how that is known; empty: it was never judged."""
    if landing.judged_at is None:
        return ""
    return (
        f"so since {utc(landing.judged_at)}, judged by run {landing.judged_by}, entry {landing.judged_entry}"
    )


def to_look_at(move: AuditedMove) -> list[AuditedLanding]:
    """The landings that are not plain, or that were asked about, these first; else oldest first."""
    look = [each for each in move.landings if each.asked or not each.plain]
    return sorted(look, key=lambda each: not each.asked)


def look_title(look: Sequence[AuditedLanding]) -> str:
    """What stands above these."""
    asked = sum(each.asked for each in look)
    if asked == len(look):
        return "What was asked about"
    first = "What was asked about, then what" if asked else "What"
    return f"{first} is to be looked at ({len(look) - asked})"


def plain_ones(move: AuditedMove) -> Sequence[AuditedLanding]:
    """The others."""
    return [each for each in move.landings if each.plain and not each.asked]
