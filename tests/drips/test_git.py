"""git: fetch, ls-remote and push end in time, whatever the server does, and leave nothing behind."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from shepherd.act import ref
from shepherd.act.ref import Move, move_ref
from shepherd.errors import ShepherdError, SourceError, UnsureError
from shepherd.git.mirror import open_source, remote_refs
from shepherd.git.repository import open_repository
from tests.drips.server import Drip, dripping
from tests.gitrepo import Repo

LIMIT = 0.5
SOON = 15.0


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "repo")
    repo.commit("one")
    return repo


@pytest.fixture(autouse=True)
def _in_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(ref, "LIMIT", LIMIT)
    monkeypatch.setattr("shepherd.act.ref.remote_refs", lambda url, refs: remote_refs(url, refs, LIMIT))
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON
    left = [each for each in psutil.Process().children(recursive=True) if "git" in each.name()]
    assert not left, left


def fetch(url: str, repo: Repo, folder: Path) -> None:
    open_source(url, folder / "mirrors", limit=LIMIT)


def ask(url: str, repo: Repo, folder: Path) -> None:
    remote_refs(url, ["stable"], limit=LIMIT)


def push(url: str, repo: Repo, folder: Path) -> None:
    git = open_repository(str(repo.path))
    move_ref(git, Move(url, "refs/heads/released", None, repo.tip()))


Does = Callable[[str, Repo, Path], None]
DOES: dict[str, Does] = {"fetch": fetch, "ls-remote": ask, "push": push}


def advertised(repo: Repo, service: str) -> bytes:
    """What the real git says first."""
    done = subprocess.run(
        ["git", service, "--advertise-refs", str(repo.path)], capture_output=True, check=True
    )
    return done.stdout


def over_http(step: str, repo: Repo, what: str) -> Drip:
    service = "receive-pack" if what == "push" else "upload-pack"
    kind = f"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-{service}-advertisement\r\n".encode()
    refs = b"%04x# service=git-%b\n0000" % (len(service) + 19, service.encode()) + advertised(repo, service)
    whole = kind + b"Content-Length: %d\r\n\r\n" % len(refs) + refs
    result = f"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-{service}-result\r\n".encode()
    return {
        "status line": Drip(b"O", b"HTTP/1.1 200 "),
        "headers": Drip(b"A: b\r\n", b"HTTP/1.1 200 OK\r\n"),
        "refs": Drip(b"0", kind + b"Content-Length: 90000\r\n\r\n001e# service="),
        "answer": Drip(b"A: b\r\n", b"HTTP/1.1 200 OK\r\n", [whole]),
        "pack": Drip(b"f", result + b"Content-Length: 90000\r\n\r\n0fff", [whole]),
    }[step]


def failing(does: str, url: str, repo: Repo, folder: Path) -> None:
    """It fails in one sentence that names the server."""
    with pytest.raises(ShepherdError) as caught:
        DOES[does](url, repo, folder)
    assert isinstance(caught.value, UnsureError if does == "push" else SourceError)
    assert re.search(r"git did not answer within [0-9.]+ seconds and was stopped", str(caught.value))
    assert url.partition("://")[2].partition("/")[0] in str(caught.value)


# ls-remote asks once: the refs are all that it wants
@pytest.mark.parametrize(
    ("does", "step"),
    [(does, step) for does in DOES for step in ("status line", "headers", "refs")]
    + [(does, step) for does in ("fetch", "push") for step in ("answer", "pack")],
)
def test_http(repo: Repo, tmp_path: Path, does: str, step: str) -> None:
    with dripping(over_http(step, repo, does)) as server:
        failing(does, f"http://{server.place}/shop.git", repo, tmp_path)


@pytest.mark.parametrize(
    ("does", "step"),
    [(does, step) for does in ("fetch", "ls-remote") for step in ("length", "refs")] + [("fetch", "answer")],
)
def test_git_protocol(repo: Repo, tmp_path: Path, does: str, step: str) -> None:
    refs = advertised(repo, "upload-pack")
    drip = {
        "length": Drip(b"f", b"0"),
        "refs": Drip(b"a", b"00ff"),
        "answer": Drip(b"f", b"0fff", [refs]),
    }[step]
    with dripping(drip) as server:
        failing(does, f"git://{server.place}/shop.git", repo, tmp_path)


@pytest.mark.parametrize("does", DOES)
def test_ssh(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    script = tmp_path / "ssh"
    script.write_text("#!/bin/sh\nprintf 0; while printf f; do sleep 0.05; done\n")
    script.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(script))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    failing(does, "ssh://qa.example.org/shop.git", repo, tmp_path)
