"""`inv audit PROMOTION|REV`: why something went out (docs/audit.md)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from shepherd.atomic import write_atomically
from shepherd.errors import REFUSED, SettingsError
from shepherd.running.log import now
from shepherd.running.output import json_for_terminals, write
from shepherd.running.switch import mention
from shepherd.running.tasking import TaskOptions, say
from shepherd.running.versions import title

if TYPE_CHECKING:
    from shepherd.trail import AuditTrail


def audit(options: TaskOptions, rev: str | None, *, json: bool = False, page: str | None = None) -> int:
    """All that is known of a promotion, or of what brought a landing live. Exit code 8 where a landing that
    it names never went live.

    Raises:
        SettingsError: it names nothing, or the page's folder is not there.
        NoAnswerError: nothing was read yet.
        StoreError: the journal cannot be read, or the page cannot be written.
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
    if page is not None:
        _write_page(trail, page)
    elif json:
        say(json_for_terminals(plain_json(trail)))
    else:
        say(text.audit(trail, several=len(settings.branches) > 1))
    return REFUSED if trail.never_live else 0


def _write_page(trail: AuditTrail, page: str) -> None:
    """Raises SettingsError, StoreError: the file cannot be written."""
    from shepherd.views.audit_page import audit_page

    text = audit_page(trail)
    if page == "-":
        write(sys.stdout, text)
        return
    path = Path(page)
    if not path.parent.is_dir():
        raise SettingsError(f"{path.parent} is no folder: make it first")
    write_atomically(path, text.encode())
    say(f"written: {path}")
