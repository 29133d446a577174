"""`escalate`: one message a day to the list about what has kept the others back for too long
(docs/mails.md)."""

from __future__ import annotations

from shepherd.plans.days import days_of
from shepherd.plans.mails import escalation, sort_out
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.stages.mailing import Mailing, MailingResult, look
from shepherd.store import Database


def escalate(settings: Settings, run: Run, *, preview: bool = False, dry: bool = False) -> MailingResult:
    """Send the list its message of the day, if something has waited for more than `mail.grace_days`.

    Args:
        preview: only show it, also if it went already or is not due yet. Writes nothing, as `dry`.

    Raises:
        NoAnswerError: nothing was ever read. StoreError: the database cannot be used.
        SettingsError: the password cannot be read.
    """
    mail = settings.mail
    if mail is None or not mail.list:
        return MailingResult(["no list is told: there is no mail.list in the settings"])
    days = days_of(settings)
    if not (preview or days.due(run.now)):
        return MailingResult([f"no mail now: {days.next_words(run.now)}"])
    database = Database(settings.database_url, read_only=dry or preview)
    try:
        known = look(settings, database, run)
        mailing = Mailing(settings, mail, days, database, run, known, writes=not (dry or preview))
        waiting = [
            item for facts in known.facts for item in sort_out(facts, days, mail.grace_days, run.now)[0]
        ]
        found = escalation(waiting, mail.list, days.of(run.now))
        mails = [found] if found else []
        if preview:
            mailing.preview(mails)
        else:
            mailing.tell_unsure("escalation")
            left = mailing.left(mails)
            (mailing.would_send if dry else mailing.send)(left)
        if not mailing.outcome.lines:
            mailing.outcome.lines.append(
                "the list was told today" if mails else "nothing has waited for too long"
            )
        return mailing.outcome
    finally:
        database.close()
