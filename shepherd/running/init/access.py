"""How the settings come to read a forge: where its token lies, what to do for it, and whether it answers."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from shepherd.errors import SettingsError, TrackerError
from shepherd.limits import limited
from shepherd.running.init.forge import NAMES, Forge
from shepherd.settings import Settings, TrackerSettings

if TYPE_CHECKING:
    from shepherd.trackers import Tracker

_T = TypeVar("_T")

LIMIT = 20.0
"""Seconds that the answer may take; a session uses half of it."""
PRODUCTION = ("production", "Production", "prod", "live")
"""Names of environments whose deployments are asked for."""


class ForgeAnswer(Struct, frozen=True):
    """What a forge answered when it was asked with the token that lies next to the settings."""

    refusal: str | None = ""
    """Why it cannot be read, as a sentence; empty: there is no token, so it was not asked; None: it can."""
    deployments: tuple[tuple[str, str], ...] = ()
    """What it says was deployed to production: a fragment of a sentence, and the SHA of a commit."""
    finding: str = ""
    """Why it does not say what was deployed, as a sentence."""


def ask(forge: Forge | None, file: Path) -> ForgeAnswer:
    """Ask the forge whether it can be read by the settings `file`, and what is deployed. Raises nothing."""
    if forge is None or forge.tracker is None or not forge.project:
        return ForgeAnswer()
    token = token_file(forge)
    if not os.path.lexists(file.parent / token):
        return ForgeAnswer()
    if not forge.known_host:
        # the token would go wherever commit messages say
        return ForgeAnswer(f"{token} was sent nowhere, since only commit messages name the host.")
    settings = reading_settings(forge, file)
    try:
        opened = in_time(lambda: _probed(settings))
    except (TrackerError, SettingsError) as error:
        return ForgeAnswer(f"It could not be read with {token}: {str(error).rstrip('.')}.")
    return _with_deployments(opened)


def reading_settings(forge: Forge, file: Path) -> Settings:
    """What reads the forge with the token that lies next to the settings `file`; it has no branches."""
    assert forge.tracker
    tracker = TrackerSettings(
        type=forge.tracker,
        project=forge.project,
        service_root=forge.service_root,
        credentials_file=token_file(forge),
    )
    return Settings(branches={}, tracker=tracker, file=file)


def _probed(settings: Settings) -> Tracker:
    from shepherd.trackers import open_tracker

    opened = open_tracker(settings)
    opened.probe()
    return opened


def _with_deployments(tracker: Tracker) -> ForgeAnswer:
    from shepherd.trackers.forge.reading import ForgeTracker

    if not isinstance(tracker, ForgeTracker):
        return ForgeAnswer(None)
    name = tracker.name
    try:
        sha = in_time(lambda: tracker.deployed(PRODUCTION))
    except TrackerError as error:
        return ForgeAnswer(None, finding=f"What {name} deployed is not known: {str(error).rstrip('.')}.")
    found = ((f"{name}'s newest deployment to production", sha),) if sha else ()
    return ForgeAnswer(None, found)


def in_time(ask_it: Callable[[], _T]) -> _T:
    """Raises TrackerError: it takes longer than LIMIT."""
    with limited(LIMIT, TrackerError(f"no answer within {LIMIT:.0f} seconds")):
        return ask_it()


def token_file(forge: Forge) -> str:
    """Return the name of the file where the token is expected, next to the settings."""
    return f"{forge.tracker}-token"


def what_is_read(forge: Forge) -> str:
    """Return what a tracker reads there: "the labels of requests of acme/shop on GitHub"."""
    assert forge.tracker
    what = "tags of bugs" if forge.tracker == "launchpad" else "labels of requests"
    of = f" of {forge.project}" if forge.project else ""
    host = f" at {forge.service_root.removeprefix('https://')}" if forge.service_root else ""
    return f"the {what}{of} on {NAMES[forge.tracker]}{host}"


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
    "launchpad": "public bugs are read without a token: leave out credentials_file",
    "github": "",
    "gitlab": "a public project is read without a token: leave out credentials_file",
    "gitea": "a public project is read without a token: leave out credentials_file",
}
_EXAMPLES = {"launchpad": "project", "github": "owner/name", "gitlab": "group/project", "gitea": "owner/name"}
"""How a project is named, by its forge."""


def how_to_read(forge: Forge, file: Path) -> str:
    """Return what to do so that the forge is read with the settings `file`, for terminals."""
    assert forge.tracker
    lines = " and ".join(lines_of(forge)) if forge.project else ", ".join(lines_of(forge))
    without = f" ({WITHOUT_TOKEN[forge.tracker]})" if WITHOUT_TOKEN[forge.tracker] else ""
    return (
        f"to read {what_is_read(forge)}: {token_step(forge, file)}{without},"
        f" run {library_command(forge)}, and write {lines}"
        f' in place of type = "none" in {file}'
    )
