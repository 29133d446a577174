"""The other hosts that use the same database (docs/running.md#two-hosts)."""

from __future__ import annotations

from collections.abc import Iterator

from shepherd.running import told
from shepherd.running.doctor.checking import OFFLINE, CheckContext, Finding, fail, ok, warn
from shepherd.running.other_hosts import difference_words, host_words, other_hosts


def hosts(context: CheckContext) -> Iterator[Finding]:
    """Which there are, when each last worked, and whether their settings say the same."""
    settings = context.settings
    if not settings.on_server:
        return
    if context.offline:
        yield ok("hosts", OFFLINE)
        return
    if problem := told.ask(settings):
        yield fail("hosts", f"what other hosts say is not known: {problem}")
        return
    others = other_hosts(told.session(settings))
    if not others:
        yield ok("hosts", "no other host has worked with this database lately")
    for word in others:
        if sentence := difference_words(settings, word):
            yield warn("hosts", sentence)
        else:
            yield ok("hosts", host_words(word, context.now))
