"""How the settings come to read a forge: where its token lies, what to do for it, and whether it answers."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from shepherd.errors import SettingsError, TrackerError
from shepherd.limits import limited
from shepherd.running.init.forge import NAMES, Forge
from shepherd.settings import Settings

LIMIT = 20.0
"""Seconds that the answer may take; a session uses half of it."""


def refusal_of(settings: Settings, *, known_host: bool) -> str | None:
    """Return why the tracker of these settings cannot be read, as a sentence; None: it can. It is asked once.

    Empty: there is no token.

    Args:
        known_host: else the token would go wherever commit messages say, so it is not asked.
    """
    from shepherd.trackers import open_tracker

    tracker = settings.tracker
    if tracker.credentials_file and not os.path.lexists(settings.file.parent / tracker.credentials_file):
        return ""
    if not known_host:
        return f"{tracker.credentials_file} was sent nowhere, since only commit messages name the host."
    try:
        with limited(LIMIT, TrackerError(f"no answer within {LIMIT:.0f} seconds")):
            open_tracker(settings).probe()
    except (TrackerError, SettingsError) as error:
        return f"It could not be read with {tracker.credentials_file}: {str(error).rstrip('.')}."
    return None


def token_file(forge: Forge) -> str:
    """Return the name of the file where the token is expected, next to the settings."""
    return f"{forge.tracker}-token"


def what_is_read(forge: Forge) -> str:
    """Return what a tracker reads there: "the labels of requests of acme/shop on GitHub"."""
    assert forge.tracker
    what = "tags of bugs" if forge.tracker == "launchpad" else "labels of requests"
    return f"the {what} of {forge.project} on {NAMES[forge.tracker]}" if forge.project else f"the {what}"


def token_step(forge: Forge, file: Path) -> str:
    """Return how a token comes into its file, next to the settings `file`: a command that takes it from the
    terminal, but for Launchpad's, which a program has to save."""
    path = shlex.quote(str(file.parent / token_file(forge)))
    if forge.tracker == "launchpad":
        return f"save a token as {path}, mode 0600, by the lines in docs/launchpad.md"
    rights = f"a token with the rights of docs/{forge.tracker}.md"
    return f"run (umask 077; cat >{path}) and paste {rights}, then Enter and Ctrl-D"


def library_command(forge: Forge) -> str:
    """Return the command that installs what reading the forge needs."""
    return f".venv/bin/pip install --require-hashes -r requirements/{forge.tracker}.txt"


def lines_of(forge: Forge) -> list[str]:
    """Return the lines of [tracker] that replace `type = "none"`; the project stands there if it is known."""
    assert forge.tracker
    lines = [f'type = "{forge.tracker}"', f'credentials_file = "{token_file(forge)}"']
    return lines if forge.project else [*lines, f'project = "{_EXAMPLES[forge.tracker]}"']


WITHOUT_TOKEN = {
    "launchpad": " (public bugs are read without one: leave out credentials_file)",
    "github": "",
    "gitlab": " (a public project is read without one: leave out credentials_file)",
}
_EXAMPLES = {"launchpad": "project", "github": "owner/name", "gitlab": "group/project"}
"""How a project is named, by its forge."""


def how_to_read(forge: Forge, file: Path) -> str:
    """Return what to do so that the forge is read with the settings `file`, for terminals."""
    assert forge.tracker
    lines = " and ".join(lines_of(forge)) if forge.project else ", ".join(lines_of(forge))
    return (
        f"to read {what_is_read(forge)}: {token_step(forge, file)}{WITHOUT_TOKEN[forge.tracker]},"
        f" run {library_command(forge)}, and write {lines}"
        f' in place of type = "none" in {file}'
    )
