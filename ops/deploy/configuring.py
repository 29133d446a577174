"""The host's shepherd.toml: read, tried by the code of its releases, replaced
(docs/operator.md#changing-the-settings).

Part of the agent, so the standard library is all there is.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from shepherd.atomic import create_atomically, write_atomically
from shepherd.errors import SettingsError, StoreError
from shepherd.running.releases import Release, Site

LIMIT = 60
"""Seconds that a release may take to look at settings."""
_LOG = """
import json, sys
from pathlib import Path
from shepherd.running.log import line, now, run_id
from shepherd.running.runner import log_of
from shepherd.settings import read
at = now()
entry = line(at, run=run_id(at), event="act", branch="all", what="settings", **json.load(sys.stdin))
log_of(read(Path(sys.argv[1]))).write(entry)
"""


def there(site: Site) -> dict[str, Any]:
    """The lines of the file there, and the releases that have to take it. Raises SettingsError."""
    content = _content(site)
    live, good = site.live().release, site.last_good()
    return {
        "lines": content.decode("utf-8", "replace").splitlines(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "live": live.id if live else "",
        "last_good": good.id if good else "",
        "place": str(site.settings),
    }


def tried(site: Site, name: str, text: str) -> dict[str, Any]:
    """What a release makes of settings that are not in force: why it does not take them (empty: it does), and
    what its doctor finds wrong with them."""
    release = site.find(name)
    handle, path = tempfile.mkstemp(prefix=".shepherd.toml.", suffix=".new", dir=site.shared)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        fails = _doctor(release, path)
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError) as error:
        return {"why": f"{release.id} cannot look at them: {str(error)[:300]}", "fails": []}
    finally:
        Path(path).unlink(missing_ok=True)
    described = {check: what.replace(path, str(site.settings)) for check, what in fails}
    why = described.pop("settings", "")
    return {
        "why": f"{release.id} does not take them: {why}" if why else "",
        "fails": [f"{check}: {what}" for check, what in described.items()],
    }


def replace(site: Site, text: str, was: str, entry: dict[str, Any], at: str) -> str:
    """Put settings in force; the name of the copy of those before.

    Args:
        was: SHA-256 of the file that the operator saw; entry: for the record; at: the time, in ISO 8601.

    Raises:
        SettingsError, StoreError: nothing was changed.
    """
    if site.settings.is_symlink():
        raise SettingsError(
            f"{site.settings} is a link to {site.settings.readlink()}: change it where it lies"
        )
    before = _content(site)
    if hashlib.sha256(before).hexdigest() != was:
        raise StoreError(f"{site.settings} was changed meanwhile: nothing was done; look again")
    mode = stat.S_IMODE(site.settings.stat().st_mode)
    kept = _keep(site.settings, before, mode, at.translate({ord("-"): None, ord(":"): None}))
    write_atomically(site.settings, text.encode(), mode)
    live = site.live().release
    name = live.id if live else ""
    result = f"settings replaced; those before are in {kept.name}"
    site.note({**entry, "at": at, "from": name, "to": name, "how": "settings", "result": result})
    if live is not None:
        about = {"because": entry["why"]} if entry["why"] else {}
        with suppress(OSError, subprocess.SubprocessError):
            said = {"on": str(site.settings), "result": result, "by": entry["who"], **about}
            _run(live, site.settings, "-c", _LOG, str(site.settings), text=json.dumps(said))
    return kept.name


def _keep(path: Path, content: bytes, mode: int, at: str) -> Path:
    for number in range(1, 100):
        kept = path.with_name(f"{path.name}.{at}{f'-{number}' if number > 1 else ''}")
        with suppress(FileExistsError):
            create_atomically(kept, content, mode)
            return kept
    raise StoreError(f"{path}: there are 99 copies of this second; nothing was changed")


def _content(site: Site) -> bytes:
    try:
        return site.settings.read_bytes()
    except FileNotFoundError:
        raise SettingsError(f"{site.settings} is not there: fab setup") from None


def _doctor(release: Release, settings: str) -> list[tuple[str, str]]:
    """What fails as the release sees it, without asking the network."""
    done = _run(release, settings, "-m", "invoke", "doctor", "--offline", "--json")
    if not done.stdout.strip():
        lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise ValueError(lines[-1])
    checks = json.loads(done.stdout)["checks"]
    return [(each["name"], each["what"]) for each in checks if each["level"] == "fail"]


def _run(
    release: Release, settings: str | Path, *words: str, text: str = ""
) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SHEPHERD_", "PYTHON", "VIRTUAL_ENV"))
    }
    environment |= {"SHEPHERD_CONFIG": str(settings), "LC_ALL": "C.UTF-8", "PWD": str(release.path)}
    return subprocess.run(
        [str(release.python), *words],
        cwd=release.path,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LIMIT,
        check=False,
    )
