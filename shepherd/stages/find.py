"""`find`: change sources -> the tagger's database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from time import monotonic
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from shepherd.errors import NoAnswerError, SourceError
from shepherd.git.branch import read_branch
from shepherd.git.branch_reading import BranchReading, CoveredPair, OtherMainline
from shepherd.git.mirror_clones import mirror_clone
from shepherd.git.neighbours import Looked
from shepherd.git.repository import open_repository
from shepherd.landing import Reading
from shepherd.run import Run, attempt
from shepherd.settings import Settings, is_url, keys_of, project_of
from shepherd.stages.brought import commits_with_words, landings_before, undone_before, with_undone
from shepherd.stages.found import began, moved, new_landings, qa_moved
from shepherd.stages.misspelt_keys import misspelt_keys
from shepherd.stages.note_verdicts import lost_notes, no_notes, note_words
from shepherd.stages.promoted import as_recorded, moved_by_others, settle_unfinished
from shepherd.stages.renamed import carry_on
from shepherd.stages.rewrite import accepted_rewrite, keep_patches, what_happened
from shepherd.stages.state import BranchSource, BranchState, read_state, sum_of
from shepherd.stages.touched import keep_touches, read_touches
from shepherd.store import BranchStore, Database, JournalEntry
from shepherd.store.snapshots import Snapshots
from shepherd.store.wholeness import LostJournalError, first_run_sentence, loss
from shepherd.values import first_few


class Acceptance(Struct, frozen=True):
    """What a person accepts, with a reason; without that there is no data."""

    rewrite: bool = False
    new_journal: bool = False


NOTHING_ACCEPTED = Acceptance()
BAD_SHOWN = 20
"""Landings that are named when a lost journal is accepted."""


@attempt("find")
def find_branch(
    settings: Settings,
    branch: str,
    run: Run,
    acceptance: Acceptance = NOTHING_ACCEPTED,
    *,
    dry: bool = False,
    looked: Mapping[str, Looked] = {},
) -> str:
    """Read the sources of one branch and hand what was found to the database. Returns a line about it.

    Args:
        looked: what repositories said in this run already, by place or URL; one that is not there is asked.

    Raises:
        SourceError: a source could not be read, or the mainline lost landings. The database says so then, and
            the next `judge` answers "no data".
        LostJournalError: the journal lacks what an answer rests on.
        StoreError: the database cannot be used.
    """
    with _database(settings, dry) as database:
        try:
            line, first = _find(settings, branch, run, acceptance, database, dry, looked)
        except (SourceError, NoAnswerError) as error:
            error.branch = settings.branch_to_name(branch)
            run.tell("source", branch=branch, result="failed", why=str(error))
            if database is not None and not dry:
                hand_over_problem(database, branch, run, str(error))
            raise
    if first and not dry:
        run.loudly(first_run_sentence(settings, branch))
    return line


def _database(settings: Settings, dry: bool) -> AbstractContextManager[Database | None]:
    """The database; for a dry run of what was never read none. Raises StoreError."""
    try:
        database = Database.of(settings, read_only=dry)
    except NoAnswerError:
        return nullcontext()
    return nullcontext() if dry and database.is_empty() else database


def _find(
    settings: Settings,
    branch: str,
    run: Run,
    acceptance: Acceptance,
    database: Database | None,
    dry: bool,
    looked: Mapping[str, Looked],
) -> tuple[str, bool]:
    """The line, and whether this was the first run of the branch."""
    started = monotonic()
    carried = carry_on(settings, branch, database, run, dry=dry) if database else ""
    state, history = _before(settings, database, branch)
    if state.loss is not None and not acceptance.new_journal:
        raise LostJournalError(settings, branch, state.loss)
    current = _read(settings, run, state, history, fetch=not dry, looked=looked)
    lost = current.lost or _lost_for_the_journal(state, current.reading)
    if lost and not acceptance.rewrite:
        raise SourceError(what_happened(settings, branch, state.tip, current.reading))
    line = _line(current, state) + (f"; {carried}" if carried else "")
    if acceptance.new_journal:
        line += f"; {_accepted(settings, state)}"
    if dry or database is None:
        return f"would find: {line}", not state.began
    touches = read_touches(settings, branch, state.touches, current.reading)
    entries = [*began(state, run), *moved(state, current.reading)]
    undone = history.undone
    if lost:
        rewrite = accepted_rewrite(settings, database, state, history.spoken_of, current.reading, run)
        entries += rewrite
        undone |= rewrite[0].data.get("undone", {})
        if gone := _gone_words(rewrite[0], history):
            line += f"; these words found no landing any more, say them again: {gone}"
    run.tell(
        "source",
        branch=branch,
        result="read",
        **current.summary(),
        problems="; ".join(current.problems),
        warnings="; ".join(current.warnings),
        seconds=round(monotonic() - started, 3),
    )
    current = replace(current, reading=with_undone(current.reading, undone))
    settle_unfinished(database, branch, settings.branches[branch], current.reading, run)
    with database.branch(branch) as store:
        keep_touches(store, touches)
        _hand_over(settings, store, state, current, entries, run)
    spoken_of = dict.fromkeys([*history.spoken_of, *(note.id for note in current.notes)])
    keep_patches(settings, branch, database, list(spoken_of), run)
    return line, not state.began and state.loss is None


def _hand_over(
    settings: Settings,
    store: BranchStore,
    state: BranchState,
    current: BranchReading,
    entries: Sequence[JournalEntry],
    run: Run,
) -> None:
    """Put what was found into cache and journal."""
    branch, journal, config = state.branch, store.journal, settings.branches[state.branch]
    promoted, doubt = current.reading.promoted, ""
    if config.promote is None:
        promoted, doubt = as_recorded(journal, current.reading)
    store.cache.put_landings(current.reading.landings, {landing.id: landing for landing in state.landings})
    if state.known is None or state.facts != current.facts:
        store.cache.put_fact("facts", current.facts)
    gone_notes = lost_notes(config.verdict_notes, journal, current)
    source = BranchSource(
        replace(current.reading, landings=(), promoted=promoted),
        run.now,
        run.id,
        sum_of(settings, branch),
        problems=(*current.problems, *([doubt] if doubt else []), *gone_notes),
        warnings=(
            *current.warnings,
            *(() if gone_notes else no_notes(config.verdict_notes, current)),
            *_forgotten_clone(settings, branch, run),
            *misspelt_keys(settings, branch, current.reading),
        ),
    )
    store.cache.put_fact("source", source)
    store.append(
        [
            *entries,
            *new_landings(journal, state, current.reading),
            *qa_moved(journal, current.reading),
            *moved_by_others(journal, config, current.reading, run, branch),
        ],
        run,
    )
    store.append(note_words(journal, current, run.seconds), run)


class _History(NamedTuple):
    """What the journal remembers of commits, whatever they are now."""

    spoken_of: list[str]
    """SHAs of all commits that have a verdict, or that a tag names."""
    landed: list[str]
    """SHAs of all that ever was a landing, if the mainline was ever rewritten."""
    undone: dict[str, str]
    """SHA of a commit that was undone before it was only brought in -> SHA of the landing that did so."""
    covered: list[CoveredPair]


def _before(settings: Settings, database: Database | None, branch: str) -> tuple[BranchState, _History]:
    if database is None:
        return BranchState(branch, None, (), loss=loss(None, settings, branch)), _History([], [], {}, [])
    with database.branch(branch) as store:
        journal = store.journal
        history = _History(
            commits_with_words(journal),
            landings_before(journal),
            undone_before(journal),
            [
                CoveredPair(entry.data["revno"], entry.data["by_revno"])
                for entry in journal.entries("cover")
                if entry.data["by_revno"]
            ],
        )
        return read_state(store, settings, branch), history


def _read(
    settings: Settings,
    run: Run,
    state: BranchState,
    history: _History,
    fetch: bool,
    looked: Mapping[str, Looked],
) -> BranchReading:
    """Read the branch, down to the tip that was known and to what went live within `keep`."""
    config = settings.branches[state.branch]
    since = run.seconds - settings.keep
    went_live = [
        earlier.revno + 1
        for earlier, later in zip(state.deployed, state.deployed[1:], strict=False)
        if later.revno > earlier.revno and later.at.timestamp() >= since
    ]
    # what production passes with this very reading has just gone live, however old it is
    just_now = [state.deployed[-1].revno + 1] if state.deployed else []
    reach = [*went_live, *just_now, *([state.tip.revno] if state.tip else [])]
    return read_branch(
        config,
        repository=settings.place(config.repository),
        base=settings.file.parent,
        mirrors=settings.state_path / "mirrors",
        keep_seconds=settings.keep,
        now=run.seconds,
        recorded=state.recorded,
        reach=max(1, min(reach)) if reach else None,
        others=[
            OtherMainline(settings.place(other.repository), other.ref)
            for name, other in settings.branches.items()
            if name != state.branch
        ],
        covers=history.covered,
        known=state.known,
        words=(*history.spoken_of, *history.landed),
        fetch=fetch,
        project=project_of(settings, config),
        key_projects=keys_of(settings, config),
        looked=looked,
    )


def _gone_words(accepted: JournalEntry, history: _History) -> str:
    """The verdicts that found no landing after a rewrite, and that covers have to be looked at."""
    lost = list(accepted.data.get("lost", ()))
    if history.covered:
        lost.append("cover and uncover words on the landings that were rewritten")
    return "; ".join(lost)


def _lost_for_the_journal(state: BranchState, reading: Reading) -> bool:
    """The same question as for the cache, asked of the journal: the cache may have been dropped."""
    return state.tip is not None and all(landing.id != state.tip.id for landing in reading.landings)


def _accepted(settings: Settings, state: BranchState) -> str:
    """What a person who accepts a new journal has to know."""
    if state.loss is None:
        return "nothing is missing in the journal, so there was nothing to accept"
    answers = Snapshots(settings.state_path / "snapshots", state.branch).newest_first()
    last = next((snapshot for snapshot in answers if snapshot.complete), None)
    bad = [f"r{each.revno} ({each.reason})" for each in last.landings if each.state == "bad"] if last else []
    named = f"; the last answer called bad: {'; '.join(bad[:BAD_SHOWN])}" if bad else ""
    return f"accepted: the journal {state.loss.what}; say again what people said and still holds{named}"


def _forgotten_clone(settings: Settings, branch: str, run: Run) -> tuple[str, ...]:
    """A clone that nobody updates shows an old state, which would pass for the present one."""
    config = settings.branches[branch]
    place = settings.place(config.repository)
    clone = None if is_url(place) else mirror_clone(open_repository(place), config.ref, run.now)
    return (f"{clone.said}; {clone.remedy}",) if clone is not None and clone.forgotten else ()


def _line(current: BranchReading, state: BranchState) -> str:
    reading = current.reading
    known = {landing.id for landing in state.landings}
    new = sum(landing.id not in known for landing in reading.landings)
    window = reading.tip.revno - reading.deployed.revno
    problems = "".join(f"; {each}" for each in first_few((*current.problems, *current.warnings)))
    return (
        f"{state.branch}: tip r{reading.tip.revno}, production r{reading.deployed.revno}, {window} in QA,"
        f" {new} new{problems}"
    )


def hand_over_problem(database: Database, branch: str, run: Run, problem: str) -> None:
    """Let the next `judge` say why there is no answer. What was read before stays for the next good run.

    What else that reading warned of goes: it was true then, whether or not the cache still knew it.
    """
    with database.branch(branch) as store:
        last = store.cache.fact("source", BranchSource)
        if last is None:
            last = BranchSource(None, run.now, run.id, "")
        store.cache.put_fact("source", replace(last, problem=problem, problems=(), warnings=()))
