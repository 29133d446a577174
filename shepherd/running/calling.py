"""How cron and systemd call the shepherd: by which words, as whom, and by which name they keep several apart
(docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from shepherd.errors import SettingsError
from shepherd.running.tasking import CLONE
from shepherd.settings import Settings

PATH = "/usr/local/bin:/usr/bin:/bin"
"""Where a command of cron's finds git, rsync and ssh."""


def shepherd_id(settings: Settings) -> str:
    """The id of this shepherd among several on one host: ten digits of the hash of state_dir."""
    return hashlib.sha256(os.fsencode(os.path.realpath(settings.state_path))).hexdigest()[:10]


def words(settings: Settings, root: Path, *task: str, **environment: str) -> list[str]:
    """The words by which cron or systemd calls a task, from any folder and in a bare environment.

    `env -C` enters the release: the kernel follows `current` once, and all that is imported later comes from
    the same release, however often the link is moved.
    """
    prefix = Path(os.path.realpath(sys.prefix))
    # not sys.executable: it has several names, and the block shall not depend on who wrote it
    python = (prefix.relative_to(root) if prefix.is_relative_to(root) else prefix) / "bin" / "python3"
    folder, module = (entrance(root), "invoke") if CLONE else (settings.file.parent, "shepherd")
    return [
        *("/usr/bin/env", "-C", str(folder)),
        *(f"PATH={PATH}", "LANG=C.UTF-8", f"SHEPHERD_CONFIG={settings.file}"),
        *(f"{name}={value}" for name, value in environment.items()),
        *(str(python), "-m", module, *task),
    ]


def entrance(root: Path) -> Path:
    """`current` where the release `root` lies among those that it chooses from
    (docs/operator-every-day.md#what-a-deploy-does), else `root` itself."""
    link = root.parent.parent / "current"
    if root.parent.name == "releases" and link.is_symlink() and link.resolve().parent == root.parent:
        return link
    return root


def refuse_others(settings: Settings, whose: str) -> None:
    """What calls the shepherd is that of the owner of state_dir, who alone may write there
    (docs/interfaces.md#files).

    Raises:
        SettingsError: we are somebody else.
    """
    state = settings.state_path
    if state.exists() and (owner := state.stat().st_uid) != os.geteuid():
        raise SettingsError(f"{state} belongs to user id {owner}: run this as that user (sudo -u …), {whose}")
