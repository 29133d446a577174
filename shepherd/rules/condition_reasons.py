"""Why a candidate that nothing blocks may not go to production, in plain words (docs/rules.md#conditions).

A sentence about checks names no revision: it goes after one, "r31: ci/build failed on …", or after a colon.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from shepherd.conditions import NOT_REPORTED, CheckWord, Limit
from shepherd.rules.conditions import CheckOutcome, OverLimit
from shepherd.sentence import Part, Sentence, joined, revision, time

SHOWN = 5
"""Landings, or checks of one kind, that are named; of more the rest is counted."""
NAME_SHOWN = 100
"""Characters of the name of a check."""
_SAID: dict[CheckWord, str] = {"pending": "running", "timed-out": "timed out"}
_WHAT_HAPPENED: dict[CheckWord, str] = {"cancelled": "was cancelled", "timed-out": "timed out"}


def of_checks(outcomes: Sequence[CheckOutcome]) -> list[Sentence]:
    """Why the checks do not hold; nothing if they do. First what failed, each by itself, then what could not
    be read, then what is awaited:

    * "ci/build failed at 2026-11-29 10:12 UTC", "ci/build was cancelled", "ci/build timed out"
    * "the checks could not be read: the server answered 500"
    * "waits for ci/build (running since 2026-11-29 10:12 UTC) and ci/docs (not reported yet)"
    """
    failed = [each for each in outcomes if each.state == "no"]
    unread = [each for each in outcomes if each.state == "unknown"]
    awaited = [each for each in outcomes if each.state == "not-yet"]
    sentences = [_failed(each) for each in failed[:SHOWN]]
    if len(failed) > SHOWN:
        sentences.append(Sentence(f"{_more(failed)} failed"))
    reasons = dict.fromkeys(each.unreadable for each in unread)
    sentences += [Sentence(f"the checks could not be read: {reason}") for reason in reasons]
    if awaited:
        names: list[str | Part] = [_awaited(each) for each in awaited[:SHOWN]]
        if len(awaited) > SHOWN:
            names.append(_more(awaited))
        sentences.append(Sentence("waits for ", joined(names)))
    return sentences


def said(outcome: CheckOutcome) -> str:
    """What the check says, in a few words: "running", "failed", "not reported yet"."""
    if outcome.unreadable:
        return f"could not be read: {outcome.unreadable}"
    if outcome.result is None:
        return NOT_REPORTED
    return _SAID.get(outcome.result.word, outcome.result.word)


def of_limit(over: OverLimit, limits: Sequence[Limit]) -> Sentence:
    """ "r31 and r33 touch patch-*.sql, and one deployment may bring at most 1 (one schema change a day)"."""
    limit = limits[over.limit]
    names: list[str | Part] = [revision(revno) for revno in over.revnos[:SHOWN]]
    if over.count > SHOWN:
        names.append(f"{over.count - SHOWN} more")
    most = "none" if limit.max == 0 else f"at most {limit.max}"
    why = f" ({limit.reason})" if limit.reason else ""
    one = over.count == 1
    return Sentence(
        joined(names),
        f" touch{'es' if one else ''} {' or '.join(limit.paths)}, and one deployment may bring {most}{why}",
    )


def _failed(outcome: CheckOutcome) -> Sentence:
    word = outcome.result.word if outcome.result else "failed"
    at = _since(outcome)
    return Sentence(f"{_name(outcome)} {_WHAT_HAPPENED.get(word, 'failed')}", *((" at ", at) if at else ()))


def _awaited(outcome: CheckOutcome) -> Sentence:
    at = _since(outcome)
    return Sentence(f"{_name(outcome)} ({said(outcome)}", *((" since ", at) if at else ()), ")")


def _since(outcome: CheckOutcome) -> Part | None:
    since = outcome.result.since if outcome.result else None
    return None if since is None else time(datetime.fromtimestamp(since, UTC))


def _name(outcome: CheckOutcome) -> str:
    name = outcome.name
    return name if len(name) <= NAME_SHOWN else name[: NAME_SHOWN - 1] + "…"


def _more(outcomes: Sequence[CheckOutcome]) -> str:
    more = len(outcomes) - SHOWN
    return f"{more} more check{'s' if more > 1 else ''}"
