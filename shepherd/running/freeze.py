"""`inv freeze.*`: a person's word that nobody deploys (docs/running.md#freeze)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from shepherd.act import unfinished
from shepherd.commands import naming_branch
from shepherd.errors import PARTLY, NoAnswerError, RefusedError, SettingsError, ShepherdError, worst
from shepherd.freeze import instant
from shepherd.freeze_words import end_words, off_command, words_of
from shepherd.plainfile import UnreadableFileError
from shepherd.running import told
from shepherd.running.freeze_status import lines_of
from shepherd.running.freeze_writing import FreezeWriting, writing_freezes
from shepherd.running.log import now
from shepherd.running.refusals import MAIL_LIMIT, PAGE_LIMIT, show_failure
from shepherd.running.situation import situation
from shepherd.running.tasking import TaskOptions, complain, say
from shepherd.settings import Settings
from shepherd.situation import Freeze
from shepherd.stages import freezes
from shepherd.stages.freezes import KIND, FreezeWord
from shepherd.stages.promoted import KIND as PROMOTE
from shepherd.stages.statements import checked_reason
from shepherd.store import JournalEntry
from shepherd.values import LONGEST, Duration, age, clean, iso, quoted, when

JUST = timedelta(minutes=10)
"""A promotion that was so lately is named to who freezes."""


def on(options: TaskOptions, reason: str | None, until: str | None) -> int:
    """`inv freeze.on`. Exit code 7: it is recorded, but a promotion may still move its ref, or readers cannot
    be told.

    Raises:
        SettingsError: no reason, or no such time. MaintenanceError: the switch is on. StoreError.
    """
    why = checked_reason(reason)
    settings, who, branches = options.settings, options.who, options.branches
    end = end_of(until, settings, now()) if until is not None else None
    until_then = f"until {end_words(end, now(), settings.timezone)}" if end else "until somebody ends it"
    if options.dry:
        say(f"would freeze {', '.join(branches)} {until_then}, by {who}: {why}")
        return 0
    asked = now()
    codes: list[int] = []
    frozen: list[str] = []
    with writing_freezes(settings, "freeze.on", who) as writing:
        for branch in branches:
            word = FreezeWord(f"{writing.run.id} {branch}", who, why, writing.run.now, end)
            try:
                writing.record(branch, _with(writing.words(branch), word))
            except ShepherdError as error:
                # one that cannot be frozen leaves none of the others open
                complain(str(error))
                codes.append(error.code)
                if error.code != PARTLY:
                    continue
            say(f"{branch} is frozen {until_then}, by {who}: {why}")
            writing.tell(branch, "off", "on", why, until=iso(end) if end else "")
            if _say_what_moved(writing, branch, asked):
                codes.append(PARTLY)
            frozen.append(branch)
        alone = writing.alone
    if not frozen:
        return worst(codes)
    named = settings.branch_to_name(branches[0]) if len(branches) == 1 else ""
    say(f"QA goes on, and nothing is promoted; end it with: {off_command(who, named)}")
    _show(settings, writing)
    if alone:
        return worst(codes)
    complain(
        f"THIS IS RECORDED, BUT A PROMOTION WAS AT WORK for all of {age(freezes.PATIENCE)}, and may move"
        " its ref: inv lock.status says when it has ended, inv history what it promoted; the next is refused"
    )
    return worst([*codes, PARTLY])


def off(options: TaskOptions, of: str | None, reason: str | None) -> int:
    """`inv freeze.off`: ends what the caller said, or what `of` did.

    Raises:
        RefusedError: it is frozen, and not by the caller. SettingsError: `of` did not freeze it.
    """
    settings, who, branches = options.settings, options.who, options.branches
    why = checked_reason(reason) if reason is not None else ""
    if options.dry:
        for branch in branches:
            words = _known(settings, branch)
            gone = _leaving(words, branch, settings, who, of)
            say("\n".join(f"would end: {_ended(branch, word)}" for word in gone) or f"{branch}: not frozen")
        return 0
    ended = 0
    codes: list[int] = []
    refused: list[ShepherdError] = []
    with writing_freezes(settings, "freeze.off", who) as writing:
        for branch in branches:
            gone = []
            try:
                gone = _leaving(writing.words(branch), branch, settings, who, of)
                if gone:
                    writing.record(branch, [_end(word, who, why) for word in gone])
            except (RefusedError, SettingsError) as refusal:
                refused.append(refusal)
                continue
            except ShepherdError as error:
                complain(str(error))
                codes.append(error.code)
                if error.code != PARTLY:
                    continue
            for word in gone:
                say(f"ended: {_ended(branch, word)}")
                writing.tell(branch, "on", "off", why or word.why)
                if word.who != who:
                    complain(f"this was not the freeze of {who}, but of {clean(word.who, 80)}: let them know")
            ended += len(gone)
    if refused and not ended and not codes:
        raise refused[0]
    if ended:
        _show(settings, writing)
    present = situation(settings)
    for branch in branches:
        say(lines_of(branch, present, settings))
    for branch in branches:
        if any(each.standing for each in present.freezes.get(branch, ())):
            command = naming_branch('inv promote --to REV --despite "…"', settings.branch_to_name(branch))
            say(f"the window of the settings ends by itself; to deploy in it: {command}")
    return worst(codes)


def end_of(text: str, settings: Settings, at: datetime) -> datetime:
    """When a freeze ends that is wanted for "2d", until "2026-12-02" begins, or until "2026-12-02T08:00".

    Raises:
        SettingsError: it is none of these, or over.
    """
    if re.match(r"[0-9]+-", text):
        try:
            wall = datetime.fromisoformat(text)
            zone = ZoneInfo(settings.timezone)
            end = wall.astimezone(UTC) if wall.tzinfo else instant(wall, zone, begins=False)
        except (ValueError, OverflowError):
            raise _no_end(text) from None
    else:
        try:
            return at + timedelta(seconds=Duration(text))
        except SettingsError:
            raise _no_end(text) from None
    if end <= at or (end - at).total_seconds() > LONGEST:
        over = "over" if end <= at else "more than 100 years away"
        raise SettingsError(f"{text} ({settings.timezone}) is {over}: name a time to come")
    return end


def _no_end(text: str) -> SettingsError:
    return SettingsError(
        f"{quoted(text)} is no end of a freeze: write 2d or 4h, 2026-12-02 (the day on which deployments go"
        " again), or 2026-12-02T08:00"
    )


def _with(words: Sequence[FreezeWord], word: FreezeWord) -> list[JournalEntry]:
    """The word, in place of an earlier one of the same person for the same reason."""
    same = [each for each in words if (each.who, each.why) == (word.who, word.why)]
    data = {"on": True, "until": iso(word.until) if word.until else None}
    return [
        *(_end(each, word.who, "said again") for each in same),
        JournalEntry(KIND, word.id, data, word.who, word.why),
    ]


def _end(word: FreezeWord, who: str, why: str) -> JournalEntry:
    return JournalEntry(KIND, word.id, {"on": False, "of": word.who}, who, why)


def _known(settings: Settings, branch: str) -> tuple[FreezeWord, ...]:
    if problem := told.ask(settings):
        raise NoAnswerError(f"{branch}: {problem}")
    try:
        return tuple(freezes.in_effect(freezes.copied_words(settings, branch), now()))
    except UnreadableFileError as why:
        raise NoAnswerError(f"{branch}: {why}: inv judge makes it again") from None


def _leaving(
    words: Sequence[FreezeWord], branch: str, settings: Settings, who: str, of: str | None
) -> list[FreezeWord]:
    """What `freeze.off` ends: all of one's own, or of `of`."""
    gone = [word for word in words if word.who == (of if of is not None else who)]
    if gone or not words:
        return gone
    names = ", ".join(dict.fromkeys(clean(word.who, 80) for word in words))
    if of is not None:
        raise SettingsError(f"{branch} is frozen, but not by {clean(of, 80)}: by {names}")
    told = "; and ".join(str(words_of(_freeze(word), now(), settings.timezone)) for word in words)
    commands = ", and with: ".join(
        off_command(name, settings.branch_to_name(branch)) for name in dict.fromkeys(w.who for w in words)
    )
    raise RefusedError(
        f"{branch} is frozen {told}; that is not yours ({who}), so it stays: ask them, or end it all the same"
        f" with: {commands}"
    )


def _freeze(word: FreezeWord) -> Freeze:
    return Freeze(word.since, word.until, word.who, word.why)


def _ended(branch: str, word: FreezeWord) -> str:
    return f"{branch} was frozen {words_of(_freeze(word), now())}"


def _say_what_moved(writing: FreezeWriting, branch: str, asked: datetime) -> bool:
    """What was promoted right before, since who freezes may think that it was not. Whether one was
    killed, and nobody has looked since: a server may still be at what it sent."""
    with writing.database.branch(branch) as store:
        last = store.journal.last("promoted")
        begun = unfinished(store.journal, PROMOTE)
    if last is not None and "from" in last.data and last.time > asked - JUST:
        revno = last.data["revno"]
        say(f"r{revno} was promoted just before, at {when(last.time, now())}, by {last.who or 'somebody'}")
    if writing.alone:
        for act in begun:
            complain(
                f"{branch}: the promotion of r{act.data['to_revno']}, begun at {when(act.time, now())}, was"
                " ended before it could say whether it moved the ref, and it may still move: inv find looks"
            )
    return writing.alone and bool(begun)


def _show(settings: Settings, writing: FreezeWriting) -> None:
    """Let page, badge and SHA say it at once, where there are pages."""
    if (settings.report_path / "index.html").is_file():
        # a refused run may be publishing what was true before
        show_failure(settings, writing.run.tell, wait=PAGE_LIMIT + MAIL_LIMIT)
