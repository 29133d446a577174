"""Plays a story of a branch, line by line, through several runs, and keeps the journal between them.

    r3 [bug=1][rollback=2] subject | [bug=7] a commit it brought in
    r4 ~r3 subject                      the message says that it reverts r3, and its content proves it
    r4 ~r3+ subject                     the same, but it changes more than that
    tags 1 qa-bad bad-commit-3          from now on the bug (or request: #12) has these, and no others
    status 1 bad                        from now on its status says this word; or: none
    field 1 ok                          from now on its field says this word; or: none
    tags 1 unreadable                   or: gone (not in the tracker's answer at all)
    verdict r3 ok                       or any other word of 3.2
    cover r1 by r3, uncover r1 [by r3]
    foxtrot r2 | [bug=7] subject | Merge   r2 stays; the last of these lands as a merge that brings in what
                                           landed after r2, which is called r3@0, r4@0 … then (@1 …)
    rewrite r2 | subject                r2 stays, these land, and nothing is left of what landed after r2
    asking r3 fails                     from now on the forge does not say which request brought it; or: works
    elsewhere r3 names 1                landing 3 of another mainline names bug 1
    deploy r2 [with 1 commit]           production runs r2, and so many commits that the mainline lacks
    checks r3 ci/a=success docs=failed  from now on these are the results on r3's commit, and no others
    checks r3 unreadable                they cannot be read; a landing without such a line is not asked for
    touches r3 db/1.sql                 its own change touches these paths
    run                                 find, then judge; there is always one more at the end

A bug that no line tags has no tags. Landings may be found by any later run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from shepherd.conditions import CommitChecks, Conditions
from shepherd.landing import Brought, Deployed, Landing, Marks, Reading, Revision
from shepherd.marks import parse
from shepherd.words import (
    WORST_FIRST,
    Cover,
    Item,
    ItemSaid,
    ItemTags,
    KeptEvidence,
    NamedCommits,
    Options,
    RecordedEvidence,
    SeenTags,
    TrackerData,
    Verdict,
    Word,
    is_request,
)
from tests.rules.needs import Needs, results

WORDS: dict[str, Word] = {word: word for word in WORST_FIRST}
UNASKED = "GitHub does not say which request brought it: it answered 500"
GRAMMARS = ("brackets", "footers", "forge", "trailers")
Judge = Callable[..., Any]
"""Called with reading, tracker, recorded evidence and options, and with `conditions` by name."""


@dataclass(frozen=True)
class Tracker:
    """What kinds of items the tracker speaks of."""

    bugs: bool = True
    requests: bool = False


@dataclass(frozen=True)
class Run:
    """What one run of the shepherd was given and what it said."""

    reading: Reading
    tracker: TrackerData
    memory: RecordedEvidence
    judgement: Any
    kept: dict[tuple[str, Item], KeptEvidence]
    """What the journal keeps after the run."""
    named: dict[tuple[Item, int], NamedCommits]
    conditions: Conditions

    @property
    def candidates(self) -> range:
        return range(self.reading.deployed.revno + 1, self.reading.tip.revno + 1)

    def warnings(self, revno: int) -> list[str]:
        """Of the reading and of the judgement, as a page shows them together."""
        return [*self.reading.landings[revno - 1].warnings, *self.judgement.warnings.get(revno, ())]


def play(
    lines: Iterable[str],
    judge: Judge,
    options: Options | None = None,
    tracker: Tracker | None = None,
    needs: Needs | None = None,
) -> list[Run]:
    """Every run of the story, the last one at its end."""
    told = Story(judge, options or Options(), tracker or Tracker(), needs or Needs())
    for line in lines:
        if line.strip():
            told.tell(line.strip())
    told.run()
    return told.runs


def sha(revno: int, foxtrots: int = 0) -> str:
    return f"{foxtrots:08x}{revno:032x}"


def revno(word: str) -> int:
    return int(word.removeprefix("r"))


@dataclass
class Story:
    judge: Judge
    options: Options
    kinds: Tracker
    needs: Needs
    landings: list[Landing] = field(default_factory=list)
    deployed: Deployed = Deployed(revno=0, id="")  # noqa: RUF009 - frozen
    tags: dict[Item, ItemTags | None] = field(default_factory=dict)
    beyond: dict[Item, dict[str, Word]] = field(default_factory=dict)
    """What its status and its field say, by these; empty until the first line of either."""
    runs: list[Run] = field(default_factory=list)
    seq: int = 0
    found: dict[str, int] = field(default_factory=dict)
    seen: dict[Item, tuple[SeenTags, ...]] = field(default_factory=dict)
    kept: dict[tuple[str, Item], KeptEvidence] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    covers: list[Cover] = field(default_factory=list)
    named: dict[tuple[Item, int], NamedCommits] = field(default_factory=dict)
    gone: dict[str, Landing] = field(default_factory=dict)
    """What was a landing before a foxtrot: "r3@0"."""
    foxtrots: int = 0
    elsewhere: set[tuple[Item, int]] = field(default_factory=set)
    unasked: set[str] = field(default_factory=set)
    """SHAs of landings that the forge cannot be asked about."""
    checks: dict[str, CommitChecks] = field(default_factory=dict)
    touches: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def tell(self, line: str) -> None:
        match line.split():
            case ["run"]:
                self.run()
            case ["tags", item, *words]:
                self.tags[item] = spoken(words)
            case ["status" | "field" as by, item, word]:
                said = self.beyond.setdefault(item, {})
                said.pop(by, None)
                if word != "none":
                    said[by] = WORDS[word]
            case ["verdict", rev, word]:
                self.say(rev, word)
            case ["cover", rev, "by", by]:
                self.cover(rev, by, undone=True)
            case ["uncover", rev, "by", by]:
                self.cover(rev, by, undone=False)
            case ["uncover", rev]:
                self.cover(rev, None, undone=False)
            case ["rewrite", rev, "|", *_]:
                self.foxtrot(revno(rev), [part.strip() for part in line.split("|")[1:]], merging=False)
            case ["foxtrot", rev, "|", *_]:
                self.foxtrot(revno(rev), [part.strip() for part in line.split("|")[1:]])
            case ["asking", rev, "fails"]:
                self.unasked.add(self.id_of(rev))
            case ["asking", rev, "works"]:
                self.unasked.discard(self.id_of(rev))
            case ["elsewhere", rev, "names", bug]:
                self.elsewhere.add((bug, revno(rev)))
            case ["checks", rev, *words]:
                self.checks[self.id_of(rev)] = results(words)
            case ["touches", rev, *paths]:
                self.touches[self.id_of(rev)] = tuple(paths)
            case ["deploy", rev, *extra]:
                self.deploy(revno(rev), int(extra[1]) if extra else 0)
            case [rev, *_] if re.fullmatch(r"r\d+", rev):
                self.land(revno(rev), line.removeprefix(rev).strip())
            case _:
                raise ValueError(f"no step of a story: {line}")

    def land(self, number: int, text: str) -> None:
        assert number == len(self.landings) + 1, f"r{number} is told out of order"
        claims = re.findall(r"(?<!\S)~r(\d+)(\+?)", text)
        reverts = tuple(int(n) for n, _ in claims)
        mixed = any(more for _, more in claims)
        message, *brought_in = (part.strip() for part in re.sub(r"(?<!\S)~r\d+\+?", "", text).split("|"))
        own, *others = (parse(part, GRAMMARS) for part in (message, *brought_in))
        landed = replace(landing(number, own, others, reverts), mixed=mixed)
        self.landings.append(replace(landed, id=sha(number, self.foxtrots)))

    def foxtrot(self, kept: int, messages: list[str], *, merging: bool = True) -> None:
        """An ordinary fast-forward, in which the old mainline lies behind the second parent of a merge; or,
        without merging, a mainline that was rewritten and has no trace of the old one."""
        assert 0 < kept <= len(self.landings) and messages
        moved = self.landings[kept:]
        self.gone |= {f"r{p.revno}@{self.foxtrots}": p for p in moved}
        self.foxtrots += 1
        del self.landings[kept:]
        for number, message in enumerate(messages, kept + 1):
            self.land(number, message)
        moved = moved if merging else []
        brought = (commit for p in moved for commit in (*p.brought, Brought(p.id, p.title)))
        merge = self.landings[-1]
        bugs = dict.fromkeys([*merge.bugs, *(bug for p in moved for bug in p.bugs)])
        self.landings[-1] = replace(merge, bugs=tuple(bugs), brought=tuple(brought))
        if self.deployed.revno > kept:
            runs = [p.id for p in moved if p.revno <= self.deployed.revno]
            runs += [commit.id for p in moved if p.revno <= self.deployed.revno for commit in p.brought]
            extra = tuple((sha, merge.revno) for sha in runs)
            self.deployed = Deployed(revno=kept, id=self.landings[kept - 1].id, extra=extra)

    def id_of(self, rev: str) -> str:
        return self.gone[rev].id if rev in self.gone else self.landings[revno(rev) - 1].id

    def say(self, rev: str, word: str) -> None:
        self.seq += 1
        self.verdicts.pop(self.id_of(rev), None)
        if word != "withdraw":
            self.verdicts[self.id_of(rev)] = Verdict(seq=self.seq, word=WORDS[word], who="ann", when=self.seq)

    def cover(self, rev: str, by: str | None, undone: bool) -> None:
        self.seq += 1
        by_id = self.id_of(by) if by else None
        self.covers.append(
            Cover(target=self.id_of(rev), by=by_id, undone=undone, tip=len(self.landings), seq=self.seq)
        )

    def deploy(self, number: int, extra: int) -> None:
        commits = tuple((f"{n:039x}f", None) for n in range(extra))
        self.deployed = Deployed(
            revno=number, id=self.landings[number - 1].id if number else "", extra=commits
        )

    def run(self) -> None:
        """Landings are found before the tracker is read; the tracker is asked for the bugs they name, and
        for every other that has a bad-commit for one of them."""
        self.seq += 1
        for p in self.landings:
            self.found.setdefault(p.id, self.seq)
        self.seq += 1
        memory = RecordedEvidence(
            now=self.seq,
            first_seen=dict(self.found),
            seen=dict(self.seen),
            kept=dict(self.kept),
            verdicts=dict(self.verdicts),
            covers=tuple(self.covers),
            named=dict(self.named),
            elsewhere=frozenset(self.elsewhere),
        )
        reading = Reading(
            landings=tuple(map(self.confirmed, self.landings)),
            tip=Revision(revno=len(self.landings), id=self.landings[-1].id),
            deployed=self.deployed,
        )
        tracker = self.read_tracker()
        conditions = self.needs.conditions(self.checks, self.touches, self.landings)
        judgement = self.judge(reading, tracker, memory, self.options, conditions=conditions)
        for item, seen in judgement.seen:
            assert seen.seq == self.seq
            self.seen[item] = (*self.seen.get(item, ()), seen)
        self.kept.update(judgement.kept)
        self.named.update({key: NamedCommits(self.seq, ids) for key, ids in judgement.named})
        self.runs.append(
            Run(reading, tracker, memory, judgement, dict(self.kept), dict(self.named), conditions)
        )

    def read_tracker(self) -> TrackerData:
        named = [bug for p in self.landings for bug in p.bugs] if self.kinds.bugs else []
        asked = (
            [r for p in map(self.confirmed, self.landings) for r in p.requests] if self.kinds.requests else []
        )
        asked += [request for request, _ in self.named if is_request(request)]
        items: dict[Item, ItemTags | None] = {}
        items |= {bug: self.spoken(bug) for bug in named}
        items |= {request: self.tags.get(request, ItemTags()) for request in asked}
        if self.kinds.bugs:
            there = range(1, len(self.landings) + 1)
            items |= {bug: self.spoken(bug) for bug in self.seen if self.was_bad_by_status(bug)}
            items |= {
                item: self.spoken(item)
                for item, words in self.tags.items()
                if not is_request(item)
                and words
                and (
                    any(n in there for n in words.bad_commits)
                    or ((words.unreadable or words.bad_commits) and self.suspected(item))
                )
            }
        return TrackerData(
            items={item: words for item, words in items.items() if words is not None},
            said={
                item: ItemSaid({word: f'"QA {word}"' for word in said.values()})
                for item, said in self.beyond.items()
                if said and items.get(item)
            }
            or UNSET,
            speaks_of_requests=self.kinds.requests,
            speaks_of_bugs=self.kinds.bugs,
            unasked={p.id: UNASKED for p in self.landings if self.kinds.requests and p.id in self.unasked},
        )

    def spoken(self, bug: Item) -> ItemTags | None:
        """What its tags, its status and its field say together."""
        tags = self.tags.get(bug, ItemTags())
        if tags is None or tags.unreadable or not self.beyond:
            return tags
        said = self.beyond.get(bug, {})
        words = tuple(word for word in WORST_FIRST if word in (*tags.words, *said.values()))
        newest = "bad" in said.values() and "bad" not in tags.words
        all_ways = [*(("label", word) for word in tags.words), *said.items()]
        good_by = tuple(sorted(f"{by} {word}" for by, word in all_ways if word in ("ok", "untestable")))
        return ItemTags(
            words, tags.bad_commits, of_newest=True if newest else UNSET, good_by=good_by or UNSET
        )

    def was_bad_by_status(self, item: Item) -> bool:
        """Such a bug is asked for by name, too."""
        return bool(self.seen[item][-1].tags.of_newest)

    def confirmed(self, p: Landing) -> Landing:
        """With the requests that the forge says are its own; the shepherd keeps no memory of its answers."""
        return replace(p, requests=()) if self.kinds.requests and p.id in self.unasked else p

    def suspected(self, item: Item) -> bool:
        """Such a bug is asked for by name, so that what it bore is not taken for gone."""
        before = self.seen.get(item, ())
        return bool(before) and bool(before[-1].tags.bad_commits)


def landing(number: int, own: Marks, others: list[Marks], reverts: tuple[int, ...]) -> Landing:
    """What `find` makes of the messages: valid targets, and a warning for each other
    (docs/rules.md#undone)."""
    valid = tuple(n for n in own.rollback if 0 < n < number)
    wrong = tuple(f"[rollback={n}] names no earlier landing" for n in own.rollback if n not in valid)
    bugs = dict.fromkeys(bug for marks in (own, *others) for bug in marks.bugs)
    return Landing(
        revno=number,
        id=sha(number),
        committed_at=1_300_000_000 + number,
        title=own.subject,
        bugs=tuple(bugs),
        own_bugs=own.bugs,
        requests=own.requests,
        labels=own.labels,
        mark_targets=valid,
        revert_targets=tuple(n for n in reverts if 0 < n < number),
        hints=tuple(f"the message speaks of a revert of r{n}" for n in own.hints),
        warnings=own.warnings + wrong,
    )


def spoken(words: list[str]) -> ItemTags | None:
    """None stands for an item that the tracker's answer lacks."""
    if words == ["gone"]:
        return None
    if words == ["unreadable"]:
        return ItemTags(unreadable="503 Service Unavailable")
    return ItemTags(
        words=tuple(word for word in WORST_FIRST if f"qa-{word}" in words),
        bad_commits=tuple(sorted(int(w.removeprefix("bad-commit-")) for w in words if "commit" in w)),
    )
