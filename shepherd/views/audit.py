"""An audit as text: the whole in a few lines, then what has to be looked at, then what was plain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shepherd.trail import AuditedLanding, AuditedMove, AuditTrail, NeverLive
from shepherd.values import count, utc
from shepherd.views import audit_parts as parts
from shepherd.views.terminal import plain, table, wrap
from shepherd.views.words import name

IN_FULL = 20
"""Landings that are told in full; `--json` and `--page` tell of all."""
WORDS = 12
"""Words of one landing, the newest; the same."""
_LABEL = 14


def audit(trail: AuditTrail, several: bool = False) -> str:
    """All that was asked, newest first.

    Args:
        several: there are other branches: each headline names this one.
    """
    branch = f"{trail.branch}: " if several else ""
    told = ["\n".join(_move(move, branch)) for move in trail.moves]
    told += ["\n".join(_never(each, branch)) for each in trail.never_live]
    if len(trail.moves) > 1:
        told.insert(0, wrap(f"{trail.asked} went out {len(trail.moves)} times; the newest first"))
    return "\n\n".join(told)


def _move(move: AuditedMove, branch: str) -> Iterator[str]:
    yield wrap(_sentence(f"{branch}{parts.headline(move)}"))
    yield wrap(parts.brought(move), "  ")
    if move.landings:
        yield wrap(f"their states then: {parts.states(move)}", "  ")
    yield ""
    for label, text in parts.facts(move):
        yield _fact(label, text)
    if move.landings:
        yield from _by_rule(move)
    look, others = parts.to_look_at(move), parts.plain_ones(move)
    if look:
        yield ""
        yield wrap(f"{parts.look_title(look)}:")
        for each in look[:IN_FULL]:
            yield ""
            yield from _landing(each)
    if more := look[IN_FULL:]:
        yield ""
        yield wrap(f"and {len(more)} more, in short (--json and --page tell all of each):")
        yield from _table(more)
    if others:
        yield ""
        yield wrap(f"{parts.PLAIN} ({len(others)}):")
        yield from _table(others)
    if move.gaps:
        yield ""
        yield "Not known:"
        for gap in move.gaps:
            yield wrap(gap, "  ")


def _by_rule(move: AuditedMove) -> Iterator[str]:
    yield ""
    yield "The rules that gave them:"
    for rule, says, place, number in parts.rules(move):
        where = f" ({place})" if place else ""
        yield wrap(f"{number} by {rule}: {says}{where}" if says else f"{number}: {rule}", "  ", "    ")


def _fact(label: str, text: str) -> str:
    return wrap(text, f"  {label + ':':<{_LABEL}}", " " * (_LABEL + 2))


def _landing(each: AuditedLanding) -> Iterator[str]:
    yield wrap(f"r{each.revno} {parts.ruled(each)}", "  ")
    yield wrap(f"“{plain(each.title) or '(no title)'}”", "    ")
    yield wrap(parts.landed(each), "    ")
    if each.role != "live":
        yield wrap(parts.ROLES[each.role], "    ")
    if each.reason:
        yield wrap(each.reason, "    ")
    if each.rule_says:
        yield wrap(f"rule: {each.rule_says} ({each.rule_anchor})", "    ")
    if since := parts.judged(each):
        yield wrap(since, "    ")
    if (more := len(each.words) - WORDS) > 0:
        yield wrap(f"{count(more, 'older word')} left out here", "    ")
    for word in each.words[-WORDS:]:
        yield wrap(parts.word(word), "    ", "      ")
    if each.since:
        yield "    since then, and so not known at that moment:"
        for word in each.since[-WORDS:]:
            yield wrap(parts.word(word), "      ", "        ")


def _table(landings: Sequence[AuditedLanding]) -> list[str]:
    rows = [
        (
            f"  r{each.revno}",
            each.state or parts.NOT_JUDGED,
            each.rule or parts.NOT_RECORDED,
            utc(each.landed_at)[:10] if each.landed_at is not None else "not known",
            f"{name(each.person)}: {each.title or '(no title)'}",
        )
        for each in landings
    ]
    return table(("  ", "state", "rule", "landed", "whose, and what"), rows)


def _never(each: NeverLive, branch: str) -> Iterator[str]:
    yield wrap(_sentence(f"{branch}r{each.revno} did not go live by anything that is recorded: {each.what}"))
    yield wrap(f"“{plain(each.title) or '(no title)'}”, {each.id[:12]}", "  ")
    for word in each.words[-WORDS:]:
        yield wrap(parts.word(word), "  ", "    ")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" if not text.startswith("r") else text
