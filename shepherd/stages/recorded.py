"""The journal's entries as the rules need them, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from shepherd.landing import Landing, commits_of
from shepherd.stages.failed_writings import open_failures
from shepherd.stages.timeline import RefMove
from shepherd.store import Journal, JournalEntry
from shepherd.values import utc
from shepherd.words import (
    Cover,
    Item,
    ItemTags,
    KeptEvidence,
    NamedCommits,
    RecordedEvidence,
    SeenTags,
    TaggerWord,
    Verdict,
    is_request,
    item_name,
)


def items_of(landing: Landing) -> tuple[Item, ...]:
    """Every bug and request that a landing names."""
    return (*landing.bugs, *landing.requests)


def covers(journal: Journal) -> tuple[Cover, ...]:
    """All `cover` and `uncover` words, oldest first."""
    return covers_of(journal.entries("cover"))


def covers_of(entries: Iterable[JournalEntry]) -> tuple[Cover, ...]:
    """Those among some entries, in their order."""
    return tuple(
        Cover(
            target=entry.subject,
            by=entry.data.get("by"),
            undone=entry.data["undone"],
            tip=entry.data["tip"],
            seq=entry.seq,
        )
        for entry in entries
        if entry.kind == "cover"
    )


def suspected(journal: Journal) -> set[Item]:
    """The bugs that had a bad-commit, or were bad by their status, when they were read last."""
    subjects = {entry.subject for entry in journal.entries("item", holding='"bad_commits":[')}
    subjects |= {item for item, n in named_commits(journal) if n == 0 and not is_request(item)}
    last = {entry.subject: entry for entry in journal.entries("item", subjects=subjects)}
    return {
        subject
        for subject, entry in last.items()
        if entry.data.get("bad_commits") or entry.data.get("of_newest")
    }


def named_commits(journal: Journal) -> dict[tuple[Item, int], NamedCommits]:
    """The commits that each bad-commit-N names, and what says bad without one: a request's label, and a bug's
    status (then N is 0); the newest entry counts."""
    return {
        (entry.subject, entry.data["n"]): NamedCommits(entry.seq, tuple(entry.data["ids"]))
        for entry in journal.entries("named")
    }


def pair_of(sha: str, item: Item) -> str:
    """A landing and an item as the journal's subject."""
    return f"{sha} {item}"


def own_words(journal: Journal) -> dict[Item, TaggerWord]:
    """The last good word that the tagger wrote on each item, or meant to, for any branch."""
    meant = journal.entries("meant", holding='"own":"')
    return {entry.data["item"]: TaggerWord(entry.data["own"], entry.seq) for entry in meant}


def remember(
    journal: Journal,
    landings: Sequence[Landing],
    items: Iterable[Item],
    others: Sequence[str] = (),
) -> RecordedEvidence:
    """What the rules ask the journal for, about these landings and items. `others`: the other branches."""
    ids = commits_of(landings)
    # a word that was seen for another branch's landing was there before this one's: every journal counts
    every = journal.with_others(others)
    first_seen: dict[str, int] = {}
    for entry in every.entries("landing", subjects=ids):
        first_seen.setdefault(entry.subject, entry.seq)
    seen: dict[Item, tuple[SeenTags, ...]] = {}
    for entry in every.entries("item", subjects=list(items)):
        tags = _tags(entry)
        before = seen.get(entry.subject, ())
        if not before or before[-1].tags != tags:
            seen[entry.subject] = (*before, SeenTags(entry.seq, tags))
    pairs: dict[str, tuple[str, Item]] = {
        pair_of(landing.id, item): (landing.id, item) for landing in landings for item in items_of(landing)
    }
    asked = {
        pairs[entry.subject]: entry.seq
        for entry in every.entries("meant", subjects=pairs.keys())
        if entry.data.get("asks")
    }
    own_entries = journal.entries("kept", "seal", subjects=pairs.keys())
    ours = {entry.subject for entry in own_entries}
    mine = {entry.seq for entry in own_entries}
    # a branch has its own last word, by the landings that name the item there; but a seal was set before its
    # word was taken away, which every branch sees
    words_of_all = [
        entry
        for entry in (every.entries("kept", "seal", subjects=pairs.keys()) if others else own_entries)
        if entry.kind == "seal" or entry.seq in mine or entry.subject not in ours
    ]
    kept: dict[tuple[str, Item], KeptEvidence] = {}
    for entry in words_of_all:
        pair, words = pairs[entry.subject], _kept(entry)
        if entry.kind == "seal" and pair in kept and kept[pair].failed:
            # another branch's: this one knows that it is good only together with a later one
            continue
        not_of_it = words.seal is not None and entry.seq < asked.get(pair, 0)
        kept[pair] = KeptEvidence("needstesting", failed=words.failed) if not_of_it else words
    return RecordedEvidence(
        now=journal.next_seq(),
        first_seen=first_seen,
        seen=seen,
        kept=kept,
        verdicts=verdicts(journal, ids),
        covers=covers(journal),
        asked=asked,
        own=own_words(every),
        named=named_commits(journal),
    )


def _kept(entry: JournalEntry) -> KeptEvidence:
    if entry.kind == "seal":
        return KeptEvidence(entry.data["word"], entry.data["word"])
    return entry.as_a(KeptEvidence)


def verdicts(journal: Journal, ids: Iterable[str]) -> dict[str, Verdict]:
    """The verdict that counts for each landing: of the journal's and the note's the one that was seen later,
    whatever clocks say (docs/rules.md#what-people-say). A note that is gone takes back its own word, and no
    other."""
    by_commit: dict[str, dict[str, Verdict]] = {}
    for entry in journal.entries("verdict", subjects=list(ids)):
        source, data = entry.data["source"], entry.data
        by_source = by_commit.setdefault(entry.subject, {})
        by_source.pop(source, None)
        if data["word"] != "removed":
            note = source == "note" or data.get("note", False)
            by_source[source] = Verdict(entry.seq, data["word"], entry.who, data["when"], entry.why, note)
    return {
        sha: newest
        for sha, sources in by_commit.items()
        if sources and (newest := max(sources.values(), key=lambda v: v.seq)).word != "withdraw"
    }


def lessons(
    seen: Iterable[tuple[Item, SeenTags]], kept: Iterable[tuple[tuple[str, Item], KeptEvidence]]
) -> list[JournalEntry]:
    """What a judgement learned, as entries to append."""
    entries = [JournalEntry("item", item, _nonempty(reading.tags)) for item, reading in seen]
    entries += [
        JournalEntry("kept", pair_of(sha, item), msgspec.to_builtins(words)) for (sha, item), words in kept
    ]
    return entries


def still_new(entries: Sequence[JournalEntry], every: Journal) -> list[JournalEntry]:
    """Lessons less the readings that a branch judged at the same time has written meanwhile."""
    items = [entry.subject for entry in entries if entry.kind == "item"]
    last = {each.subject: _tags(each) for each in every.entries("item", subjects=items)} if items else {}
    return [each for each in entries if each.kind != "item" or last.get(each.subject) != _tags(each)]


def _tags(entry: JournalEntry) -> ItemTags:
    return entry.as_a(ItemTags)


def untagged(journal: Journal) -> dict[str, list[str]]:
    """SHA -> a warning for each of its bugs that could not be written when that was tried last."""
    warnings: dict[str, list[str]] = {}
    for each in open_failures(journal):
        what = f"the tagger could not write {item_name(each.item)} since {utc(each.since)}"
        text = f"{what} ({each.why}); it tries again"
        warnings.setdefault(each.sha, []).append(text)
    return warnings


def ref_moves(entries: Iterable[JournalEntry]) -> list[RefMove]:
    """Every observed move of a position (deployed, promoted, on-qa), oldest first."""
    return [
        RefMove(
            entry.data["revno"],
            entry.time,
            entry.data["id"],
            entry.who,
            entry.data.get("kept", ""),
            entry.data.get("recorded", False),
            entry.data.get("foreign", False),
            entry.why,
            entry.kind == "promoted" and "from" not in entry.data,
            tuple(entry.data.get("passed", ())),
        )
        for entry in entries
    ]


def _nonempty(tags: ItemTags) -> dict[str, object]:
    """Only the keys that say something, so that bad-commits can be searched for."""
    return {key: value for key, value in msgspec.to_builtins(tags).items() if value}
