"""A person's word, into the journal with who and when: verdict, cover, uncover, deployed, snooze
(docs/interfaces.md#commands)."""

from __future__ import annotations

from contextlib import suppress
from typing import get_args

from msgspec.structs import replace

from shepherd.errors import (
    NoAnswerError,
    PartlyError,
    RefusedError,
    SettingsError,
    ShepherdError,
    SourceError,
)
from shepherd.git.lookup import look_up
from shepherd.git.mirror import open_source
from shepherd.git.proving import doubt_about
from shepherd.git.revisions import revnos_named
from shepherd.landing import Deployed, Landing, commits_of
from shepherd.rules.reasons import brief
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.snapshot import Snapshot
from shepherd.stages.find import hand_over_problem
from shepherd.stages.judge import judge_branch
from shepherd.stages.state import BranchSource, BranchState, read_landings
from shepherd.store import Database, JournalEntry, open_branch
from shepherd.store.wholeness import LostJournalError, loss
from shepherd.values import RevName, clean, date
from shepherd.words import VerdictWord

VERDICTS: tuple[str, ...] = get_args(VerdictWord)
LONGEST_REASON = 1000
NOTHING = RevName("revno", 0)
"""r0: production runs nothing of this mainline yet."""
BEFORE_ALL = Landing(0, "", 0)


def checked_reason(reason: str | None, option: str = "--reason") -> str:
    """A reason as it may stand in journal, log and page.

    Raises:
        SettingsError: there is none, or it is too long.
    """
    text = clean(reason or "", LONGEST_REASON + 1)
    if not text:
        raise SettingsError(f'a reason is needed, for those who read it later: {option} "…"')
    if len(text) > LONGEST_REASON:
        raise SettingsError(f"the reason has {len(text)} characters; at most {LONGEST_REASON} are kept")
    return text


def known_landings(settings: Settings, branch: str, dry: bool = False) -> BranchState:
    """What `find` handed over last.

    Raises:
        NoAnswerError: it never ran.
    """
    with open_branch(settings, branch, read_only=dry) as store:
        state = read_landings(store, branch)
    if state.source is None or state.source.reading is None:
        raise NoAnswerError(f"{branch}: no landing was read yet: inv find")
    return replace(state, reading=state.source.reading)


def landing_of(rev: RevName, state: BranchState) -> Landing:
    """The landing that `rev` names.

    Raises:
        SettingsError: it is not among those that `find` read.
    """
    reading, landings = state.reading, state.landings
    assert reading is not None
    revnos = revnos_named(rev, landings, reading)
    landing = next((landing for landing in landings if landing.revno in revnos), None)
    if landing is None:
        first = landings[0].revno if landings else 0
        raise SettingsError(
            f"{rev.shown} is not a landing of {state.branch} that was read (r{first} to r{reading.tip.revno})"
        )
    return landing


def commit_of(rev: RevName, state: BranchState) -> tuple[str, Landing]:
    """The SHA that a word is about, and the landing that it is or came in with: a commit that was only
    brought in can be named by its SHA, if something was said of it before (docs/rules.md#what-people-say).

    Raises:
        SettingsError: it is not among those that `find` read, or several.
    """
    if rev.kind == "sha":
        commits = [(sha, each) for each in state.landings for sha in commits_of([each])]
        matching = [(sha, each) for sha, each in commits if sha.startswith(rev.text)]
        if len(matching) > 1:
            raise SettingsError(f"{rev.text} is the beginning of {len(matching)} commits: give more digits")
        if matching:
            return matching[0]
    landing = landing_of(rev, state)
    return landing.id, landing


def give_verdict(
    settings: Settings,
    branch: str,
    rev: RevName,
    word: str,
    reason: str | None,
    run: Run,
    *,
    dry: bool = False,
) -> str:
    """Record a verdict on one landing, or on a commit that one brought in, and judge again. Returns
    a sentence about what was done.

    Raises:
        SettingsError: no such word or landing, or no reason.
    """
    if word not in VERDICTS:
        raise SettingsError(f"{word!r} is not a verdict: one of {', '.join(VERDICTS)}")
    why = checked_reason(reason)
    sha, landing = commit_of(rev, known_landings(settings, branch, dry))
    data = {"source": "journal", "word": word, "when": run.seconds, "revno": landing.revno}
    what = f"r{landing.revno}"
    if sha != landing.id:
        data["brought"] = True
        what = f"{brief(sha)}, which r{landing.revno} brought in"
    entry = JournalEntry("verdict", sha, data, who=run.who, why=why)
    return _record(settings, branch, entry, run, f"{what}: {run.who} says {word} ({why})", dry)


def say_cover(
    settings: Settings,
    branch: str,
    target: RevName,
    by: RevName | None,
    undone: bool,
    reason: str | None,
    run: Run,
    *,
    anyway: bool = False,
    dry: bool = False,
) -> str:
    """Record that a landing was (cover) or was not (uncover) undone by another one, or by none.

    Args:
        anyway: also where the contents do not show that it was undone.

    Raises:
        SettingsError: a landing is not known, or does not come later than what it should undo; no reason.
        RefusedError: the contents do not show it, and it is not to be recorded anyway.
    """
    why = checked_reason(reason)
    state = known_landings(settings, branch, dry)
    assert state.reading is not None
    undone_landing = _maybe_old(settings, target, state)
    undoer = landing_of(by, state) if by is not None else None
    if undoer is not None and undoer.revno <= undone_landing.revno:
        raise SettingsError(
            f"r{undoer.revno} cannot undo r{undone_landing.revno}: it did not land later; are they the"
            " wrong way round?"
        )
    if undone and undoer is not None and not anyway:
        _compare(settings, branch, undone_landing, undoer)
    entry = JournalEntry(
        "cover",
        undone_landing.id,
        {
            "by": undoer.id if undoer else None,
            "undone": undone,
            "tip": state.reading.tip.revno,
            "revno": undone_landing.revno,
            "by_revno": undoer.revno if undoer else None,
            **({"anyway": True} if anyway else {}),
        },
        who=run.who,
        why=why,
    )
    doer = f"r{undoer.revno}" if undoer else "nothing"
    did = f"{doer} undid r{undone_landing.revno}" if undone or undoer is None else f"{doer} did not undo"
    if not undone and undoer is not None:
        did += f" r{undone_landing.revno}"
    sentence = f"{run.who} says: {did} ({why})"
    if undone_landing not in state.landings:
        sentence += (
            f"\nr{undone_landing.revno} was not read with the others: it counts from the next inv find on"
        )
    return _record(settings, branch, entry, run, sentence, dry)


def _maybe_old(settings: Settings, rev: RevName, state: BranchState) -> Landing:
    """The landing that is meant, also one that is older than what `find` reads: a hint may name it.

    Raises:
        SettingsError: it is not on this mainline.
    """
    try:
        return landing_of(rev, state)
    except SettingsError as unknown:
        if rev.kind not in ("revno", "sha"):
            raise
        try:
            return _looked_up(settings, state.branch, rev)
        except ShepherdError:
            raise unknown from None


def _compare(settings: Settings, branch: str, undone: Landing, undoer: Landing) -> None:
    """Raises RefusedError if what was changed is not as it was before, or that cannot be told."""
    repository = settings.place(settings.branches[branch].repository)
    try:
        git = open_source(repository, settings.state_path / "mirrors", fetch=False)
        doubt = doubt_about(git, undone.id, undoer.id)
    except SourceError as error:
        doubt = f"the contents cannot be compared ({error})"
    if doubt:
        raise RefusedError(
            f"{branch}: r{undone.revno} is not seen to be undone by r{undoer.revno}: {doubt};"
            " if it is undone nevertheless, say so with --anyway"
        )


def say_deployed(
    settings: Settings, branch: str, rev: RevName, reason: str | None, run: Run, *, dry: bool = False
) -> str:
    """Record what production runs, where the settings leave that to people (`deployed = {recorded = true}`).

    Raises:
        SettingsError: production's revision is read from elsewhere, or the landing is not known.
    """
    pointer = settings.branches[branch].deployed
    if not pointer.recorded:
        place = pointer.ref or pointer.tags or pointer.file or pointer.url
        raise SettingsError(
            f"{branch}: what production runs is read from {place}; to record it by hand, set"
            " deployed = { recorded = true } in shepherd.toml"
        )
    why = checked_reason(reason)
    source: BranchSource | None = None
    try:
        state = known_landings(settings, branch, dry)
        landing = landing_of(rev, state) if rev != NOTHING else BEFORE_ALL
        if landing is not BEFORE_ALL or (state.landings and state.landings[0].revno == 1):
            source = state.source
    except ShepherdError:
        # nothing was read yet, or production runs something older than what was read
        landing = BEFORE_ALL if rev == NOTHING else _looked_up(settings, branch, rev)
    entry = JournalEntry(
        "deployed", "", {"revno": landing.revno, "id": landing.id, "recorded": True}, who=run.who, why=why
    )
    sentence = f"production runs r{landing.revno}, says {run.who} ({why})"
    if source is None or source.reading is None:
        return _record(settings, branch, entry, run, sentence, dry, judged=False)
    reading = replace(source.reading, deployed=Deployed(landing.revno, landing.id))
    return _record(settings, branch, entry, run, sentence, dry, replace(source, reading=reading))


def say_snooze(
    settings: Settings,
    branch: str,
    rev: RevName,
    until: str,
    reason: str | None,
    run: Run,
    *,
    dry: bool = False,
) -> str:
    """Record that no mail is wanted about a landing before a day; on that day they go again.

    Raises:
        SettingsError: that is not a day, or a day that is over; no such landing, or no reason.
    """
    from shepherd.plans.days import days_of, long_date

    day, today = date(until), days_of(settings).of(run.now)
    if day < today:
        raise SettingsError(f"{until} is over: name the day on which mails go again ({today}: at once)")
    why = checked_reason(reason)
    landing = landing_of(rev, known_landings(settings, branch, dry))
    entry = JournalEntry(
        "snooze", landing.id, {"until": day.isoformat(), "revno": landing.revno}, who=run.who, why=why
    )
    effect = f"no mail before {long_date(day)}" if day > today else "mails go again"
    return _record(settings, branch, entry, run, f"r{landing.revno}: {effect}, says {run.who} ({why})", dry)


def _looked_up(settings: Settings, branch: str, rev: RevName) -> Landing:
    """The landing that the repository has for this.

    Raises:
        SettingsError: it has none, or several. SourceError: it cannot be read.
    """
    config = settings.branches[branch]
    landings = look_up(
        config,
        repository=settings.place(config.repository),
        mirrors=settings.state_path / "mirrors",
        rev=rev,
    )
    if len(landings) != 1:
        raise SettingsError(f"{rev.shown} is not a landing of {branch}")
    return landings[0]


def _record(
    settings: Settings,
    branch: str,
    entry: JournalEntry,
    run: Run,
    sentence: str,
    dry: bool,
    source: BranchSource | None = None,
    judged: bool = True,
) -> str:
    """Write the entry, and the reading that it changes, if any; then judge again, where that can be done."""
    if dry:
        return f"would record: {sentence}"
    with Database.of(settings) as database:
        with database.branch(branch) as store:
            if lost := loss(store.journal, settings, branch):
                raise LostJournalError(settings, branch, lost)
        run.tell(
            "act",
            branch=branch,
            what=entry.kind,
            on=f"r{entry.data['revno']}",
            because=entry.why,
            by=run.who,
            **{
                "to": next(
                    (entry.data[key] for key in ("word", "by_revno", "until") if entry.data.get(key)), ""
                )
            },
        )
        with database.branch(branch) as store:
            store.append([entry], run)
            if source is not None:
                store.cache.put_fact("source", source)
    try:
        if not judged:
            _nothing_holds_now(settings, branch, run, sentence)
            return f"{sentence}\nrecorded; the answer follows with: inv find judge"
        return f"{sentence}\n{_moved(judge_branch(settings, branch, run, stored=True), run)}"
    except NoAnswerError as error:
        return f"{sentence}\nrecorded; {error}"
    except ShepherdError as error:
        raise PartlyError(
            f"{sentence}: this is recorded, but the answer could not be given again ({error}); the next run"
            " does it"
        ) from None


def _nothing_holds_now(settings: Settings, branch: str, run: Run, sentence: str) -> None:
    """What was read does not reach down to there: until it is read again there is no answer."""
    with Database.of(settings) as database:
        hand_over_problem(
            database, branch, run, f"{branch}: {sentence}; it was not read down to there: inv find"
        )
    with suppress(NoAnswerError):
        judge_branch(settings, branch, run, stored=True)


def _moved(snapshot: Snapshot, run: Run) -> str:
    from shepherd.cautions import cautions
    from shepherd.views.answer import headline

    return headline(snapshot, cautions(snapshot, run.situation()))
