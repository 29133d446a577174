"""What a release says of itself before and after the switch, each time in processes of its own
(docs/operator.md#when-an-upgrade-or-a-deploy-fails).

`status` and `doctor --offline` take neither gate nor switch.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from shepherd.errors import NO_DATA, UNEXPECTED, WRONG_VALUE, SettingsError, ShepherdError
from shepherd.running.releases import Release
from shepherd.running.starting import own_environment
from shepherd.values import clean

LIMIT = 60.0
"""Seconds that one process may take."""
VITAL = frozenset({"settings", "python", "dependencies", "git", "state_dir", "database"})
"""Checks of doctor's without which a release cannot work at all; of others only a new failure counts."""

_IMPORTS = """
import importlib, importlib.util, pkgutil, shepherd, tasks
packages = [shepherd]
if importlib.util.find_spec("ops") and importlib.util.find_spec("ops.runner"):
    packages.append(importlib.import_module("ops"))  # up to 0.1.0 a host ran a part of it
names = [
    each.name
    for package in packages
    for each in pkgutil.walk_packages(package.__path__, package.__name__ + ".", onerror=lambda name: None)
]
for name in names:
    if name.startswith("ops.deploy"):
        continue  # the operator's side
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        # a package of an extra that this host has no use for; doctor looks for those it needs
        if (error.name or "").partition(".")[0] in ("shepherd", "ops", "tasks"):
            raise
"""


class CheckError(ShepherdError):
    """A release does not work here; why, in one sentence."""


class _Finding(Struct):
    level: str
    name: str
    what: str
    remedy: str = ""


class _Report(Struct):
    checks: list[_Finding]


class Health(NamedTuple):
    """What doctor found wrong: check -> what, of level fail only."""

    fails: dict[str, str]


def imports(release: Release, settings: Path) -> None:
    """Every module of it can be imported by its own interpreter.

    Raises:
        CheckError: not so.
    """
    code, _, err = run(release, settings, "-c", _IMPORTS)
    if code:
        raise CheckError(f"{release.id} does not start: {_last_line(err)}")


def doctor(release: Release, settings: Path) -> Health:
    """What is wrong as the release itself sees it, against the real settings.

    Raises:
        SettingsError: it does not take the settings; the sentence names the key.
        CheckError: it does not answer.
    """
    code, out, err = run(release, settings, "-m", "invoke", "doctor", "--offline", "--json")
    try:
        checks = msgspec.json.decode(out, type=_Report).checks
    except msgspec.DecodeError:
        raise CheckError(f"{release.id}: doctor gave no answer: {_last_line(err or out)}") from None
    fails = {each.name: each.what for each in checks if each.level == "fail"}
    if code == WRONG_VALUE:
        why = fails.get("settings") or next(iter(fails.values()), "settings are wrong")
        raise SettingsError(f"{release.id} cannot work with these settings: {why}; nothing was changed")
    return Health(fails)


def status(release: Release, settings: Path) -> None:
    """It gives an answer, even if that is no data. Raises CheckError."""
    code, _, err = run(release, settings, "-m", "invoke", "status")
    if code not in (0, NO_DATA):
        raise CheckError(f"{release.id}: inv status ended with {code}: {_last_line(err)}")


def compare(release: Release, now: Health, before: Health | None) -> None:
    """Raise CheckError for what fails that is vital, or that did not fail `before`."""
    for name, what in now.fails.items():
        if name in VITAL or (before is not None and name not in before.fails):
            raise CheckError(f"{release.id}: {name}: {what}")


def check(release: Release, settings: Path, before: Health | None) -> None:
    """The live release after the switch: both at once, since everything else waits. Raises CheckError."""
    try:
        health, _ = together(lambda: doctor(release, settings), lambda: status(release, settings))
    except SettingsError as error:
        raise CheckError(str(error)) from None
    assert isinstance(health, Health)
    compare(release, health, before)


def together(*bodies: Callable[[], object]) -> list[object]:
    """What each gives, run at once. Raises what the first of them raised."""
    with ThreadPoolExecutor(len(bodies)) as pool:
        return [future.result() for future in [pool.submit(body) for body in bodies]]


def run(release: Release, settings: Path, *words: str) -> tuple[int, str, str]:
    """Its interpreter, in its folder, with the real settings: exit code, output, complaints."""
    environment = {
        name: value for name, value in own_environment().items() if not name.startswith("SHEPHERD_")
    }
    environment |= {"SHEPHERD_CONFIG": str(settings), "LC_ALL": "C.UTF-8", "PWD": str(release.path)}
    try:
        done = subprocess.run(
            [release.python, *words],
            cwd=release.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT,
            check=False,
        )
    except OSError as error:
        return UNEXPECTED, "", f"its Python cannot be run ({error.strerror}): {release.python}"
    except subprocess.TimeoutExpired:
        return UNEXPECTED, "", f"no answer within {LIMIT:g} seconds"
    return done.returncode, done.stdout, done.stderr


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return clean(lines[-1], 400) if lines else "it said nothing"
