"""Where production, the promoted ref and the QA server are; a D off the mainline; no data, never a guess."""

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
from shepherd.git.recheck import positions_now
from shepherd.git.repository import Git, open_repository
from shepherd.landing import Deployed, RefPositions, Revision
from shepherd.settings import BranchSettings, Pointer, Promote
from tests.git.conftest import Reads
from tests.gitrepo import Repo, twins

PRODUCTION = Pointer(ref="production")


@pytest.fixture
def five(repo: Repo) -> list[str]:
    """Five landings, and production at the third."""
    shas = [repo.commit(f"r{number}") for number in range(1, 6)]
    repo.set_ref("production", shas[2])
    return shas


def test_all_positions_on_the_mainline(repo: Repo, read: Reads, five: list[str]) -> None:
    repo.set_ref("promoted", five[3])
    repo.set_ref("qastaging", five[1])
    reading = read(deployed=PRODUCTION, promote=Promote("promoted"), qa=Pointer(ref="qastaging")).reading
    assert reading.deployed == Deployed(3, five[2])
    assert reading.promoted == Revision(4, five[3])
    assert reading.on_qa == Revision(2, five[1])


def test_hotfix_on_production(repo: Repo, read: Reads, five: list[str]) -> None:
    one = repo.commit("hotfix", branch="production")
    two = repo.commit("another", branch="production")
    assert read(deployed=PRODUCTION).reading.deployed == Deployed(3, five[2], ((one, None), (two, None)))


def test_hotfix_that_a_landing_carries(repo: Repo, read: Reads, five: list[str]) -> None:
    fix = repo.commit("hotfix", {"x": "fixed\n"}, branch="production")
    repo.commit("unlike", {"x": "fixed twice\n"})
    repo.commit("the same", {"x": "fixed\n"})
    repo.commit("once more", {"x": None})
    # r7 is no addition of x but a change, and its patch another; r8 takes it away again.
    assert read(deployed=PRODUCTION).reading.deployed.extra == ((fix, None),)
    repo.commit("the same at last", {"x": "fixed\n"})
    assert read(deployed=PRODUCTION).reading.deployed.extra == ((fix, 9),)


def test_hotfix_that_a_landing_brought_in(repo: Repo, read: Reads, five: list[str]) -> None:
    fix = repo.commit("hotfix", {"x": "fixed\n"}, branch="production")
    repo.commit("more", parents=[five[0]], branch="side")
    repo.commit("the same", {"x": "fixed\n"}, branch="side")
    repo.merge("merge", repo.tip("side"))
    assert read(deployed=PRODUCTION).reading.deployed.extra == ((fix, 6),)


def test_hotfix_that_was_merged_back_is_carried_by_that_landing_and_no_older_one(
    repo: Repo, read: Reads, five: list[str]
) -> None:
    fix = repo.commit("hotfix", branch="production")
    repo.merge("back", fix)
    assert read(deployed=PRODUCTION).reading.deployed == Deployed(3, five[2], ((fix, 6),))


@pytest.mark.parametrize(
    ("fixed", "landed", "carried"),
    [
        pytest.param(("on", "off"), ("on", "off"), True, id="the same"),
        pytest.param(("on", "off"), ("off", "on"), False, id="the same lines elsewhere in the file"),
        pytest.param(("on", "off"), ("on ", "off"), False, id="with a blank"),
    ],
)
def test_hotfix_is_carried_by_what_is_the_same_byte_for_byte(
    repo: Repo, read: Reads, fixed: tuple[str, str], landed: tuple[str, str], carried: bool
) -> None:
    base = repo.commit("base", {"conf": twins("off", "off")})
    repo.set_ref("production", base)
    fix = repo.commit("hotfix", {"conf": twins(*fixed)}, branch="production")
    repo.commit("above", {"conf": "# new\n" + twins("off", "off")})
    repo.commit("landed", {"conf": "# new\n" + twins(*landed)})
    assert read(deployed=PRODUCTION).reading.deployed.extra == ((fix, 3 if carried else None),)


def test_hotfix_whose_content_cannot_be_read_is_not_carried(repo: Repo, read: Reads) -> None:
    repo.set_ref("production", repo.commit("base", {"x/file": "0\n"}))
    fix = repo.commit("hotfix", {"x/file": "1\n"}, branch="production")
    repo.commit("landed", {"y/file": "1\n"})
    tree = repo.git("rev-parse", f"{fix}:x")
    (repo.git_dir / "objects" / tree[:2] / tree[2:]).unlink()
    assert read(deployed=PRODUCTION).reading.deployed.extra == ((fix, None),)


def test_production_went_back(repo: Repo, read: Reads, five: list[str]) -> None:
    before = read(deployed=PRODUCTION, keep_seconds=0)
    repo.set_ref("production", five[0])
    after = read(before, deployed=PRODUCTION, keep_seconds=0)
    assert after.reading.deployed == Deployed(1, five[0])
    assert [each.revno for each in after.reading.landings] == [2, 3, 4, 5]


def test_production_that_shares_nothing_is_no_data(repo: Repo, read: Reads, five: list[str]) -> None:
    repo.commit("unrelated", parents=[], branch="production")
    with pytest.raises(SourceError, match=r"production \(ref production\) .* shares nothing"):
        read(deployed=PRODUCTION)


def test_vanished_production_is_no_data(repo: Repo, read: Reads, five: list[str]) -> None:
    repo.delete_ref("production")
    with pytest.raises(SourceError, match="no branch or tag 'production'"):
        read(deployed=PRODUCTION)


RELEASES = Pointer(tags="v*")


def test_the_newest_release_counts_and_the_next_is_noticed(repo: Repo, read: Reads, five: list[str]) -> None:
    repo.tag("v1.9", five[2])
    repo.set_ref("refs/tags/v1.8", five[4])
    before = read(deployed=RELEASES)
    assert before.reading.deployed == Deployed(3, five[2])
    assert read(before, deployed=RELEASES).fresh == 0
    repo.set_ref("refs/tags/v1.10-rc1", five[4])
    assert read(before, deployed=RELEASES).reading.deployed.revno == 3
    repo.set_ref("refs/tags/v1.10", five[3])
    after = read(before, deployed=RELEASES)
    assert after.reading.deployed == Deployed(4, five[3])
    assert after.reading.standing.refs["refs/tags/v1.10"] == five[3]


def test_a_release_off_the_mainline_stands_for_the_newest_landing_in_it(
    repo: Repo, read: Reads, five: list[str]
) -> None:
    release = repo.commit("release", parents=[five[2]], branch="release")
    repo.set_ref("refs/tags/v1.0", release)
    assert read(deployed=RELEASES).reading.deployed == Deployed(3, five[2], ((release, None),))


def test_a_tag_counts_though_a_branch_is_called_like_it(repo: Repo, read: Reads, five: list[str]) -> None:
    repo.set_ref("refs/tags/v1.0", five[2])
    repo.set_ref("v1.0", five[4])
    assert read(deployed=RELEASES).reading.deployed.revno == 3


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        ([], r"no tag of .*repo matches 'v\*'; tag a release, or change the pattern of `deployed`"),
        (
            ["v1.0-rc1"],
            r"match 'v\*' none is a final version .*\('v1.0-rc1' is not\); tag a release",
        ),
        (["vendor-1.0"], r"\('vendor-1.0' is not\)"),
        (["V1.0"], r"matches 'v\*' \('V1.0' only where case is ignored\); tag a release"),
        (
            ["v20240507", "v1.2"],
            r"'v20240507' is a date and 'v1.2' is none, .*; narrow .* `deployed` .* 'v1\.\*'",
        ),
    ],
)
def test_no_release_is_no_data(repo: Repo, read: Reads, five: list[str], tags: list[str], says: str) -> None:
    for tag in tags:
        repo.set_ref(f"refs/tags/{tag}", five[2])
    with pytest.raises(SourceError, match=says):
        read(deployed=RELEASES)


def test_a_newest_release_that_shares_nothing_is_no_data(repo: Repo, read: Reads, five: list[str]) -> None:
    repo.set_ref("refs/tags/v1.0", five[2])
    repo.set_ref("refs/tags/v2.0", repo.commit("unrelated", parents=[], branch="other"))
    with pytest.raises(SourceError, match=r"production \(tag v2.0, the newest of v\*\) .* shares nothing"):
        read(deployed=RELEASES)


def test_what_the_qa_server_runs_by_its_tags(repo: Repo, read: Reads, five: list[str]) -> None:
    missing = read(qa=Pointer(tags="qa-*"))
    assert missing.reading.on_qa is None
    assert "what the QA server runs is not known" in missing.problems[0]
    assert "pattern of `qa`" in missing.problems[0]
    repo.set_ref("refs/tags/qa-2026-11-30", five[3])
    assert read(qa=Pointer(tags="qa-*")).reading.on_qa == Revision(4, five[3])


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_the_look_before_a_promotion_asks_the_source_for_the_newest_release(
    repo: Repo, read: Reads, five: list[str], tmp_path: Path, scheme: str
) -> None:
    repo.tag("v1.0", five[2])
    repo.set_ref("refs/tags/v9.9", repo.git("rev-parse", f"{five[2]}^{{tree}}"))
    repo.git("tag", "-m", "of a tree", "v9.8", f"{five[2]}^{{tree}}")
    url = f"{scheme}{repo.path}"
    reading = read(repository=url, deployed=RELEASES).reading
    assert reading.deployed.revno == 3

    def look() -> RefPositions:
        branch = BranchSettings(url, "stable", RELEASES)
        return positions_now(
            branch, repository=url, mirrors=tmp_path / "mirrors", base=tmp_path, recorded=None
        )

    assert look() == reading.standing
    repo.tag("v1.1-rc1", five[4])
    assert look() == reading.standing
    repo.tag("v1.1", five[4])
    assert look() != reading.standing
    for tag in ("v1.0", "v1.1"):
        repo.delete_ref(f"refs/tags/{tag}")
    with pytest.raises(SourceError, match="that match 'v\\*' none is a final version"):
        look()


def test_failing_promoted_and_qa_are_problems_and_no_more(repo: Repo, read: Reads, five: list[str]) -> None:
    repo.commit("unrelated", parents=[], branch="promoted")
    found = read(promote=Promote("promoted"), qa=Pointer(ref="-x"))
    assert (found.reading.promoted, found.reading.on_qa) == (None, None)
    assert ["shares nothing" in found.problems[0], "cannot be the name" in found.problems[1]] == [True, True]


def test_recorded_revision(repo: Repo, read: Reads, five: list[str]) -> None:
    assert read(recorded="r0").reading.deployed == Deployed(0, "")
    assert read(recorded="0").reading.deployed == Deployed(0, "")
    assert read(recorded=five[1]).reading.deployed == Deployed(2, five[1])


def test_nothing_recorded_is_no_data(repo: Repo, read: Reads, five: list[str]) -> None:
    with pytest.raises(SourceError, match="never been recorded: inv deployed"):
        read(recorded=None)


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
