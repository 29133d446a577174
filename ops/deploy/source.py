"""What is deployed: one commit of this repository, as an archive
(docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import tomllib
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from shepherd.errors import SettingsError
from shepherd.values import clean, quoted

LIMIT = 60
"""Seconds that one call of git may take."""
_LEFT_OUT = ("tests", "bench", ".ci", ".github")


class PackedCommit(NamedTuple):
    """One commit, packed."""

    ref: str
    """What the operator called it."""
    commit: str
    archive: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.archive).hexdigest()

    def file(self, name: str) -> str:
        """The text of one file in it.

        Raises:
            SettingsError: the commit has no such file.
        """
        with tarfile.open(fileobj=BytesIO(self.archive)) as archive:
            try:
                member = archive.extractfile(name)
            except KeyError:
                member = None
            if member is None:
                raise SettingsError(
                    f"{self.commit[:12]} has no {name}: it is too old for this fab; name a newer commit"
                )
            return member.read().decode()

    def extras(self) -> list[str]:
        """The extras of its pyproject.toml."""
        project = tomllib.loads(self.file("pyproject.toml")).get("project", {})
        return sorted(project.get("optional-dependencies", {}))


def pack(repository: Path, ref: str) -> PackedCommit:
    """Pack one commit.

    Raises:
        SettingsError: no repository, a dirty tree, or no such commit.
    """
    dirty = _git(repository, "status", "--porcelain").decode(errors="replace").splitlines()
    if dirty:
        more = f" and {len(dirty) - 1} more" if len(dirty) > 1 else ""
        raise SettingsError(
            f"{repository} has uncommitted changes ({clean(dirty[0].strip(), 80)}{more}):"
            " commit them, or git stash -u"
        )
    try:
        commit = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    except SettingsError:
        raise SettingsError(
            f"{quoted(ref)} names no commit of {repository}: see git log, or git fetch"
        ) from None
    sha = commit.decode().strip()
    without = [f":(exclude){each}" for each in _LEFT_OUT]
    return PackedCommit(ref, sha, _git(repository, "archive", "--format=tar", sha, "--", ".", *without))


def _git(repository: Path, *words: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", "-C", str(repository), *words], capture_output=True, timeout=LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SettingsError(f"git could not be run ({clean(str(error), 200)})") from None
    if done.returncode:
        complaint = clean(done.stderr.decode(errors="replace"), 300)
        raise SettingsError(f"{repository}: git {words[0]} failed ({complaint})")
    return done.stdout
