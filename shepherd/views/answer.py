"""The answer in sentences, from snapshot and cautions: the same words on page and terminal
(docs/rules.md#answer)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from shepherd.cautions import Caution, code_of, stopping, went_despite
from shepherd.deployment import must_wait, proposed
from shepherd.errors import NO_DATA
from shepherd.sentence import Sentence, joined, parts_of, separated, time
from shepherd.snapshot import Blocker, LandingEntry, LastGood, Next, Progress, Snapshot
from shepherd.views.banners import called
from shepherd.views.clean import LONGEST_SENTENCE, clean
from shepherd.views.conditions import for_checks, kept_by, tip_words, waits, what_waits
from shepherd.views.notes import within
from shepherd.views.staircase import named, stairs, with_others
from shepherd.views.words import (
    PROGRESS,
    STATES,
    count,
    deploy_or_stay,
    full_sentence,
    name,
    revno_of,
    short,
    some,
    span,
    utc,
)

NAMED = 3
"""Blockers that the headline names."""
FURTHER_STEPS = 2
"""Steps of the staircase that the sentence under the headline goes on with."""

_NOT_KNOWN = "waits, since its checks are not known to pass"

_STOPPED: dict[Progress, str] = {
    "needs-qa": "needs QA",
    "bad": "is bad",
    "orphan": "says nothing of QA",
    "unknown": "could not be judged",
}


def headline(snapshot: Snapshot, known: Sequence[Caution]) -> str:
    """What to do, in one line: `deploy r13777`, `stay at r13700: nothing new`; or why nothing may be done.

    Args:
        known: the cautions of this snapshot, here and below.
    """
    stop = stopping(known)
    if stop is not None:
        return Sentence(_instead(stop, snapshot), _cleaned(stop.sentence))
    advice = deploy_or_stay(revno_of(snapshot.deployable), revno_of(snapshot.deployed))
    if snapshot.answer == "deploy":
        return advice
    if snapshot.answer == "nothing-new":
        return f"{advice}: nothing new"
    if (said := what_waits(snapshot)) is not None:
        # what can go next waits for nobody; what blocks newer ones is said below
        return Sentence(f"{advice}: ", said)
    if not snapshot.blockers:
        return f"{advice}: nothing blocks, and no newer revision is known to hold all that it needs"
    blockers = [f"r{b.revno} ({name(b.person)})" for b in snapshot.blockers[: NAMED + 1]]
    return f"{advice}: blocked by {some(blockers, NAMED, len(snapshot.blockers))}"


def waits_line(snapshot: Snapshot, known: Sequence[Caution]) -> Sentence | None:
    """What the newest candidate waits for that nothing blocks: `r31 waits for ci/build (running since …)`.
    None where none does, the headline says it already, or there is no answer to go by."""
    stop = stopping(known)
    if stop is None and snapshot.answer == "blocked":
        return None
    return what_waits(snapshot) if stop is None or code_of(stop) != NO_DATA else None


def _cleaned(text: str) -> Sentence:
    """Without characters that steer; a reason from outside takes no time or revision in it away."""
    return Sentence(
        *(clean(part, LONGEST_SENTENCE) if isinstance(part, str) else part for part in parts_of(text))
    )


def _instead(stop: Caution, snapshot: Snapshot) -> str:
    """How the headline begins where something stops."""
    if stop.kind == "stale":
        return ""
    if code_of(stop) == NO_DATA:
        return "no data: "
    if stop.kind == "frozen" and went_despite(snapshot, stop.sentence):
        # somebody answers for that: the one who brings it to production must not read the contrary
        return ""
    return f"do not deploy r{snapshot.deployable.revno}: " if snapshot.deployable is not None else ""


def brief(snapshot: Snapshot, known: Sequence[Caution]) -> str:
    """The headline for a badge: as few words as will do, and what else there is to know in brackets."""
    stop = stopping(known)
    if stop is not None:
        text = f"{_instead(stop, snapshot) if code_of(stop) != NO_DATA else ''}{called(stop)}"
    elif snapshot.answer == "deploy":
        text = deploy_or_stay(revno_of(snapshot.deployable))
    else:
        text = "nothing new" if snapshot.answer == "nothing-new" else _kept(snapshot)
        if snapshot.deployed is not None:
            text = f"{deploy_or_stay(None, snapshot.deployed.revno)}: {text}"
    others = also(known)
    return f"{text} ({', '.join(others)})" if others else text


def _kept(snapshot: Snapshot) -> str:
    """Why nothing can be deployed, in a word or three."""
    return kept_by(snapshot) or ("blocked" if snapshot.blockers else "waits for checks")


def also(known: Sequence[Caution]) -> list[str]:
    """What the cautions are called that the headline does not name, each once."""
    first = stopping(known)
    return list(dict.fromkeys(called(caution) for caution in known if caution is not first))


def gist(snapshot: Snapshot, known: Sequence[Caution]) -> str:
    """What follows the headline: how much goes live, why nothing does, or what the last good answer was."""
    if stopping(known) is not None:
        return separated(way_out(snapshot, known), "; ")
    live = f"r{snapshot.deployed.revno}" if snapshot.deployed is not None else "production"
    if (following := proposed(snapshot)) is not None:
        number, again = len(following.landings), len(_again(following))
        goes = f"{count(number, 'landing')} newer than {live}"
        if again:
            goes = (
                f"{count(number, 'landing')}: {number - again} newer than {live}, {again} rolled back there"
            )
        return f"{goes} ({len(following.undone)} rolled back again)" if following.undone else goes
    if snapshot.answer == "nothing-new":
        return f"production runs {live}, and nothing has landed since"
    return f"{count(must_wait(snapshot), 'landing')} newer than {live}, and none of them may go yet"


def _again(following: Next) -> list[int]:
    """What production has rolled back, and would run again."""
    return [revno for revno in following.landings if revno <= following.base.revno]


def way_out(snapshot: Snapshot, known: Sequence[Caution]) -> list[str]:
    """What to do about the caution that stops, and for want of data what the last answer was."""
    stop = stopping(known)
    assert stop is not None
    lines = [stop.remedy] if stop.remedy else []
    if code_of(stop) == NO_DATA:
        lines.append(_last_good(snapshot))
    return lines


def outlook(snapshot: Snapshot, known: Sequence[Caution]) -> str:
    """What has to wait, and what clearing the first blocker would give; empty if there is nothing to say."""
    if stopping(known) is not None:
        return ""
    parts = []
    if snapshot.deployable is not None and snapshot.tip is not None:
        later = must_wait(snapshot)
        parts.append(f"{count(later, 'newer landing')} must wait" if later else "nothing has to wait")
    if snapshot.blockers:
        first = snapshot.blockers[0]
        if first.tip_if_cleared is not None and first.frees:
            parts.append(
                f"if r{first.revno} were good you would get r{first.tip_if_cleared}{tip_words(first)}"
                f"{_more_landings(first.frees, snapshot)}"
            )
        elif snapshot.staircase:
            step = snapshot.staircase[0]
            parts.append(
                f"if {named(step.cleared)} were good you would get r{step.tip}{tip_words(step)}"
                f"{_more_landings(step.frees, snapshot)}"
            )
    return "; ".join(parts)


def lead(snapshot: Snapshot, known: Sequence[Caution]) -> list[str]:
    """The sentences under the headline of the page: how much goes live, or why nothing does."""
    if stopping(known) is not None:
        return [full_sentence(each) for each in way_out(snapshot, known)]
    following = proposed(snapshot)
    if following is None:
        return [full_sentence(gist(snapshot, known))]
    number, again = len(following.landings), _again(following)
    which = span(following.base.revno + 1, following.to.revno)
    if again:
        which = f"{some([f'r{revno}' for revno in again], NAMED)} again, and {which}"
    if following.undone:
        which = f"{which} ({within(len(following.undone))})"
    goes = f"{count(number, 'landing')} {'goes' if number == 1 else 'go'} live: {which}."
    later = must_wait(snapshot)
    rest = f"{count(later, 'newer one')} must wait." if later else "Nothing newer has to wait."
    lines = [f"{goes} {rest}"]
    if following.taken_out:
        names = some([f"r{revno}" for revno in following.taken_out], NAMED)
        lines.append(f"Rolled back by it, and live no longer: {names}.")
    return lines


class Wait(Struct, frozen=True):
    """What one gets by waiting for the first blocker, or for those that have to be cleared with it:
    `begin`: once r104 `rest`."""

    begin: str
    revnos: tuple[int, ...]
    rest: str


def wait_for(snapshot: Snapshot, known: Sequence[Caution]) -> Wait | None:
    """Whose move it is, for somebody who could deploy now or wait; None where nobody has to move."""
    if not snapshot.blockers or stopping(known) is not None:
        return None
    first = snapshot.blockers[0]
    revnos: tuple[int, ...] = (first.revno,)
    gives_more = ""
    frees, up_to, if_they_pass = first.frees, first.tip_if_cleared, tip_words(first)
    if snapshot.staircase and (not frees or snapshot.staircase[0].cleared == revnos):
        step = snapshot.staircase[0]
        revnos, frees, up_to, if_they_pass = step.cleared, step.frees, step.tip, tip_words(step)
        further = stairs(snapshot, 1, 1 + FURTHER_STEPS)
        gives_more = f"; {further}" if further else ""
    entries = {entry.revno: entry for entry in snapshot.landings}
    waited_for = [each for each in snapshot.blockers if each.revno in revnos]
    movers = list(dict.fromkeys(mover_of(each, entries.get(each.revno)) for each in waited_for))
    mover = joined(movers) if 0 < len(movers) <= NAMED else some(movers, NAMED)
    if snapshot.deployable is not None:
        begin = f"Or wait for {mover}"
    else:
        has_to = "'s move" if len(movers) == 1 else " have to move"
        begin = f"{mover[:1].upper()}{mover[1:]}{has_to}"
    more = " more" if snapshot.deployable is not None else ""
    if up_to is None or not frees:
        gives = f"nothing{more} could go yet: others block as well."
    else:
        gives = f"you get r{up_to}{if_they_pass}{_more_landings(frees, snapshot)}{gives_more}."
    return Wait(begin, revnos, f"{'is' if len(revnos) == 1 else 'are'} cleared, {gives}")


def _more_landings(number: int, snapshot: Snapshot) -> str:
    """Behind the revision that one would get: ", 2 more landings" than go now. Empty where those counted come
    on top of one that waits for its checks: what goes then, then goes with more."""
    if for_checks(snapshot) is not None:
        return ""
    return f", {count(number, 'landing' if snapshot.deployable is None else 'more landing')}"


def mover_of(blocker: Blocker, entry: LandingEntry | None) -> str:
    """Who has to do something about it: the reason may name somebody else than the author."""
    return name(entry.whose_move if entry is not None and entry.whose_move else blocker.person)


def frees(blocker: Blocker, snapshot: Snapshot) -> str:
    """What clearing this one gives, alone or with others, in as few words as a table has room for."""
    if blocker.tip_if_cleared is None or not blocker.frees:
        if snapshot.staircase:
            return with_others(blocker, snapshot)
        return "nothing by itself: others block as well"
    return f"{count(blocker.frees, 'more landing')}, up to r{blocker.tip_if_cleared}{tip_words(blocker)}"


def freed(blocker: Blocker, snapshot: Snapshot) -> str:
    """What clearing this one gives, alone (docs/rules.md#blockers) or with others."""
    if blocker.tip_if_cleared is None or not blocker.frees:
        if snapshot.staircase:
            return Sentence("if it were good, ", with_others(blocker, snapshot))
        return "if it alone were good, nothing more could go: others block as well"
    more = count(blocker.frees, "more landing")
    return f"if it alone were good, {more} could go, up to r{blocker.tip_if_cleared}{tip_words(blocker)}"


def list_mail(blocker: Blocker, snapshot: Snapshot) -> str:
    """When the mailing list is told of it: `the list will be told on Friday, 26 August 2011`
    (docs/mails.md)."""
    from zoneinfo import ZoneInfo

    from shepherd.plans.days import long_date

    day = blocker.list_told_on
    assert day is not None
    today = snapshot.generated_at.astimezone(ZoneInfo(snapshot.timezone)).date()
    if day < today:
        return f"the list is told of it every day, since {long_date(day)}"
    return "the list is told of it today" if day == today else f"the list will be told on {long_date(day)}"


def standing_of(entry: LandingEntry, snapshot: Snapshot) -> str:
    """Where one landing stands, in a sentence a stranger understands."""
    own = STATES[entry.state]
    its_state = "" if entry.good else f"; its QA state is: {own}"
    match entry.progress:
        case "live":
            since = f" since {utc(entry.live_since)}" if entry.live_since is not None else ""
            stands = f"is live{since}{its_state}"
        case "promoted":
            at = f" on {utc(entry.promoted_at)}" if entry.promoted_at is not None else ""
            by = f" by {entry.promoted_by}" if entry.promoted_by else ""
            stands = f"was promoted{by}{at}; production does not run it yet{its_state}"
        case "rolled-back":
            by = f" by r{entry.undone_by}" if entry.undone_by is not None else ""
            stands = f"is rolled back{by}; its own QA state is: {own}"
        case "deployable":
            goes = snapshot.deployable
            stands = f"may be deployed ({own})"
            stands += f": it goes out with r{goes.revno}" if goes is not None else ""
        case "waiting" if (
            entry.waits_for_count or not snapshot.deployed or not snapshot.checks + snapshot.limits
        ):
            stands = f"is good ({own}) and waits for {_older_or_repairs(entry)}"
        case "waiting":
            why = waits(entry).removeprefix(f"r{entry.revno} ") if entry.conditions else _NOT_KNOWN
            stands = f"is good ({own}), and nothing blocks it; it {why}"
        case "not-on-qa-yet":
            stands = f"is not on the QA server yet ({own})"
        case _:
            blocker = next((b for b in snapshot.blockers if b.revno == entry.revno), None)
            keeps = f" and keeps {count(blocker.waiting, 'landing')} waiting" if blocker is not None else ""
            stands = f"{_STOPPED[entry.progress]}{keeps}; it {PROGRESS[entry.progress][1]}"
    return f"r{entry.revno} {stands}"


def _older_or_repairs(entry: LandingEntry) -> str:
    """What a good landing waits for: older landings, and what repairs it."""
    repairs = " and ".join(f"r{revno}" for revno in entry.repairs)
    older = "" if repairs and entry.waits_for_count == len(entry.repairs) else "older landings"
    return " and ".join(filter(None, (older, repairs)))


def _last_good(snapshot: Snapshot) -> str:
    last: LastGood | Snapshot | None = snapshot if snapshot.complete else snapshot.last_good
    if last is None:
        return "there is no earlier good answer"
    answer = deploy_or_stay(revno_of(last.deployable))
    if last.deployable is not None:
        answer = f"{answer} ({short(last.deployable.id)}…)"
    elif last.answer == "nothing-new":
        answer = f"{answer}, nothing new"
    elif last.answer == "blocked":
        answer = f"{answer}, blocked"
    when = time(last.generated_at)
    return Sentence(f"last good answer: {answer}, of ", when, "; do not act on it without checking")
