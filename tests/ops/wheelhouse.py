"""A package index in a folder: wheels of a few bytes for several platforms, and what wants them."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

from ops.deploy.source import PackedCommit

PLATFORMS = ("manylinux_2_17_x86_64", "manylinux_2_36_x86_64", "manylinux_2_17_aarch64")
"""Of `fast`, for Python 3.11 and 3.13; the middle one wants a newer libc than many hosts have."""

PROJECT = """
[project]
name = "thing"
version = "1"
requires-python = ">=3.11"
dependencies = ["plain", "fast", "old ; python_version < '3.12'", "arm ; platform_machine == 'aarch64'"]
[project.optional-dependencies]
more = ["extra"]
[dependency-groups]
host = ["pip"]
"""


class Index:
    """Made again for each test; `pins` are what a commit would have in requirements/host.txt."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "index"
        self.folder.mkdir()
        for name in ("plain", "old", "arm", "extra", "pip"):
            self.wheel(name, "py3-none-any")
        for python in ("cp311", "cp313"):
            for platform in PLATFORMS:
                self.wheel("fast", f"{python}-{python}-{platform}")
        self.pins = self.pinned()
        self.environ = {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.folder),
            "PIP_CONFIG_FILE": "/dev/null",
        }

    def wheel(self, name: str, tag: str, *requires: str) -> Path:
        path = self.folder / f"{name}-1.0-{tag}.whl"
        files = {
            f"{name}.py": f"TAG = {tag!r}\n",
            f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
            + "".join(f"Requires-Dist: {each}\n" for each in requires),
            f"{name}-1.0.dist-info/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        }
        record = "".join(
            f"{each},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},"
            f"{len(text)}\n"
            for each, text in files.items()
        )
        with zipfile.ZipFile(path, "w") as archive:
            for each, text in files.items():
                archive.writestr(each, text)
            archive.writestr(f"{name}-1.0.dist-info/RECORD", f"{record}{name}-1.0.dist-info/RECORD,,\n")
        return path

    def pinned(self, **markers: str) -> str:
        """All that lies there, as requirements/host.txt names it."""
        return "".join(
            f"{name}==1.0{markers.get(name, '')} {' '.join(f'--hash=sha256:{each}' for each in hashes)}\n"
            for name, hashes in sorted(self.hashes().items())
        )

    def hashes(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in sorted(self.folder.iterdir()):
            found.setdefault(path.name.split("-")[0], []).append(
                hashlib.sha256(path.read_bytes()).hexdigest()
            )
        return found

    def source(self, pins: str | None = None, project: str = PROJECT) -> PackedCommit:
        return packed(
            {"pyproject.toml": project, "requirements/host.txt": self.pins if pins is None else pins}
        )


def packed(files: dict[str, str]) -> PackedCommit:
    """A commit with these files."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return PackedCommit("HEAD", "c" * 40, content.getvalue())


def repository(folder: Path) -> Path:
    """A checkout with one commit."""
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "code.py").write_text("one\n")
    (folder / "tests").mkdir()
    (folder / "tests" / "test.py").write_text("one\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "One")
    return folder


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=O", "-c", "user.email=o@example.org", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
