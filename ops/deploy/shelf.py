"""Wheels that lie on the operator's machine: fetched for hosts of one kind, or put there by a person
(docs/operator-every-day.md#deploying-without-an-index)."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.metadata import parse_email
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from ops.deploy.pins import PINS, Pin
from ops.deploy.target import Target
from shepherd.errors import ShepherdError
from shepherd.values import clean

LIMIT = 600
"""Seconds that fetching may take."""
_COMMON = ("_2_28_", "_2_17_", "_2_12_", "_2_5_", "2014_", "2010_", "musllinux_1_1_", "musllinux_1_2_")
"""Of a host's platforms, those that packages are published for in practice."""


class FetchError(ShepherdError):
    """The wheels could not be fetched."""


class Wheel(NamedTuple):
    """One file of the wheelhouse."""

    path: Path
    sha256: str

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def requirements(self) -> list[str]:
        """What a package asks for, as its metadata states it. Raises FetchError."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                (name,) = [
                    each
                    for each in archive.namelist()
                    if each.count("/") == 1 and each.endswith(".dist-info/METADATA")
                ]
                return parse_email(archive.read(name))[0].get("requires_dist", [])
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise FetchError(f"{self.path} cannot be read ({clean(str(error), 120)}): remove it") from None


class Shelf:
    """A folder of the cache: what was fetched for hosts like this one, or put there by a person."""

    def __init__(self, folder: Path, target: Target) -> None:
        self._folder, self._target = folder, target
        self._ranks = {tag: rank for rank, tag in enumerate(target.supported)}

    def provide(self, needed: Sequence[Pin], pins: dict[str, Pin]) -> dict[str, Wheel]:
        """The wheels of these pins, fetched if they are not there.

        Args:
            pins: all of the commit, so that what is missing without an index is said at once.

        Raises:
            FetchError: they cannot be fetched; which are missing, and what to do, is in the sentence.
        """
        wheels, missing = self._split(needed)
        if missing:
            every = self._split(list(pins.values()))[1]
            try:
                self._fetch_all_or_needed(every, missing)
            except FetchError as error:
                raise FetchError(f"{error}; {self._remedy(every)}") from None
            fetched, missing = self._split(missing)
            wheels |= fetched
        if missing:
            raise FetchError(f"{', '.join(map(str, missing))}: what was fetched is not what {PINS} names")
        return wheels

    def _fetch_all_or_needed(self, every: Sequence[Pin], needed: Sequence[Pin]) -> None:
        """At once: each call of pip takes seconds; what no package of this host asks for need not exist."""
        try:
            self._fetch(every)
        except FetchError:
            if len(every) == len(needed):
                raise
            self._fetch(needed)

    def _split(self, pins: Sequence[Pin]) -> tuple[dict[str, Wheel], list[Pin]]:
        """The wheels that are there, and the pins that have none."""
        there: dict[tuple[str, str], list[tuple[int, Path]]] = {}
        for path in self._folder.glob("*.whl"):
            try:
                name, version, _, tags = parse_wheel_filename(path.name)
            except InvalidWheelFilename:
                continue
            if ranks := [self._ranks[tag] for tag in tags if tag in self._ranks]:
                there.setdefault((name, str(version)), []).append((min(ranks), path))
        wheels, missing = {}, []
        for pin in pins:
            hashed = (
                Wheel(path, _digest(path)) for _, path in sorted(there.get((pin.name, str(pin.version)), ()))
            )
            # a byte of it may have changed since
            wheel = next((each for each in hashed if each.sha256 in pin.hashes), None)
            if wheel is None:
                missing.append(pin)
            else:
                wheels[pin.name] = wheel
        return wheels, missing

    def _fetch(self, pins: Sequence[Pin]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            lines = [
                f"{pin} {' '.join(f'--hash=sha256:{each}' for each in sorted(pin.hashes))}" for pin in pins
            ]
            wish = Path(scratch, "requirements.txt")
            wish.write_text("\n".join(lines) + "\n")
            words = ["download", "--no-deps", "--require-hashes", "--only-binary=:all:", "-q", "-d", scratch]
            words += ["--implementation", "cp", "--python-version", self._target.python]
            words += [word for tag in self._target.tags for word in ("--platform", tag)]
            _pip([*words, "-r", str(wish)], self._folder)
            for wheel in sorted(Path(scratch).glob("*.whl")):
                wheel.replace(self._folder / wheel.name)

    def _remedy(self, missing: Sequence[Pin]) -> str:
        tags = [each for each in self._target.tags if any(part in each for part in _COMMON)]
        words = ["python3", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--implementation"]
        words += ["cp", "--python-version", ".".join(self._target.python.split(".")[:2])]
        words += [word for tag in tags for word in ("--platform", tag)]
        words += ["-d", self._target.folder, *map(str, missing)]
        return (
            f"missing for this host: {', '.join(map(str, missing))}; if no index can be reached from here,"
            f" run on a machine that reaches one: {shlex.join(words)}; and copy its files to {self._folder}"
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pip(words: list[str], folder: Path) -> None:
    environment = {"PIP_RETRIES": "1", **os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", *words],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchError(f"wheels could not be fetched ({clean(str(error), 200)})") from None
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.strip() and "WARNING" not in line]
        raise FetchError(f"wheels could not be fetched: {clean(' '.join(errors[-8:]), 600)}")
