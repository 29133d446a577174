"""`find`: change sources -> the tagger's database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic

from msgspec import Struct, convert
from msgspec.structs import replace

from shepherd.errors import NoAnswerError, SourceError
from shepherd.git.branch import read_branch
from shepherd.git.branch_reading import BranchFacts, BranchReading, CoveredPair, KnownBranch, OtherMainline
from shepherd.git.notes import NoteVerdict, missing_notes
from shepherd.git.rewrites import Patch
from shepherd.landing import Landing, Reading, Revision, commits_of
from shepherd.run import Run, attempt
from shepherd.settings import Settings, project_of
from shepherd.stages.brought import commits_with_words, landings_before, undone_before, with_undone
from shepherd.stages.judge import BranchSource, sum_of
from shepherd.stages.promoted import as_recorded, moved_by_others, settle_unfinished
from shepherd.stages.recorded import passages
from shepherd.stages.renamed import carry_on
from shepherd.stages.rewrite import accepted_rewrite, keep_patches, what_happened
from shepherd.stages.timeline import RefMove
from shepherd.store import Cache, Database, Journal, JournalEntry
from shepherd.store.snapshots import Snapshots
from shepherd.store.wholeness import JournalLoss, LostJournalError, acceptance_of, first_run_sentence, loss


class Acceptance(Struct, frozen=True):
    """What a person accepts, with a reason, that is no data otherwise."""

    rewrite: bool = False
    new_journal: bool = False


NOTHING_ACCEPTED = Acceptance()
BAD_SHOWN = 20
"""Landings that are named when a lost journal is accepted."""


class PriorState(Struct, frozen=True):
    """What database and journal knew before this reading."""

    known: KnownBranch | None
    landings: tuple[Landing, ...]
    began: bool
    tip: Revision | None
    """The tip that the journal saw last."""
    recorded: str | None
    """The revision that production runs, as a person recorded it last."""
    deployed: Sequence[RefMove]
    judged: tuple[str, ...]
    """SHAs of all commits that have a verdict, or that a tag names."""
    patched: dict[str, Patch]
    """What these commits change."""
    landed: tuple[str, ...] = ()
    """SHAs of all that ever was a landing, if the mainline was ever rewritten."""
    undone: Mapping[str, str] = {}
    """SHA of a commit that was undone before it was only brought in -> SHA of the landing that did so."""
    covers: tuple[CoveredPair, ...] = ()
    loss: JournalLoss | None = None
    """What the journal lacks."""


@attempt("find")
def find_branch(
    settings: Settings,
    branch: str,
    run: Run,
    acceptance: Acceptance = NOTHING_ACCEPTED,
    *,
    dry: bool = False,
) -> str:
    """Read the sources of one branch and hand what was found to the database. Returns a line about it.

    Raises:
        SourceError: a source could not be read, or the mainline lost landings. The database says so then, and
            the next `judge` answers "no data".
        LostJournalError: the journal lacks what an answer rests on.
        StoreError: the database cannot be used.
    """
    there = not dry or (settings.state_path / "shepherd.db").exists() or bool(settings.database)
    database = Database(settings.database_url, read_only=dry) if there else None
    try:
        line, first = _find(settings, branch, run, acceptance, database, dry)
    except (SourceError, NoAnswerError) as error:
        error.branch = settings.branch_to_name(branch)
        run.tell("source", branch=branch, result="failed", why=str(error))
        if database is not None and not dry:
            hand_over_problem(database, branch, run, str(error))
        raise
    finally:
        if database is not None:
            database.close()
    if first and not dry:
        run.loudly(first_run_sentence(settings, branch))
    return line


def _find(
    settings: Settings, branch: str, run: Run, acceptance: Acceptance, database: Database | None, dry: bool
) -> tuple[str, bool]:
    """The line, and whether this was the first run of the branch."""
    started = monotonic()
    carried = carry_on(settings, branch, database, run, dry=dry) if database else ""
    before = _before(settings, database, branch)
    if before.loss is not None and not acceptance.new_journal:
        raise LostJournalError(settings, branch, before.loss)
    found = _read(settings, branch, run, before, fetch=not dry)
    lost = found.lost or _lost_for_the_journal(before, found.reading)
    if lost and not acceptance.rewrite:
        raise SourceError(what_happened(settings, branch, before.tip, found.reading))
    line = _line(branch, found, before) + (f"; {carried}" if carried else "")
    if acceptance.new_journal:
        line += f"; {_accepted(settings, branch, before)}"
    config = settings.branches[branch]
    if dry or database is None:
        return f"would find: {line}", not before.began
    entries = [*_began(before, run), *_noticed(before, found)]
    if lost:
        rewrite = accepted_rewrite(settings, branch, database, before, found.reading, run)
        entries += rewrite
        before = replace(before, undone={**before.undone, **rewrite[0].data.get("undone", {})})
        if gone := _gone_words(entries, before):
            line += f"; these words found no landing any more, say them anew: {gone}"
    run.tell(
        "source",
        branch=branch,
        result="read",
        **found.summary(),
        problems="; ".join(found.problems),
        warnings="; ".join(found.warnings),
        seconds=round(monotonic() - started, 3),
    )
    found = replace(found, reading=with_undone(found.reading, before.undone))
    settle_unfinished(database, branch, config, found.reading, run)
    with database.begin() as connection:
        cache, journal = Cache(connection, branch), Journal(connection, branch)
        promoted, doubt = found.reading.promoted, ""
        if config.promote is None:
            promoted, doubt = as_recorded(journal, found.reading)
        cache.put_landings(found.reading.landings, {landing.id: landing for landing in before.landings})
        if before.known is None or before.known.facts != found.facts:
            cache.put_fact("facts", found.facts)
        reading = replace(found.reading, landings=(), promoted=promoted)
        problems = (*found.problems, *([doubt] if doubt else []))
        lost_notes = _lost_notes(settings, branch, journal, found)
        problems += tuple(lost_notes)
        warnings = found.warnings + (() if lost_notes else _no_notes(settings, branch, found))
        source = BranchSource(
            reading, run.now, run.id, sum_of(settings, branch), "", problems, warnings=warnings
        )
        cache.put_fact("source", source)
        entries += [*_new_landings(journal, before, found.reading), *_qa_moved(journal, found.reading)]
        entries += moved_by_others(journal, config, found.reading, run, branch)
        journal.append(entries, run_id=run.id, at=run.now)
        journal.append(_note_words(journal, found, run.seconds), run_id=run.id, at=run.now)
        judged = dict.fromkeys([*before.judged, *(note.id for note in found.notes)])
        unpatched = [sha for sha in judged if sha not in before.patched or not before.patched[sha].change]
    if unpatched:
        keep_patches(settings, branch, database, unpatched, run)
    return line, not before.began and before.loss is None


def _before(settings: Settings, database: Database | None, branch: str) -> PriorState:
    if database is None:
        return PriorState(None, (), False, None, None, (), (), {}, loss=loss(None, settings, branch))
    with database.begin() as connection:
        cache, journal = Cache(connection, branch), Journal(connection, branch)
        facts, landings = cache.fact("facts", BranchFacts), tuple(cache.landings())
        whole = facts is not None and landings and landings[-1].id == facts.tip.id
        tip = journal.last("tip")
        said = [entry for entry in journal.entries("deployed") if entry.data.get("recorded")]
        return PriorState(
            known=KnownBranch(facts, landings) if facts is not None and whole else None,
            landings=landings,
            began=journal.last("began") is not None,
            tip=Revision(tip.data["revno"], tip.data["id"]) if tip else None,
            recorded=(said[-1].data["id"] or "r0") if said else None,
            deployed=passages(journal, "deployed"),
            judged=tuple(commits_with_words(journal)),
            landed=tuple(landings_before(journal)),
            undone=undone_before(journal),
            patched={entry.subject: convert(entry.data, Patch) for entry in journal.entries("patch")},
            covers=tuple(
                CoveredPair(entry.data["revno"], entry.data["by_revno"])
                for entry in journal.entries("cover")
                if entry.data["by_revno"]
            ),
            loss=loss(journal, settings, branch),
        )


def _read(settings: Settings, branch: str, run: Run, before: PriorState, fetch: bool) -> BranchReading:
    """Read the branch, down to the tip that was known and to what went live within `keep`."""
    config = settings.branches[branch]
    since = run.seconds - settings.keep
    went_live = [
        earlier.revno + 1
        for earlier, later in zip(before.deployed, before.deployed[1:], strict=False)
        if later.revno > earlier.revno and later.at.timestamp() >= since
    ]
    # what production passes with this very reading has just gone live, however old it is
    just_now = [before.deployed[-1].revno + 1] if before.deployed else []
    reach = [*went_live, *just_now, *([before.tip.revno] if before.tip else [])]
    return read_branch(
        config,
        repository=settings.place(config.repository),
        base=settings.file.parent,
        mirrors=settings.state_path / "mirrors",
        keep_seconds=settings.keep,
        now=run.seconds,
        recorded=before.recorded,
        reach=max(1, min(reach)) if reach else None,
        others=[
            OtherMainline(settings.place(other.repository), other.ref)
            for name, other in settings.branches.items()
            if name != branch
        ],
        covers=before.covers,
        known=before.known,
        words=(*before.judged, *before.landed),
        fetch=fetch,
        project=project_of(settings, config),
    )


def _gone_words(entries: Sequence[JournalEntry], before: PriorState) -> str:
    """The verdicts that found no landing after a rewrite, and that covers have to be looked at."""
    lost = [word for entry in entries if entry.kind == "rewrite" for word in entry.data.get("lost", ())]
    if before.covers:
        lost.append("cover and uncover words on the landings that were rewritten")
    return "; ".join(lost)


def _lost_for_the_journal(before: PriorState, reading: Reading) -> bool:
    """The same question as for the cache, asked of the journal: the cache may have been dropped."""
    return before.tip is not None and all(landing.id != before.tip.id for landing in reading.landings)


def _began(before: PriorState, run: Run) -> list[JournalEntry]:
    """The journal's first entry, or the word of a person who accepts what it lacks."""
    if before.loss is not None:
        return [JournalEntry("began", data=acceptance_of(before.loss), who=run.who, why=run.why)]
    return [] if before.began else [JournalEntry("began", who=run.who, why="first run")]


def _accepted(settings: Settings, branch: str, before: PriorState) -> str:
    """What a person who accepts a new journal has to know."""
    if before.loss is None:
        return "nothing is missing in the journal, so there was nothing to accept"
    answers = Snapshots(settings.state_path / "snapshots", branch).newest_first()
    last = next((snapshot for snapshot in answers if snapshot.complete), None)
    bad = [f"r{each.revno} ({each.reason})" for each in last.landings if each.state == "bad"] if last else []
    named = f"; the last answer called bad: {'; '.join(bad[:BAD_SHOWN])}" if bad else ""
    return f"accepted: the journal {before.loss.what}; say again what people said and still holds{named}"


def _noticed(before: PriorState, found: BranchReading) -> list[JournalEntry]:
    """Positions that are not where the journal saw them last."""
    reading = found.reading
    entries = []
    if before.tip is None or before.tip != reading.tip:
        entries.append(JournalEntry("tip", "", {"revno": reading.tip.revno, "id": reading.tip.id}))
    if not before.deployed or before.deployed[-1].id != reading.deployed.id:
        place = {"revno": reading.deployed.revno, "id": reading.deployed.id}
        if before.deployed and before.deployed[-1].id in {sha for sha, _ in reading.deployed.extra}:
            # it is still there: the mainline left it, by a merge the wrong way round
            place["kept"] = before.deployed[-1].id
        entries.append(JournalEntry("deployed", "", place))
    return entries


def _new_landings(journal: Journal, before: PriorState, reading: Reading) -> list[JournalEntry]:
    """Landings that the journal has not seen; their place in it is when they were found
    (docs/rules.md#whom-a-tag-speaks-for)."""
    cached = {landing.id for landing in before.landings}
    new = [landing for landing in reading.landings if landing.id not in cached]
    seen = {entry.subject for entry in journal.entries("landing", subjects=[landing.id for landing in new])}
    return [JournalEntry("landing", each.id, {"revno": each.revno}) for each in new if each.id not in seen]


def _qa_moved(journal: Journal, reading: Reading) -> list[JournalEntry]:
    """What the QA server runs, if the journal saw it elsewhere last: mails tell since when it does."""
    place, last = reading.on_qa, journal.last("on-qa")
    if place is None or (last is not None and last.data["id"] == place.id):
        return []
    return [JournalEntry("on-qa", "", {"revno": place.revno, "id": place.id})]


def _last_notes(journal: Journal, found: BranchReading) -> dict[str, JournalEntry]:
    """The last word that a note was seen to say of each landing."""
    ids = commits_of(found.reading.landings)
    words = journal.entries("verdict", subjects=ids)
    return {entry.subject: entry for entry in words if entry.data["source"] == "note"}


def _lost_notes(settings: Settings, branch: str, journal: Journal, found: BranchReading) -> list[str]:
    """A notes ref that is gone takes no verdict back: it was moved or misspelt, not spoken."""
    ref = settings.branches[branch].verdict_notes
    standing = [e for e in _last_notes(journal, found).values() if e.data["word"] != "removed"]
    if not ref or found.notes_there or not standing:
        return []
    return [f"the notes ref {ref} is gone: the {len(standing)} verdicts that it bore are taken to stand"]


def _no_notes(settings: Settings, branch: str, found: BranchReading) -> tuple[str, ...]:
    """A notes ref that never was there may be one that nobody fetched: its verdicts would be missed."""
    ref = settings.branches[branch].verdict_notes
    if not ref or found.notes_there:
        return ()
    return (f"{missing_notes(ref)}; inv doctor says what to do",)


def _note_words(journal: Journal, found: BranchReading, seen_at: int) -> list[JournalEntry]:
    """Verdicts by git note that are new, changed or gone. A note's date may lie; it is no later than now."""
    if not found.notes_there:
        return []
    last = _last_notes(journal, found)
    revnos = {sha: each.revno for each in found.reading.landings for sha in commits_of([each])}
    notes: dict[str, NoteVerdict] = {note.id: note for note in found.notes if note.id in revnos}
    entries = [
        JournalEntry(
            "verdict",
            note.id,
            {
                "source": "note",
                "word": note.word,
                "when": min(note.when, seen_at),
                "commit": note.commit,
                "revno": revnos[note.id],
            },
            who=note.who,
            why=note.reason,
        )
        for note in notes.values()
        if note.id not in last
        or last[note.id].data.get("commit") != note.commit
        or last[note.id].data["word"] != note.word
    ]
    entries += [
        JournalEntry("verdict", sha, {"source": "note", "word": "removed", "when": 0, "revno": revnos[sha]})
        for sha, entry in last.items()
        if sha not in notes and entry.data["word"] != "removed"
    ]
    return entries


def _line(branch: str, found: BranchReading, before: PriorState) -> str:
    reading = found.reading
    known = {landing.id for landing in before.landings}
    new = sum(landing.id not in known for landing in reading.landings)
    window = reading.tip.revno - reading.deployed.revno
    problems = "".join(f"; {each}" for each in (*found.problems, *found.warnings))
    return (
        f"{branch}: tip r{reading.tip.revno}, production r{reading.deployed.revno}, {window} in QA, {new} new"
        f"{problems}"
    )


def hand_over_problem(database: Database, branch: str, run: Run, problem: str) -> None:
    """Let the next `judge` say why there is no answer. What was read before stays for the next good run.

    What else that reading warned of goes: it was true then, and whether the cache still knew it is no matter.
    """
    with database.begin() as connection:
        cache = Cache(connection, branch)
        last = cache.fact("source", BranchSource)
        if last is None:
            last = BranchSource(None, run.now, run.id, "")
        cache.put_fact("source", replace(last, problem=problem, problems=(), warnings=()))
