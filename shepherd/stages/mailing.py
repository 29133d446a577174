"""`remind`, `escalate` and the mails about alarms: what is known -> the mails that are due -> the outbox
(docs/mails.md)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from shepherd.act import EVERYWHERE
from shepherd.cautions import cautions, code_of, stopping
from shepherd.errors import NO_DATA, ShepherdError
from shepherd.plans.check_waits import HeldUp
from shepherd.plans.days import days_of, local_times
from shepherd.plans.digests import digests, live_mails
from shepherd.plans.mails import (
    BranchNote,
    DeployableNow,
    Mail,
    Waiting,
    WentLive,
    alarm_mails,
    escalation,
    sort_out,
)
from shepherd.plans.recipients import Recipients
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.stages.alarms import untold
from shepherd.stages.blockers import histories_of
from shepherd.stages.check_waits import too_long
from shepherd.stages.check_waits import untold as untold_waits
from shepherd.stages.outbox import Outbox
from shepherd.stages.promotion_mails import SWITCH as PROMOTION_SWITCH
from shepherd.stages.promotion_mails import promotion_mails
from shepherd.stages.telling_result import TellingResult
from shepherd.stages.went_live import SWITCH as LIVE_SWITCH
from shepherd.stages.went_live import news_of, note_switches
from shepherd.stages.went_live import untold as untold_news
from shepherd.store import Database
from shepherd.store.snapshots import Snapshots
from shepherd.values import clean
from shepherd.views.conditions import what_waits


def remind(
    settings: Settings, run: Run, *, over_cap: bool = False, preview: bool = False, dry: bool = False
) -> TellingResult:
    """Send each person the digest of what they have to do, if it is due and has not gone today.

    Args:
        over_cap: also if they are more than `mail.cap`.
        preview: only show them, those too that went already or are not due yet. Writes nothing, as `dry`.

    Raises:
        NoAnswerError: nothing was ever read. StoreError: the database cannot be used.
        SettingsError: the password cannot be read.
    """
    mail = settings.mail
    if mail is None:
        return TellingResult(["no mail is sent: there is no [mail] in the settings"])
    not_now = "" if preview else _not_now(settings, run)
    if not_now and dry:
        return TellingResult([not_now])
    with Database.of(settings, read_only=dry or preview) as database:
        if not (dry or preview):
            # at any hour: what goes live after the first run with this release is told
            wanted = {LIVE_SWITCH: mail.live != "never", PROMOTION_SWITCH: bool(mail.promotions)}
            note_switches(settings, database, run, wanted)
        outbox = Outbox(settings, database, run)
        today = days_of(settings).of(run.now)
        # at any hour as well: it stands in no digest, and is to be kept
        promotions = promotion_mails(settings, database, run.now, today, again_today=preview)
        if not_now:
            if promotions:
                outbox.begin_day((), writes=True)
                outbox.send(outbox.due(promotions))
            outbox.result.lines.append(not_now)
            return outbox.result
        known = _known(settings, database, run)
        outbox.begin_day(known.missing, writes=not (dry or preview))
        news = untold_news(database, known.news, today, again_today=preview)
        apart = mail.live == "mail"
        recipients = Recipients(settings.people)
        reminders, unreachable, without_mail = digests(known.waiting, recipients, () if apart else news)
        reminders = [each.noting(known.notes) for each in reminders]
        reminders += live_mails(news, recipients) if apart else []
        if any(each.live for each in reminders):
            head = _head(database)
            reminders = [replace(each, head=head) if each.live else each for each in reminders]
        no_mail = [f"no mail: {each}" for each in (*known.unmailed, *without_mail)]
        about_people = _about_unreachable(database, unreachable, mail.operators)
        if preview:
            outbox.preview([*reminders, *about_people, *promotions])
            outbox.result.lines += no_mail
            if not outbox.result.lines:
                outbox.result.lines.append(_nobody(0, ""))
            return outbox.result
        outbox.warn_unsure("digest", "live", "unreachable", "brake", "promotion")
        due = outbox.due(reminders)
        if len(due) > mail.cap and not over_cap:
            outbox.result.failed(
                f"{len(due)} digests are more than mail.cap ({mail.cap}): none of them is sent; look at them"
                " with inv remind --preview, send them with inv remind --over-cap"
            )
            due = outbox.due(Mail("brake", each, count=len(due)) for each in mail.operators)
        due += outbox.due([*about_people, *promotions])
        if dry:
            outbox.show_plan(due)
            outbox.result.lines += no_mail
        else:
            outbox.send(due)
        if not outbox.result.lines and not outbox.result.failures:
            outbox.result.lines.append(_nobody(len(reminders), outbox.last_sent(reminders)))
        return outbox.result


def escalate(settings: Settings, run: Run, *, preview: bool = False, dry: bool = False) -> TellingResult:
    """Send the list its message of the day, if something has waited for more than `mail.grace_days`; and one
    about the checks that have kept candidates back for `checks_grace`, once for each.

    Args:
        preview: only show it, also if it went already or is not due yet. Writes nothing, as `dry`.

    Raises:
        NoAnswerError: nothing was ever read. StoreError: the database cannot be used.
        SettingsError: the password cannot be read.
    """
    mail = settings.mail
    if mail is None or not mail.list:
        return TellingResult(["the list is not told: there is no mail.list in the settings"])
    if not preview and (not_now := _not_now(settings, run)):
        return TellingResult([not_now])
    with Database.of(settings, read_only=dry or preview) as database:
        outbox = Outbox(settings, database, run)
        known = _known(settings, database, run)
        outbox.begin_day(known.missing, writes=not (dry or preview))
        today = days_of(settings).of(run.now)
        message = escalation(known.waiting, mail.list, today)
        messages = []
        if message is not None:
            messages.append(replace(message.noting(known.notes), deployable=tuple(known.deployable)))
        held = known.held if preview else untold_waits(database, known.held, today)
        if held:
            messages.append(Mail("checks", mail.list, held=tuple(held)))
        if preview:
            outbox.preview(messages)
        else:
            outbox.warn_unsure("escalation", "checks")
            (outbox.show_plan if dry else outbox.send)(outbox.due(messages))
        if not outbox.result.lines and not outbox.result.failures:
            at = outbox.last_sent(messages)
            outbox.result.lines.append(
                f"nothing to send: {mail.list} was told today at {at}"
                if messages
                else "nothing has waited for too long"
            )
        return outbox.result


def send_alarms(settings: Settings, branch: str, run: Run) -> TellingResult:
    """Send each operator one mail about the alarms that are new to them; what fails, the next run sends.

    Raises:
        StoreError: the database cannot be used. SettingsError: the password cannot be read.
    """
    if settings.mail is None:
        return TellingResult()
    with Database.of(settings) as database:
        with database.branch(branch) as store:
            alarms = untold(store.journal, settings.mail.operators, run.now)
        outbox = Outbox(settings, database, run)
        if any(alarms.values()):
            snapshot = Snapshots(settings.state_path / "snapshots", branch).latest()
            known = cautions(snapshot, run.situation()) if snapshot is not None else ()
            outbox.send_apart(alarm_mails(branch, alarms, known))
        return outbox.result


def _head(database: Database) -> str:
    """The head of the journal as it is now."""
    with database.branch(EVERYWHERE) as store:
        return store.journal.head_name()


def _nobody(digests: int, last_sent: str) -> str:
    """What to say where no mail is left to send."""
    if not digests:
        return "nobody has to be reminded"
    went = "the digest of today went" if digests == 1 else f"the {digests} digests of today went, the last"
    return f"nobody has to be reminded any more: {went} at {last_sent}"


def _not_now(settings: Settings, run: Run) -> str:
    """Why no daily mail goes at this hour; empty if they do."""
    days = days_of(settings)
    return "" if days.due(run.now) else f"no mail now: {days.next_words(run.now)}"


class KnownForMails(Struct):
    """What is known of all branches. From what is stale or no data nobody is mailed
    (docs/rules.md#answer)."""

    waiting: list[Waiting] = []
    """What can be acted on now."""
    unmailed: list[str] = []
    """What nobody is mailed about, and why."""
    missing: list[str] = []
    """Why a branch could not be looked at."""
    deployable: list[DeployableNow] = []
    """What can be deployed now."""
    notes: list[BranchNote] = []
    """What else holds up a branch's landings: freezes, conditions."""
    news: list[WentLive] = []
    """What went live lately, also what was told already."""
    held: list[HeldUp] = []
    """Checks that have kept candidates back for too long, also what was told already."""


def _known(settings: Settings, database: Database, run: Run) -> KnownForMails:
    assert settings.mail is not None
    known = KnownForMails()
    zone = days_of(settings).zone
    for branch in settings.branches:
        try:
            snapshot = Snapshots(settings.state_path / "snapshots", branch).latest()
        except ShepherdError as error:
            known.missing.append(f"{branch}: {error}")
            continue
        if snapshot is None:
            known.missing.append(f"{branch}: there is no answer yet: inv run")
            continue
        stop = stopping(cautions(snapshot, replace(run.situation(), now=run.now)))
        if stop is not None and code_of(stop) == NO_DATA:
            why = clean(stop.sentence, 300)
            known.missing.append(f"{branch}: {why if stop.kind == 'stale' else f'there is no data ({why})'}")
            continue
        with database.branch(branch) as store:
            histories = histories_of(store.journal, snapshot, settings, store.cache)
            known.news += news_of(store, snapshot, run.now)
            grace = settings.branches[branch].checks_grace
            known.held += too_long(store.journal, snapshot, grace, run.now)
        if snapshot.next is not None and stop is None:
            count = len(snapshot.next.landings)
            known.deployable.append(DeployableNow(branch, snapshot.next.to.revno, count))
        if stop is not None and stop.kind == "frozen":
            known.notes.append(BranchNote(branch, f"{branch}: {local_times(stop.sentence, zone)}"))
        if (said := what_waits(snapshot)) is not None:
            known.notes.append(BranchNote(branch, f"{branch}: {local_times(said, zone)}"))
        of_branch = sort_out(snapshot, histories, days_of(settings), settings.mail.grace_days, run.now)
        known.waiting += of_branch[0]
        known.unmailed += of_branch[1]
    return known


def _about_unreachable(
    database: Database, unreachable: Sequence[str], operators: Sequence[str]
) -> list[Mail]:
    """The mails to the operators about people whom no mail can reach: about each person once."""
    if not unreachable:
        return []
    known_to: dict[str, set[str]] = {}
    with database.branch(EVERYWHERE) as store:
        entries = store.journal.entries("meant", holding='"kind":"unreachable"')
        meant = {each.subject: each for each in entries}
        for each in store.journal.entries("done", subjects=meant):
            if each.data["result"] == "done":
                operator = each.subject.split(" ", 2)[2]
                known_to.setdefault(operator, set()).update(meant[each.subject].data.get("people", ()))
    return [
        Mail("unreachable", operator, people=tuple(people))
        for operator in operators
        if (people := [each for each in unreachable if each not in known_to.get(operator.casefold(), ())])
    ]
