"""`remind`: one digest a day to each person who has something to do (docs/mails.md)."""

from __future__ import annotations

from shepherd.act import EVERYWHERE
from shepherd.plans.days import days_of
from shepherd.plans.mails import Digests, Mail, digests, sort_out
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.stages.mailing import Mailing, MailingInput, MailingResult, look
from shepherd.store import Database, Journal


def remind(
    settings: Settings, run: Run, *, over_cap: bool = False, preview: bool = False, dry: bool = False
) -> MailingResult:
    """Send the digests that are due and have not gone today.

    Args:
        over_cap: also if they are more than `mail.cap`.
        preview: only show them, those too that went already or are not due yet. Writes nothing, as `dry`.

    Raises:
        NoAnswerError: nothing was ever read. StoreError: the database cannot be used.
        SettingsError: the password cannot be read.
    """
    mail = settings.mail
    if mail is None:
        return MailingResult(["no mail is sent: there is no [mail] in the settings"])
    days = days_of(settings)
    if not (preview or days.due(run.now)):
        return MailingResult([f"no mail now: {days.next_words(run.now)}"])
    database = Database(settings.database_url, read_only=dry or preview)
    try:
        known = look(settings, database, run)
        mailing = Mailing(settings, mail, days, database, run, known, writes=not (dry or preview))
        found = _digests(settings, known, run)
        told = _new_ones(database, found, mail.operators)
        if preview:
            mailing.preview([*found.mails, *told])
            mailing.outcome.lines += [f"no mail: {each.what}: {each.why}" for each in found.silent]
            return mailing.outcome
        mailing.tell_unsure("digest", "unreachable", "brake")
        mails = mailing.left(found.mails)
        if len(mails) > mail.cap and not over_cap:
            mailing.outcome.failed(
                f"{len(mails)} mails are more than mail.cap ({mail.cap}): none was sent; look at them with"
                " inv remind --preview, send them with inv remind --over-cap"
            )
            mails = mailing.left(Mail("brake", each, count=len(mails)) for each in mail.operators)
        mails = [*mails, *mailing.left(told)]
        if dry:
            mailing.would_send(mails)
            mailing.outcome.lines += [f"no mail: {each.what}: {each.why}" for each in found.silent]
        else:
            mailing.send(mails)
        if not mailing.outcome.lines and not mailing.outcome.failures:
            mailing.outcome.lines.append("nobody has to be reminded")
        return mailing.outcome
    finally:
        database.close()


def _digests(settings: Settings, known: MailingInput, run: Run) -> Digests:
    assert settings.mail is not None
    days, waiting, silent = days_of(settings), [], []
    for facts in known.facts:
        some, others = sort_out(facts, days, settings.mail.grace_days, run.now)
        waiting += some
        silent += others
    found = digests(waiting, settings.people)
    return Digests(found.mails, found.unreachable, (*silent, *found.silent))


def _new_ones(database: Database, found: Digests, operators: tuple[str, ...]) -> list[Mail]:
    """The mails to the operators about people whom no mail can reach: each person is told of once."""
    if not found.unreachable:
        return []
    told: dict[str, set[str]] = {}
    with database.begin() as connection:
        journal = Journal(connection, EVERYWHERE)
        meant = {each.subject: each for each in journal.entries("meant", holding='"kind":"unreachable"')}
        for each in journal.entries("done", subjects=meant):
            if each.data["result"] == "done":
                operator = each.subject.split(" ", 2)[2]
                told.setdefault(operator, set()).update(meant[each.subject].data["people"])
    return [
        Mail("unreachable", operator, people=tuple(people))
        for operator in operators
        if (people := [each for each in found.unreachable if each not in told.get(operator.casefold(), ())])
    ]
