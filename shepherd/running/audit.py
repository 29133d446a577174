"""`inv audit PROMOTION|REV`: why something went out (docs/audit.md)."""

from __future__ import annotations

from shepherd.errors import REFUSED, SettingsError
from shepherd.running.log import now
from shepherd.running.output import json_for_terminals
from shepherd.running.switch import mention
from shepherd.running.tasking import TaskOptions, say
from shepherd.running.versions import title


def audit(options: TaskOptions, rev: str | None, *, json: bool = False, page: str | None = None) -> int:
    """All that is known of a promotion, or of what brought a landing live. Exit code 8 where a landing that
    it names never went live.

    Raises:
        SettingsError: it names nothing, or no file can be written there.
    """
    from shepherd.stages.audit import audit_of
    from shepherd.views import audit as text
    from shepherd.views.feeds import plain_json

    if rev is None:
        raise SettingsError("say what the audit is about: inv audit promoted, inv audit r123, or a run's id")
    if json and page is not None:
        raise SettingsError("--json prints to standard output: leave out --page, or --json")
    settings, branch = options.settings, options.branch
    mention(settings)
    trail = audit_of(settings, branch, rev, now(), title())
    if json:
        say(json_for_terminals(plain_json(trail)))
    else:
        say(text.audit(trail, several=len(settings.branches) > 1))
    return REFUSED if trail.never_live else 0
