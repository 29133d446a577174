"""What the words on bugs and requests say of each landing (design 3.2 a to d).

A tag speaks for the landings that were there when it was set. The journal keeps what spoke last for each
(landing, item); this module turns one more reading into the words of now, and what there is to remember.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from shepherd.landing import Landing
from shepherd.words import Item, Kept, Memory, Seen, Spoken, TrackerReading, Word

How = Literal["tag", "none", "late", "sealed", "plain-bad", "kept", "unreadable", "no-tracker"]
"""Why a word speaks: the tag itself · there is no QA tag · the tag was there before the landing · an earlier
word is sealed · qa-bad names no landing · production runs it, so its last word stays · the item could not be
read · nothing can carry tags here."""

_NEEDS = Kept("needstesting")


class Speech(Struct, frozen=True, gc=False):
    """What one item says of one landing."""

    item: Item
    word: Word | Literal["unknown"]
    how: How
    detail: str = ""
    """late: the word that was there before · unreadable: why."""


class Told(Struct):
    """Everything the tracker says of the landings, and what the journal should remember of it."""

    pairs: dict[int, list[Speech]]
    """Revno -> what each of its QA items says, in the order of its items."""
    named_bad: dict[int, list[Item]]
    """Revno -> items that name it by bad-commit-N, or requests of it that bear qa-bad."""
    stray: dict[int, list[str]]
    """Revno -> warnings about the tags on its items."""
    seen: list[tuple[Item, Seen]]
    kept: list[tuple[tuple[str, Item], Kept]]
    bad_since: dict[Item, int]
    """Item -> since when it is qa-bad without a bad-commit that counts."""
    named_since: dict[tuple[int, Item], int]
    """(N, item) -> since when the item has borne bad-commit-N (or the request qa-bad)."""
    first_read: dict[Item, int]
    """Item -> when it was read for the first time ever."""


def qa_items(landing: Landing, tracker: TrackerReading) -> Sequence[Item]:
    """The bugs and requests that a landing is judged by: a request counts where the tracker can say something
    of it, or where there is nothing else."""
    if not landing.requests or (landing.bugs and not tracker.speaks_of_requests):
        return landing.bugs
    return (*landing.bugs, *landing.requests)


def listen(
    landings: Sequence[Landing],
    scope: Collection[int],
    live: Collection[int],
    deployed: int,
    tracker: TrackerReading,
    memory: Memory,
) -> Told:
    """Hear what every item says of every landing in scope.

    Args:
        scope: revnos of the landings whose items were read.
        live: revnos that production runs (<= D and in effect at D).
        deployed: D, as revno.
    """
    told = Told({}, {}, {}, [], [], {}, {}, {})
    by_revno = {landing.revno: landing for landing in landings}
    named: dict[Item, list[Landing]] = {}
    for landing in landings:
        if landing.revno in scope:
            for item in qa_items(landing, tracker):
                named.setdefault(item, []).append(landing)
    unnamed = [
        (item, ()) for item, spoken in tracker.items.items() if item not in named and spoken.bad_commits
    ]
    for item, carriers in (*named.items(), *unnamed):
        speaks = tracker.speaks_of_bugs if isinstance(item, int) else tracker.speaks_of_requests
        if not speaks:
            for landing in carriers:
                told.pairs.setdefault(landing.revno, []).append(Speech(item, "needstesting", "no-tracker"))
            continue
        spoken = tracker.items.get(item)
        if spoken is None or spoken.unreadable:
            why = spoken.unreadable if spoken else "it was not read"
            for landing in carriers:
                told.pairs.setdefault(landing.revno, []).append(Speech(item, "unknown", "unreadable", why))
            continue
        _hear_item(item, spoken, carriers, by_revno, live, deployed, memory, told)
    return told


def _hear_item(
    item: Item,
    spoken: Spoken,
    carriers: Sequence[Landing],
    by_revno: dict[int, Landing],
    live: Collection[int],
    deployed: int,
    memory: Memory,
    told: Told,
) -> None:
    history = memory.seen.get(item, ())
    if not history or history[-1].spoken != spoken:
        now = Seen(memory.now, spoken)
        history = (*history, now)
        told.seen.append((item, now))
    told.first_read[item] = history[0].seq

    counting = named = False
    if isinstance(item, str):
        named = "bad" in spoken.words
        if named:
            since = _streak(history, lambda s: "bad" in s.words)
            for landing in carriers:
                told.named_bad.setdefault(landing.revno, []).append(item)
                told.named_since[landing.revno, item] = since
    else:
        counting = _hear_bad_commits(item, spoken, history, carriers, by_revno, told)
    words = tuple(w for w in spoken.words if w != "bad")
    plain_bad = "bad" in spoken.words and not counting and not named
    if isinstance(item, int):
        if plain_bad:
            counts = {n for s in history for n in s.spoken.bad_commits if _names(by_revno.get(n), item)}
            told.bad_since[item] = _streak(
                history, lambda s: "bad" in s.words and not counts.intersection(s.bad_commits)
            )
        if len(spoken.words) > 1 and not (counting and len(words) == 1):
            _warn(told, carriers, f"{name(item)} bears {listed(spoken.words)}: the worse counts")
    present: Word | None = words[0] if words else None

    newest = carriers[-1].revno if carriers else 0
    for landing in carriers:
        key = (landing.id, item)
        kept = memory.kept.get(key, _NEEDS)
        if plain_bad:
            if landing.revno in live and newest > deployed:
                last = kept.word or "needstesting"
                told.pairs.setdefault(landing.revno, []).append(Speech(item, last, "kept"))
                continue
            speech, keep = Speech(item, "bad", "plain-bad"), Kept("bad", kept.seal)
        elif named:
            speech, keep = Speech(item, "bad", "tag"), Kept("bad", kept.seal)
        else:
            speech, keep = _decide(item, present, landing, landing.revno == newest, history, memory, kept)
        told.pairs.setdefault(landing.revno, []).append(speech)
        if keep != kept:
            told.kept.append((key, keep))


def _decide(
    item: Item,
    present: Word | None,
    landing: Landing,
    is_newest: bool,
    history: Sequence[Seen],
    memory: Memory,
    kept: Kept,
) -> tuple[Speech, Kept]:
    """3.2 (a), (b) and (d) for one landing and one item that is not bad."""
    how: How = "tag" if present else "none"
    detail = ""
    if present == "ok" or present == "untestable":
        if _covers(present, memory.found.get(landing.id, memory.now), history):
            seal = present if is_newest else kept.seal
            return Speech(item, present, "tag"), Kept(present, seal)
        how, detail = "late", present
    if not is_newest and kept.seal:
        return Speech(item, kept.seal, "sealed"), Kept(kept.seal, kept.seal)
    return Speech(item, "needstesting", how, detail), _NEEDS


def _covers(word: Word, found: int, history: Sequence[Seen]) -> bool:
    """Whether the present word was said of a landing found then (3.2 a)."""
    already = any(s.seq < found and word in s.spoken.words for s in history)
    if not already:
        return True
    changed = history[0].seq
    for before, after in pairwise(history):
        if before.spoken.word != after.spoken.word:
            changed = after.seq
    return changed >= found


def _hear_bad_commits(
    item: int,
    spoken: Spoken,
    history: Sequence[Seen],
    carriers: Sequence[Landing],
    by_revno: dict[int, Landing],
    told: Told,
) -> bool:
    """Note whom bad-commit-N names; True if one of them counts: N is a landing that names this bug."""
    counts = False
    for n in spoken.bad_commits:
        landing = by_revno.get(n)
        if landing is None:
            _warn(told, carriers, f"bug {item} bears bad-commit-{n}, and r{n} is no landing that was read")
            continue
        told.named_bad.setdefault(n, []).append(item)
        told.named_since[n, item] = _streak(history, partial(_bears, n))
        if _names(landing, item):
            counts = True
        else:
            _warn(
                told,
                [landing, *carriers],
                f"bug {item} bears bad-commit-{n}, but r{n} does not name that bug",
            )
    return counts


def _streak(history: Sequence[Seen], holds: Callable[[Spoken], bool]) -> int:
    """Since when, in unbroken readings up to the last one, the condition holds."""
    since = history[-1].seq
    for seen in reversed(history):
        if not holds(seen.spoken):
            break
        since = seen.seq
    return since


def _bears(n: int, spoken: Spoken) -> bool:
    return n in spoken.bad_commits


def _names(landing: Landing | None, bug: Item) -> bool:
    return landing is not None and bug in landing.bugs


def _warn(told: Told, landings: Iterable[Landing], warning: str) -> None:
    for landing in landings:
        warnings = told.stray.setdefault(landing.revno, [])
        if warning not in warnings:
            warnings.append(warning)


def listed(words: Sequence[Word]) -> str:
    return " and ".join(f"qa-{word}" for word in words)


def name(item: Item) -> str:
    """How people call an item: "bug 7", "request #12"."""
    return f"bug {item}" if isinstance(item, int) else f"request {item}"
