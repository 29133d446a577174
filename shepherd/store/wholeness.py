"""Whether the journal is whole: proved by what the answers on disk name of it, not guessed
(docs/rules.md#what-people-say).

Every answer names the last entry that the journal had when it was given. A journal that lacks that entry is
lost, or older than the answer. Two files are asked: the last snapshot, and the report's BRANCH.json, which is
the same snapshot and may lie on another disk: with all of state_dir gone, `snapshots/` has gone, too.

What follows, for one branch. "Named" is an entry that a file names; files of releases before 0.2 name the
answer alone, which some entry has to say.

| journal | snapshot | report's JSON | so |
|---|---|---|---|
| any | none, or of a failed first run | none, or of a failed first run | nothing to prove |
| without a first run | the same | the same | a first run; said, since state_dir may have lost its contents |
| has all that is named | any | any | whole; also where it goes on after that: words, a killed run |
| none, or empty | names an entry | any | lost |
| none, or empty | none | names an entry | lost |
| ends before a named entry | names it | any | lost: older than the answer |
| ends before a named entry | names an earlier one | names it | lost: all of state_dir is an older copy |
| another entry, or fewer, up to there | names it | any | lost: another history |
| lacks what is named, in files that a person accepted | any | any | whole: it goes on from there |
| restored where nothing showed how far it went, not accepted yet | any | any | what was said since is lost |

Lost means: no data, nothing is written into this journal, and every answer goes on to name what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeGuard

import msgspec
from msgspec import UNSET, Struct, UnsetType

from shepherd import plainfile
from shepherd.errors import NoAnswerError
from shepherd.settings import Settings
from shepherd.snapshot import Answer, JournalPlace, LastGood, Rev
from shepherd.store.journal import Journal, JournalEntry
from shepherd.store.reaching import name_of
from shepherd.store.snapshot_files import stored
from shepherd.store.snapshots import Snapshots
from shepherd.values import utc


class ReportedJournal(Struct, frozen=True):
    """What one file that holds an answer says of the journal behind it."""

    branch: str
    run_id: str
    generated_at: datetime
    complete: bool
    answer: Answer
    deployable: Rev | None
    last_good: LastGood | None
    journal: JournalPlace | UnsetType | None = UNSET

    @property
    def good(self) -> LastGood | None:
        """The last answer that was one."""
        if self.complete:
            return LastGood(self.run_id, self.generated_at, self.answer, self.deployable)
        return self.last_good


class JournalLoss(Struct, frozen=True):
    """What the journal of a branch lacks."""

    what: str
    """In words, to follow "the journal"."""
    place: JournalPlace | UnsetType
    """The last entry that is missing; unset where only a release before 0.2 knew the journal."""
    last_good: LastGood | None
    files: tuple[str, ...]
    """Run ids of the answers that name what is missing; a person who accepts the loss accepts these."""
    restored: bool = False
    """It lacks nothing that is known, but comes from a backup, after which more may have been said."""


def named_by(snapshots: Snapshots, report: Path | None, branch: str) -> list[ReportedJournal]:
    """What the last snapshot and the report's JSON say. A file that is not there, cannot be read, or is about
    another branch says nothing (`report` None: it is not asked); but for an unreadable last snapshot the one
    before it speaks."""
    last = next((named for path in snapshots.files() if (named := _read(path)) is not None), None)
    page = _read(report) if report else None
    return [named for named in (last, page) if named is not None and named.branch == branch]


class LostJournalError(NoAnswerError):
    """The journal is gone, or an older copy: nothing is written into it until a person says it is right."""

    def __init__(self, settings: Settings, branch: str, loss: JournalLoss) -> None:
        self.loss = loss
        which = f"--branch {branch} " if len(settings.branches) > 1 else ""
        accept = f'inv find {which}--accept-new-journal --reason "…"'
        if loss.restored:
            super().__init__(
                f"{branch}: the journal {loss.what}. Ask those who may have said something since, confirm"
                f" with {accept}, and say it again, first of all what is bad"
            )
            return
        super().__init__(
            f"{branch}: the journal lacks what the snapshots know: it {loss.what}, so verdicts and what was"
            f" seen before are lost. Is {settings.state_path} the right state_dir, and its disk mounted?"
            f" Restore the newest backup that has them: inv restore {settings.backup_path}; if there is none,"
            f" go on without: {accept}"
        )


def loss(journal: Journal | None, settings: Settings, branch: str) -> JournalLoss | None:
    """What the journal of a branch lacks, None if it is whole as far as its answers show.

    Args:
        journal: None: there is no database.
    """
    snapshots = Snapshots(settings.state_path / "snapshots", branch)
    named = named_by(snapshots, settings.report_path / f"{branch}.json", branch)
    began = journal is not None and journal.first("began") is not None
    if not named and not began and snapshots.any():
        return JournalLoss("is empty, and there are snapshots, of which none can be read", UNSET, None, ())
    return loss_of(journal, named)


def loss_of(journal: Journal | None, named: Iterable[ReportedJournal]) -> JournalLoss | None:
    """The same, of these answers."""
    named = list(named)
    began = journal.entries("began") if journal else []
    accepted = {run for entry in began for run in entry.data.get("accepts", ())}
    lacking = [
        (what, each) for each in named if each.run_id not in accepted and (what := _lacks(journal, each))
    ]
    if not lacking:
        return _unconfirmed(journal, named) if journal else None
    what, most = max(lacking, key=lambda pair: pair[1].journal.seq if _is_place(pair[1].journal) else 0)
    answers = [each.good for _, each in lacking if each.good is not None]
    return JournalLoss(
        what=what,
        place=most.journal if _is_place(most.journal) else UNSET,
        last_good=max(answers, key=lambda each: each.generated_at, default=None),
        files=tuple(dict.fromkeys(each.run_id for _, each in lacking)),
    )


def _unconfirmed(journal: Journal, named: Iterable[ReportedJournal]) -> JournalLoss | None:
    """What a restored journal may lack, until a person has accepted that."""
    restored = journal.last("restored")
    if restored is None or any(
        entry.seq > restored.seq and "accepts" in entry.data for entry in journal.entries("began")
    ):
        return None
    made = datetime.fromisoformat(restored.data["made"])
    return JournalLoss(
        what=f"comes from a backup of {utc(made)}, and what people said after that is not known",
        place=place_of(journal) or UNSET,
        last_good=max(
            (each.good for each in named if each.good is not None),
            key=lambda each: each.generated_at,
            default=None,
        ),
        files=(),
        restored=True,
    )


def place_of(journal: Journal) -> JournalPlace | None:
    """What an answer that is given now may name; None as long as nothing was ever read."""
    began, tip = journal.first("began"), journal.first("tip")
    seq = journal.last_seq()
    total = journal.sum_at(seq)
    if began is None or total is None:
        return None
    first = first_run(began, tip)
    return JournalPlace(seq, total, journal.count(seq), *first, journal.head_at(seq))


def first_run(began: JournalEntry, tip: JournalEntry | None) -> tuple[datetime, int]:
    """When the shepherd first looked at a branch, and the tip's revno then: also across a lost journal.

    Args:
        began, tip: the oldest entry of each kind.
    """
    if known := began.data.get("first_run"):
        return datetime.fromisoformat(known["at"]), known["tip"]
    return began.time, tip.data["revno"] if tip else 0


def first_run_sentence(settings: Settings, branch: str) -> str:
    """What is said once, and loudly: a first run looks like a database that was emptied."""
    what = f"state_dir ({settings.state_path}) has lost its contents: is its disk mounted?"
    remedy = "before shepherd.db is restored"
    if settings.on_server:
        what = f"{name_of(settings.database_url)} has lost its contents, or is another one: is the URL right?"
        remedy = "before the journal is there: inv db.copy, or inv restore"
    return (
        f"{branch}: this was the first run: nothing is known of what people said before. If it was not the"
        f" first, {what} Then act on no answer {remedy}"
    )


def acceptance_of(loss: JournalLoss) -> dict[str, Any]:
    """What the entry "began" of a person who accepts a loss remembers: which answers, and the first run."""
    data: dict[str, Any] = {"accepts": list(loss.files)}
    if _is_place(loss.place):
        data["first_run"] = {"at": msgspec.to_builtins(loss.place.first_run), "tip": loss.place.first_tip}
    return data


def _lacks(journal: Journal | None, named: ReportedJournal) -> str:
    """What the journal lacks of what one answer names, in words; empty if nothing."""
    last_good, place = named.good, named.journal
    answer = f"the answer of {(last_good or named).generated_at:%Y-%m-%d %H:%M} UTC"
    if not _is_place(place):
        if place is None or last_good is None:
            return ""
        named_answer = (last_good.answer, last_good.deployable.revno if last_good.deployable else None)
        known = [
            (e.data["answer"], e.data["deployable"]) for e in (journal.entries("answer") if journal else ())
        ]
        return "" if named_answer in known else f"knows nothing of {answer}"
    last = journal.last_seq() if journal else 0
    if journal is None or not last:
        return f"is empty, and {answer} rests on {place.entries} entries"
    if last < place.seq:
        return f"ends at entry {last}, and {answer} rests on entry {place.seq}"
    if journal.sum_at(place.seq) != place.sum:
        return f"has another entry {place.seq} than {answer} rests on"
    if (count := journal.count(place.seq)) != place.entries:
        return f"has {count} of the {place.entries} entries that {answer} rests on"
    return ""


def _is_place(place: JournalPlace | UnsetType | None) -> TypeGuard[JournalPlace]:
    return isinstance(place, JournalPlace)


def _read(path: Path) -> ReportedJournal | None:
    try:
        return msgspec.json.decode(stored(path), type=ReportedJournal)
    except (plainfile.UnreadableFileError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
