"""Whether the mail server answers: a connection and a greeting, no login and no mail."""

from __future__ import annotations

from collections.abc import Iterator

from shepherd.running.doctor.checking import OFFLINE, CheckContext, Finding, fail, ok

LIMIT = 10.0
"""Seconds that the server may take for each answer."""


def smtp(context: CheckContext) -> Iterator[Finding]:
    mail = context.settings.mail
    if mail is None:
        yield ok("smtp", "no [mail] in the settings: no mail is sent")
        return
    if context.offline:
        yield ok("smtp", f"{mail.smtp}: {OFFLINE}")
        return
    import smtplib

    host, _, port = mail.smtp.rpartition(":")
    remedy = "is it running, and is mail.smtp right?"
    try:
        # With a name of our own: else the resolver is asked for one.
        with smtplib.SMTP(host.strip("[]"), int(port), local_hostname="localhost", timeout=LIMIT) as server:
            server.ehlo_or_helo_if_needed()
            offers = server.has_extn("starttls")
    except (OSError, smtplib.SMTPException) as error:
        yield fail("smtp", f"{mail.smtp} does not greet ({error})", remedy)
        return
    if mail.starttls and not offers:
        yield fail("smtp", f"{mail.smtp} offers no STARTTLS", "set mail.starttls = false, or another server")
    else:
        yield ok("smtp", f"{mail.smtp} answers")
