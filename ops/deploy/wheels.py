"""The wheelhouse: exactly the wheels that one host's Python and platform need, each by its hash
(docs/operator.md#what-a-deploy-does).

uv resolves as if it ran on the host, within the versions that the commit pins; pip fetches for the host's
tags. A hash has to be one that the commit names, so that no index can slip another file in.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from ops.deploy.source import PackedCommit
from shepherd.atomic import write_atomically
from shepherd.errors import SettingsError, ShepherdError
from shepherd.values import clean

LIMIT = 600
"""Seconds that resolving, or fetching, may take."""
MACHINES = ("x86_64", "aarch64")
"""What wheels are published for."""
PINS = "requirements/host.txt"
"""The versions and hashes of all that a host may need, for every platform; pip itself among them."""
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class FetchError(ShepherdError):
    """The wheels could not be fetched."""


class Target(NamedTuple):
    """What wheels are for."""

    python: str
    """3.11.2"""
    machine: str
    libc: str
    """glibc or musl"""
    libc_version: str

    @classmethod
    def of(cls, probed: dict[str, Any]) -> Target:
        """The host that a probe describes.

        Raises:
            SettingsError: wheels are for Linux only.
        """
        if probed["system"] != "Linux":
            raise SettingsError(
                f"the host runs {clean(str(probed['system']), 40)}: releases are made for Linux"
            )
        if probed["machine"] not in MACHINES:
            raise SettingsError(
                f"the host is a {clean(str(probed['machine']), 40)}: wheels are for {', '.join(MACHINES)}"
            )
        libc, version = probed["libc"]
        return cls(probed["python"][0], probed["machine"], libc or "musl", version or "1.2")

    @property
    def for_uv(self) -> str:
        return f"{self.machine}-unknown-linux-{'gnu' if self.libc == 'glibc' else 'musl'}"

    @property
    def tags(self) -> list[str]:
        """pip's platforms, the best first: a wheel for an older libc runs on a newer one."""
        major, minor = (int(each) for each in self.libc_version.split(".")[:2])
        kind = "manylinux" if self.libc == "glibc" else "musllinux"
        platforms = []
        for each in range(minor, -1, -1):
            platforms.append(f"{kind}_{major}_{each}_{self.machine}")
            if kind == "manylinux" and each in (17, 12, 5):
                platforms.append(f"manylinux{ {17: '2014', 12: '2010', 5: '1'}[each] }_{self.machine}")
        return [*platforms, f"linux_{self.machine}"]


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


class Wheelhouse(NamedTuple):
    """All that one environment is made of."""

    requirements: str
    """For pip: one version and one hash a line."""
    wheels: list[Wheel]
    pip: Wheel
    """Not installed: it installs."""

    @property
    def all(self) -> list[Wheel]:
        return [*self.wheels, self.pip]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.requirements.encode()).hexdigest()


def gather(source: PackedCommit, extras: tuple[str, ...], target: Target, cache: Path) -> Wheelhouse:
    """The wheels, from the cache as far as they lie there unchanged.

    Raises:
        SettingsError: an extra that the commit does not have. FetchError: they cannot be had.
    """
    for extra in extras:
        if extra not in source.extras():
            raise SettingsError(
                f"deploy.extras: {source.commit[:12]} has no extra {extra!r};"
                f" it has {', '.join(source.extras())}"
            )
    resolved = _resolve(source, extras, target)
    key = hashlib.sha256(json.dumps([resolved, target.tags, target.python]).encode()).hexdigest()[:16]
    folder = cache / key
    wheels = _known(folder)
    if wheels is None:
        wheels = _fetch(resolved, target, folder)
    pip = next((each for each in wheels if each.name.startswith("pip-")), None)
    if pip is None:
        raise FetchError(f"{PINS} of {source.commit[:12]} does not name pip, which installs the others")
    others = [each for each in wheels if each is not pip]
    pinned = (match for line in resolved.splitlines() if (match := _PIN.match(line)))
    versions = {match[1]: match[2] for match in pinned}
    lines = []
    for wheel in others:
        name = _normal(wheel.name.split("-")[0])
        lines.append(f"{name}=={versions[name]} --hash=sha256:{wheel.sha256}")
    return Wheelhouse("\n".join(sorted(lines)) + "\n", others, pip)


def _resolve(source: PackedCommit, extras: tuple[str, ...], target: Target) -> str:
    """What the host needs, pinned and with the commit's own hashes."""
    if importlib.util.find_spec("uv") is None:
        raise SettingsError("uv is not installed here: pip install --require-hashes -r requirements/dev.txt")
    pins = _pins(source.file(PINS))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("pyproject.toml", PINS):
            place = Path(folder, name)
            place.parent.mkdir(exist_ok=True)
            place.write_text(source.file(name))
        words = ["pip", "compile", "pyproject.toml", "--constraint", PINS, "--group", "host"]
        for extra in extras:
            words += ["--extra", extra]
        words += ["--python-version", target.python, "--python-platform", target.for_uv]
        words += ["--only-binary", ":all:", "--no-header", "--no-annotate", "--quiet"]
        compiled = _run([sys.executable, "-m", "uv", *words], Path(folder), {"UV_PYTHON_DOWNLOADS": "never"})
    lines = []
    for match in (match for line in compiled.splitlines() if (match := _PIN.match(line))):
        name, version = _normal(match[1]), match[2]
        hashes = pins.get((name, version))
        if not hashes:
            raise FetchError(
                f"{PINS} does not pin {name} {version}: make a new one (CONTRIBUTING.md says how)"
            )
        lines.append(" ".join([f"{name}=={version}", *(f"--hash=sha256:{each}" for each in hashes)]))
    return "\n".join(lines) + "\n"


def _fetch(resolved: str, target: Target, folder: Path) -> list[Wheel]:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        wanted = Path(scratch, "requirements.txt")
        wanted.write_text(resolved)
        words = ["download", "--no-deps", "--require-hashes", "--only-binary=:all:", "-q", "-d", scratch]
        words += ["--implementation", "cp", "--python-version", target.python]
        for tag in target.tags:
            words += ["--platform", tag]
        _run([sys.executable, "-m", "pip", *words, "-r", str(wanted)], folder, {})
        fetched = sorted(Path(scratch).glob("*.whl"))
        for wheel in fetched:
            wheel.replace(folder / wheel.name)
    hashes = {wheel.name: _digest(folder / wheel.name) for wheel in fetched}
    write_atomically(folder / "wheels.json", json.dumps(hashes).encode())
    return [Wheel(folder / name, digest) for name, digest in hashes.items()]


def _known(folder: Path) -> list[Wheel] | None:
    """What was fetched for the same before; None if a byte of it is not as it was."""
    try:
        hashes = json.loads((folder / "wheels.json").read_text())
        wheels = [Wheel(folder / name, digest) for name, digest in hashes.items()]
        return wheels if all(_digest(each.path) == each.sha256 for each in wheels) else None
    except (OSError, ValueError, AttributeError):
        return None


def _pins(text: str) -> dict[tuple[str, str], list[str]]:
    pins: dict[tuple[str, str], list[str]] = {}
    for entry in re.split(r"\n(?=\S)", text):
        if match := _PIN.match(entry):
            pins[_normal(match[1]), match[2]] = _HASH.findall(entry)
    return pins


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **environment},
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
    return done.stdout
