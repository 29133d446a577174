"""Where production is by a revision in a file or behind a URL: which are understood; no data, never a
guess."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

import pytest

from shepherd.errors import SourceError
from shepherd.git.first_parents import FirstParents
from shepherd.git.pointers import text_of
from shepherd.git.positions import commit_named
from shepherd.git.repository import Git, open_repository
from shepherd.landing import Deployed
from shepherd.settings import Pointer
from tests.git.conftest import Reads
from tests.gitrepo import Repo


@pytest.mark.parametrize("text", ["r4", "4", "  4\n", "{sha}", "{short}", "{SHORT}"])
def test_revision_in_a_file(repo: Repo, read: Reads, five: list[str], tmp_path: Path, text: str) -> None:
    short = five[3][: next(n for n in range(7, 40) if not five[3][:n].isdigit())]
    (tmp_path / "revno").write_text(text.format(sha=five[3], short=short, SHORT=short.upper()))
    assert read(deployed=Pointer(file="revno")).reading.deployed == Deployed(4, five[3])


def test_hotfix_by_its_sha_in_a_file(repo: Repo, read: Reads, five: list[str], tmp_path: Path) -> None:
    fix = repo.commit("hotfix", branch="production")
    (tmp_path / "revno").write_text(fix)
    assert read(deployed=Pointer(file="revno")).reading.deployed == Deployed(3, five[2], ((fix, None),))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("r6", "newest landing is r5"),
        ("r0", "they begin at 1"),
        ("", "is not a revision"),
        ("tip", "not a revision"),
        ("r12345678901", "more than 10 digits"),
        ("12345678901", "the beginning of a SHA"),
        ("ab" * 20, "not a commit of"),
        ("abcdef0123", "not a commit of"),
        ("--all", "is not a revision"),
        ("\x1b[31m", "is not a revision"),
    ],
)
def test_file_that_names_no_revision_is_no_data(
    repo: Repo, read: Reads, five: list[str], tmp_path: Path, text: str, why: str
) -> None:
    (tmp_path / "revno").write_text(text)
    with pytest.raises(SourceError, match=why) as failure:
        read(deployed=Pointer(file="revno"))
    assert str(failure.value).isprintable()


def test_branch_named_like_a_sha_is_not_taken_for_one(
    repo: Repo, read: Reads, five: list[str], tmp_path: Path
) -> None:
    short = five[3][: next(n for n in range(7, 40) if not five[3][:n].isdigit())]
    repo.set_ref(short, five[0])
    (tmp_path / "revno").write_text(short)
    assert read(deployed=Pointer(file="revno")).reading.deployed.revno == 4


def land_with(repo: Repo, beginning: str) -> str:
    """A landing whose SHA matches `beginning`."""
    parent = repo.tip()
    for number in count():
        sha = repo.commit(f"try {number}", {}, parents=[parent], branch="tries")
        if re.match(beginning, sha):
            repo.set_ref("stable", sha)
            return sha
    raise AssertionError


@pytest.mark.parametrize("length", [7, 11])
def test_digits_beyond_the_newest_landing_may_be_a_short_sha_and_that_is_said(
    repo: Repo, read: Reads, five: list[str], tmp_path: Path, length: int
) -> None:
    sha = land_with(repo, "[1-9][0-9]{10}")
    (tmp_path / "revno").write_text(sha[:length])
    found = read(deployed=Pointer(file="revno"))
    assert found.reading.deployed == Deployed(6, sha)
    [warning] = found.warnings
    assert f"says {sha[:length]}" in warning and "begins the SHA of r6" in warning
    assert read(found, deployed=Pointer(file="revno")).warnings == (warning,)


def test_digits_that_begin_no_landing_are_no_data(
    repo: Repo, read: Reads, five: list[str], tmp_path: Path
) -> None:
    sha = land_with(repo, "[1-9][0-9]{6}")
    repo.set_ref("stable", five[-1])
    for text in (sha[:7], "9999999", sha[:6], f"r{sha[:7]}"):
        (tmp_path / "revno").write_text(text)
        with pytest.raises(SourceError, match="but the newest landing is r5") as failure:
            read(deployed=Pointer(file="revno"))
        assert ("the beginning of a SHA" in str(failure.value)) == (text.isdigit() and len(text) > 6)


def test_digits_that_begin_two_commits_are_no_data(
    repo: Repo, read: Reads, five: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = land_with(repo, "[1-9][0-9]{6}")
    asked: list[str] = []

    def both(_: Git, prefix: str) -> list[str]:
        asked.append(prefix)
        return [sha, five[0]]

    monkeypatch.setattr(Git, "commits_beginning", both)
    (tmp_path / "revno").write_text(sha[:7])
    with pytest.raises(SourceError, match="the beginning of a SHA"):
        read(deployed=Pointer(file="revno"))
    assert asked == [sha[:7]]


def test_zeros_before_a_revno_are_no_doubt_unless_they_begin_a_sha(repo: Repo, five: list[str]) -> None:
    sha = land_with(repo, "0[1-9][0-9]{5}")
    git, mainline = open_repository(str(repo.path)), FirstParents([(five[0], 0)] * 1_000_000)
    assert commit_named(git, mainline, "0999999", "it") == (five[0], "")
    with pytest.raises(SourceError, match=f"may be r{int(sha[:7])} or the beginning of a SHA"):
        commit_named(git, mainline, sha[:7], "it")


def test_missing_file_is_no_data(repo: Repo, read: Reads, five: list[str], tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=f"{tmp_path}/revno is not there"):
        read(deployed=Pointer(file="revno"))


def test_pipe_instead_of_a_file_does_not_hang(
    repo: Repo, read: Reads, five: list[str], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "revno")
    with pytest.raises(SourceError, match="is not a regular file"):
        read(deployed=Pointer(file="revno"))


class _Site(BaseHTTPRequestHandler):
    """Answers by path; `other` is the same server under another name."""

    server: ThreadingHTTPServer

    def do_GET(self) -> None:
        if self.path == "/away":
            return self._redirect(f"http://localhost:{self.server.server_port}/version")
        if self.path == "/moved":
            return self._redirect("/version")
        if self.path == "/file":
            return self._redirect("file:///etc/passwd")
        if self.path == "/missing":
            return self.send_error(404)
        self.send_response(200)
        self.end_headers()
        if self.path == "/large":
            self.wfile.write(b"r4 " * 400_000)
        elif self.path == "/trickle":
            for _ in range(100):
                self.wfile.write(b".")
                time.sleep(0.05)
        elif self.path == "/marked":
            self.wfile.write(b"\xef\xbb\xbfr4\r\n")
        elif self.path == "/silent":
            time.sleep(3)
        else:
            self.wfile.write(b"<p>Launchpad r4 (production)</p>")
        return None

    def _redirect(self, where: str) -> None:
        self.send_response(302)
        self.send_header("Location", where)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "*")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("path", ["version", "moved"])
def test_revision_behind_a_url(repo: Repo, read: Reads, five: list[str], site: str, path: str) -> None:
    pointer = Pointer(url=f"{site}/{path}", pattern=r"Launchpad r(\d+)")
    assert read(deployed=pointer).reading.deployed == Deployed(4, five[3])


def test_a_byte_order_mark_behind_a_url(repo: Repo, read: Reads, five: list[str], site: str) -> None:
    assert read(deployed=Pointer(url=f"{site}/marked")).reading.deployed == Deployed(4, five[3])
    found = read(deployed=Pointer(url=f"{site}/marked", pattern=r"\A(r\d+)"))
    assert found.reading.deployed == Deployed(4, five[3])


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("away", "redirects to another host"),
        ("file", "not allowed"),
        ("missing", "Not Found"),
        ("large", "larger than 1 MB"),
        ("trickle", "no whole answer"),
        ("silent", "timed out|no whole answer"),
        ("version", "has nothing like"),
    ],
)
def test_url_that_gives_no_revision_is_no_data(site: str, path: str, why: str) -> None:
    began = time.monotonic()
    with pytest.raises(SourceError, match=why):
        text_of(
            Pointer(url=f"{site}/{path}", pattern=r"revno (\d+)"), "production", Path("/"), None, limit=0.4
        )
    assert time.monotonic() - began < 2


def test_no_server_is_no_data_and_a_password_is_not_shown() -> None:
    with pytest.raises(SourceError, match="does not answer") as failure:
        text_of(Pointer(url="http://ann:secret@127.0.0.1:1/x"), "production", Path("/"), None)
    assert "secret" not in str(failure.value)


def test_failing_url_of_the_qa_server_is_a_problem(repo: Repo, read: Reads, five: list[str]) -> None:
    found = read(qa=Pointer(url="http://127.0.0.1:1/x"))
    assert found.reading.on_qa is None
    assert "the QA server" in found.problems[0]
