"""The host's shepherd.toml: read, tried by the code of its releases, replaced
(docs/operator-every-day.md#changing-the-settings).

Part of the agent, so the standard library is all there is.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import tempfile
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

from shepherd.atomic import create_atomically, write_atomically
from shepherd.errors import SettingsError, StoreError
from shepherd.running.releases import Release, Site

LIMIT = 60
"""Seconds that a release may take to look at settings."""
STATE = "var"
"""`state_dir` where the settings do not name it (docs/settings.md)."""
INSTALLING = ("inv cron.install", "inv timer.install", "inv timer.install --system, as root")
"""What doctor advises where the crontab block or the units are there, and not what the settings say."""
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
    """What a release makes of settings that are not in force: why they are not to be taken (empty: they are),
    what its doctor finds wrong with them, and what of that is not wrong with those in force."""
    release = site.find(name)
    handle, path = tempfile.mkstemp(prefix=".shepherd.toml.", suffix=".new", dir=site.shared)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        fails = _fails(release, path)
        before = dict(_fails(release, site.settings)) if fails else {}
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError) as error:
        return {"why": f"{release.id} cannot look at them: {str(error)[:300]}", "fails": [], "new": []}
    finally:
        Path(path).unlink(missing_ok=True)
    described = {check: what.replace(path, str(site.settings)) for check, what in fails}
    why = described.pop("settings", "")
    return {
        "why": f"{release.id} does not take them: {why}" if why else _moved(site, text),
        "fails": [f"{check}: {what}" for check, what in described.items()],
        "new": [f"{check}: {what}" for check, what in described.items() if check not in before],
    }


def replace(site: Site, text: str, was: str, entry: dict[str, Any], at: str) -> dict[str, Any]:
    """Put settings in force; the name of the copy of those before, and what is to be done on the host then.

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
    if why := _moved(site, text):
        raise SettingsError(f"{why}; nothing was changed")
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
    return {"kept": kept.name, "then": _then(site, live) if live else []}


def _moved(site: Site, text: str) -> str:
    """Why settings would begin an empty journal next to that of the host; empty: they do not."""
    try:
        old, new = (tomllib.loads(each) for each in (_content(site).decode(), text))
    except ValueError:
        # the release has its own words for that
        return ""
    state, other = ((site.shared / str(each.get("state_dir", STATE))).resolve() for each in (old, new))
    if not state.is_dir():
        return ""
    if state != other:
        change, moving = f"state_dir changes from {state} to {other}", f"mv {state} {other}"
    elif old.get("database") != new.get("database"):
        # it may hold a login
        change, moving = "database changes", "move what is in it"
    else:
        return ""
    inv = ".venv/bin/inv"
    return (
        f"{change}, where a new journal would be started: move it on the host, in {site.current}:"
        f" {inv} maintenance.on --reason moving --wait 300; {inv} cron.remove (timer.remove where a timer"
        f" serves); {moving}; change it in {site.settings}; {inv} cron.install (timer.install);"
        f" {inv} maintenance.off"
    )


def _then(site: Site, live: Release) -> list[str]:
    """What calls the shepherd otherwise than the settings say, and the command that changes it."""
    try:
        findings = _doctor(live, site.settings)
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError):
        return [f"whether what calls the shepherd is up to date: {site.current}/.venv/bin/inv doctor"]
    return [
        f"{each['what']}: in {site.current}: .venv/bin/{each['remedy']}"
        for each in findings
        if each.get("remedy") in INSTALLING
    ]


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


def _fails(release: Release, settings: str | Path) -> list[tuple[str, str]]:
    """What fails as the release sees it."""
    return [(each["name"], each["what"]) for each in _doctor(release, settings) if each["level"] == "fail"]


def _doctor(release: Release, settings: str | Path) -> list[dict[str, Any]]:
    """All that the release finds, without asking the network."""
    done = _run(release, settings, "-m", "invoke", "doctor", "--offline", "--json")
    if not done.stdout.strip():
        lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise ValueError(lines[-1])
    checks: list[dict[str, Any]] = json.loads(done.stdout)["checks"]
    return checks


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
