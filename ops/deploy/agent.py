"""The host's side of `fab`: sent over the connection and run by the host's own Python
(docs/operator-every-day.md#what-a-deploy-does).

On a bare host nothing of ours is installed: it has the modules of `host.SENT`, and the standard library of
Python 3.11. What it is asked comes on standard input, never on a command line.
Lines it writes begin with `>` (progress) or `=` (the answer, JSON); what went wrong is one line on standard
error, and an exit code of docs/interfaces.md#commands.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from ops.deploy import building, configuring
from ops.deploy.needing import extras_needed
from shepherd.atomic import create_atomically, write_atomically
from shepherd.errors import BUSY, SettingsError, ShepherdError, StoreError
from shepherd.locks import flock, locked, open_lock
from shepherd.report_files import how_many
from shepherd.running import releases
from shepherd.running.releases import Site
from shepherd.running.starting import start

Request = dict[str, Any]
SILENCE = 90.0
"""Seconds without a sign of life after which an operator counts as gone."""


class HostBusyError(ShepherdError):
    """Another deploy is under way."""

    code = BUSY


def main(request: Request, data: BinaryIO) -> int:
    """Do what the request says. Its exit code is that of the process."""
    os.umask(0o022)
    # whatever a shell printed at login: what comes now begins a line
    with suppress(OSError):
        sys.stdout.write("\n")
    site = Site(Path.home() / request["directory"])
    try:
        answer = COMMANDS[request["do"]](site, request, data)
    except ShepherdError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    except (OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"{_why(error)}\n")
        return 1
    _write("=", json.dumps(answer))
    return 0


def probe(site: Site, request: Request, data: BinaryIO) -> dict[str, Any]:
    """What the host is and has. Changes nothing."""
    place = next(each for each in (site.root, *site.root.parents) if each.exists())
    disk = os.statvfs(place)
    live = site.live()
    return {
        "python": python_of_host(),
        "machine": platform.machine(),
        "libc": list(platform.libc_ver()),
        "system": platform.system(),
        "now": datetime.now(UTC).timestamp(),
        "free": disk.f_bavail * disk.f_frsize,
        "root": str(site.root),
        "set_up": site.releases.is_dir() and site.shared.is_dir(),
        "settings": site.settings.exists(),
        "needs": extras_needed(site),
        "live": {"kind": live.kind, "id": live.release.id if live.release else "", "link": live.link},
        "last_good": good.id if (good := site.last_good()) else "",
        "releases": [
            {
                **each.made,
                "id": each.id,
                "standing": each.standing,
                "bad": each.bad,
                "bad_since": each.bad_since,
            }
            for each in site.all()
        ],
        "wheels": {path.name: building.digest(path) for path in site.wheels.glob("*.whl")},
        "past": site.past()[-20:],
        "bad_commit": bad.words() if (bad := site.bad_commit(request.get("commit", ""))) else "",
    }


def python_of_host() -> list[str]:
    """Version, and where it lies: what an environment depends on."""
    return [platform.python_version(), sys.executable]


def setup(site: Site, request: Request, data: BinaryIO) -> dict[str, Any]:
    """Folders, and settings if there are none; whatever is there is left as it is. A deploy is waited for."""
    if request["dry"]:
        return {"made": _missing(site), "root": str(site.root)}
    root = [] if site.root.is_dir() else [str(site.root)]
    site.root.mkdir(parents=True, exist_ok=True)
    with _turn(site, request.get("who", "somebody"), wait=request.get("wait", 0.0)), _alone(site):
        made = [*root, *_missing(site)]
        for folder in (site.releases, site.shared, site.wheels):
            if not folder.is_dir():
                folder.mkdir()
                folder.chmod(0o700 if folder == site.wheels else 0o755)
        if str(site.settings) in made:
            create_atomically(site.settings, request["settings"].encode())
    return {"made": made, "root": str(site.root)}


def _missing(site: Site) -> list[str]:
    folders = [each for each in (site.root, site.releases, site.shared, site.wheels) if not each.is_dir()]
    return [*map(str, folders), *([] if os.path.lexists(site.settings) else [str(site.settings)])]


def hold(site: Site, request: Request, data: BinaryIO) -> dict[str, Any]:
    """Hold the deploy lock until the operator's side closes its end, dies, or is not heard of any more."""
    with _turn(site, request["who"]):
        with _alone(site):
            left = releases.unfinished(site)
            for each in left:
                _write(">", f"{each.id} was left half built: removed")
            releases.remove(left)
        _write("=", json.dumps({"held": True}))
        # its side sends a byte now and then: a machine that was switched off closes nothing
        while select.select([data], [], [], SILENCE)[0] and os.read(data.fileno(), 4096):
            pass
    return {"held": False}


def take(site: Site, request: Request, data: BinaryIO) -> dict[str, Any]:
    """Wheels, one after the other, each whole or not at all."""
    with _alone(site):
        for wheel in request["wheels"]:
            content = data.read(wheel["size"])
            if hashlib.sha256(content).hexdigest() != wheel["sha256"]:
                raise StoreError(
                    f"{wheel['name']} did not arrive as it was sent: refused, nothing was changed"
                )
            write_atomically(site.wheels / wheel["name"], content)
            _write(">", wheel["name"])
    return {}


def prepare(site: Site, request: Request, data: BinaryIO) -> dict[str, Any]:
    """A new release, whole and with its own environment; if that fails, nothing of it stays."""
    content = data.read(request["size"])
    if hashlib.sha256(content).hexdigest() != request["sha256"]:
        raise StoreError("the code did not arrive as it was sent: nothing was changed")
    made = {**request["made"], "at": _now(), "python": python_of_host(), "machine": platform.machine()}
    with _alone(site):
        return {
            "id": building.build(site, content, {**request, "made": made}, lambda line: _write(">", line))
        }


def works(site: Site, request: Request, data: BinaryIO) -> dict[str, Any]:
    """Whether a release's environment starts at all."""
    try:
        start(site.find(request["release"]).path)
    except ShepherdError as error:
        return {"works": False, "why": str(error)}
    return {"works": True, "why": ""}


def back(site: Site, request: Request, data: BinaryIO) -> dict[str, Any]:
    """Where an upgrade goes, and which release's code can drive it: the newer one that starts. Newer is the
    one that knows more files of the report, and of those that know as many the one deployed later."""
    target = site.find(request["to"]) if request["to"] else site.last_good()
    if target is None:
        raise SettingsError("there is no earlier good release to go back to (fab releases lists them)")
    live = site.live().release
    places = {each.id: each.path for each in (live, target) if each is not None}
    drivers = sorted(places, key=lambda each: (how_many(places[each]), each), reverse=True)
    for driver in drivers:
        with suppress(ShepherdError):
            start(site.releases / driver)
            return {"target": target.id, "driver": driver, "root": str(site.root)}
    raise StoreError(f"neither of {', '.join(drivers)} starts here any more: fab deploy makes a new release")


def mark(site: Site, request: Request, data: BinaryIO) -> dict[str, Any]:
    """Mark a release as bad, or take the mark away."""
    release = site.find(request["release"])
    if request["bad"]:
        releases.mark_bad(release, request["why"], request["who"])
    else:
        releases.unmark(release, request["who"], request["why"])
    return {"id": release.id}


def note(site: Site, request: Request, data: BinaryIO) -> dict[str, Any]:
    """What came of a deploy that did not get as far as the upgrade, which writes its own line."""
    live = site.live()
    site.note({"at": _now(), "from": live.release.id if live.release else live.link, **request["entry"]})
    return {}


def settings(site: Site, request: Request, data: BinaryIO) -> dict[str, Any]:
    """The settings that are in force."""
    return configuring.there(site)


def try_settings(site: Site, request: Request, data: BinaryIO) -> dict[str, Any]:
    """What a release makes of settings that are not in force."""
    with _alone(site):
        return configuring.tried(site, request["release"], request["settings"])


def replace(site: Site, request: Request, data: BinaryIO) -> dict[str, Any]:
    """Put settings in force; no deploy is under way meanwhile."""
    entry = request["entry"]
    with _turn(site, f"{entry['who']} (fab settings)"), _alone(site):
        return configuring.replace(site, request["settings"], request["was"], entry, _now())


COMMANDS: dict[str, Callable[[Site, Request, BinaryIO], dict[str, Any]]] = {
    each.__name__: each
    for each in (
        *(probe, setup, hold, take, prepare, works, back, mark, note),
        *(settings, try_settings, replace),
    )
}


@contextmanager
def _turn(site: Site, who: str, *, wait: float = 0.0) -> Iterator[None]:
    """The deploy lock, with a name in it. Raises HostBusyError: somebody holds it for longer than `wait`."""
    with os.fdopen(open_lock(site.root / "deploy.lock"), "r+", errors="replace") as lock:
        if not flock(lock.fileno()):
            holder = lock.read(300).strip() or "somebody"
            if wait:
                _write(">", f"waiting for another deploy to end: {holder}")
            if not flock(lock.fileno(), wait=wait):
                raise HostBusyError(f"another deploy is under way: {holder}; try again when it is done")
        lock.seek(0)
        lock.truncate(0)
        lock.write(f"{who}, since {_now()}, process {os.getpid()}\n")
        lock.flush()
        yield
        lock.seek(0)
        lock.truncate(0)


@contextmanager
def _alone(site: Site) -> Iterator[None]:
    """One writing agent at a time, also one whose operator has gone."""
    with locked(site.root / "agent.lock") as lock:
        if lock < 0:
            raise HostBusyError(
                "an earlier deploy is still at work on the host, though its operator has gone; try again soon"
            )
        yield


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'the host'}: {error.strerror or error}"
    return str(error)


def _write(sign: str, text: str) -> None:
    # an operator who has gone stops nothing
    with suppress(OSError):
        sys.stdout.write(f"{sign} {text}\n")
        sys.stdout.flush()
