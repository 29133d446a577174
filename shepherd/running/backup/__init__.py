"""Backups: what cannot be read again, in one file that is checked by reading it back (docs/backups.md).

`manifest` says what is in such a file, `places` what it is called, `making` writes one, `reading` opens and
checks one, `daily` keeps some, `comparing` says what a restore would change, `restoring` does it.
"""

from __future__ import annotations

from pathlib import Path

from shepherd.running.log import line, now, run_id
from shepherd.running.output import say
from shepherd.running.tasking import TaskOptions
from shepherd.values import count


def backup(options: TaskOptions, to: str) -> int:
    """`inv backup TO`: a new file, or a folder that is there.

    Raises:
        SettingsError: `to` cannot be written to. NoAnswerError: there is nothing yet. StoreError.
    """
    from shepherd.running.backup.making import make, planned
    from shepherd.running.backup.places import new_file
    from shepherd.running.runner import log_of, prepare_state

    settings, at = options.settings, now()
    plan = planned(settings)
    target = new_file(to, Path.cwd(), at)
    left_out = f" ({plan.left_out} older ones are left out)" if plan.left_out else ""
    holds = f"the journal, {count(len(plan.answers), 'answer')}{left_out}, {settings.file.name}"
    if options.dry:
        say(f"would write {target}: {holds}")
        return 0
    prepare_state(settings.state_path)
    document = make(settings, plan, target, options.who, at)
    about = {"what": "backup", "to": target, "entries": document.entries, "by": options.who}
    log_of(settings).write(line(at, run=run_id(at), stage="backup", event="act", branch="all", **about))
    say(f"wrote {target}, and read it back: {holds}; journal entries: {document.entries}")
    for secret in document.secrets:
        say(f"not in it, since it is a secret: {secret}")
    return 0


def restore(options: TaskOptions, source: str, despite: str | None) -> int:
    """`inv restore BACKUP`. Raises what `restoring` does."""
    from shepherd.running.backup.places import existing_files
    from shepherd.running.backup.restoring import restore_from

    return restore_from(options, existing_files(source, Path.cwd()), despite)
