"""What landed: order, what each landing brought in, whose it is, and messages of any bytes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from shepherd.errors import SourceError
from shepherd.git.branch_reading import OtherMainline
from shepherd.settings import Pointer
from tests.git.conftest import Reads
from tests.gitrepo import Repo

PQM = "Launchpad Patch Queue Manager <launchpad@pqm.example.org>"


def test_revnos_count_the_first_parent_line_from_the_root(repo: Repo, read: Reads) -> None:
    one = repo.commit("one")
    repo.commit("side", parents=[one], branch="side")
    two = repo.commit("two")
    three = repo.merge("three", repo.tip("side"))
    reading = read().reading
    assert [(each.revno, each.id) for each in reading.landings] == [(1, one), (2, two), (3, three)]
    assert (reading.tip.revno, reading.tip.id) == (3, three)


def test_marks_of_a_landing_are_those_of_its_own_message(repo: Repo, read: Reads) -> None:
    sha = repo.commit("[r=bob][bug=7,8][incr][no-qa] Mend it", date=1_300_500_000)
    [landing] = read(landing_url="https://git.example.org/?id={id}").reading.landings
    assert landing.title == "Mend it"
    assert landing.bugs == landing.own_bugs == ("7", "8")
    assert landing.labels == ("incr", "no-qa")
    assert landing.committed_at == 1_300_500_000
    assert landing.url == f"https://git.example.org/?id={sha}"


def test_merge_proposal_is_the_link_where_there_is_one(repo: Repo, read: Reads) -> None:
    url = "https://code.example.org/~ann/project/+git/project/+merge/5"
    repo.commit(f"Merged it\n\nLP: #7\n\nMerged from {url}\n")
    [landing] = read(landing_url="https://elsewhere/{id}").reading.landings
    assert landing.url == url


def test_commits_brought_in_add_bug_numbers_only(repo: Repo, read: Reads) -> None:
    root = repo.commit("root")
    repo.commit("[bug=2][no-qa][rollback=1] first", parents=[root], branch="side")
    repo.commit("[bug=3,2] second", branch="side")
    repo.merge("[bug=1] merge", repo.tip("side"))
    landing = read().reading.landings[-1]
    assert landing.bugs == ("1", "2", "3")
    assert landing.own_bugs == ("1",)
    assert landing.labels == ()
    assert landing.targets == ()


def test_each_commit_is_brought_in_once_by_the_landing_that_had_it_first(repo: Repo, read: Reads) -> None:
    root = repo.commit("root")
    first = repo.commit("[bug=1] side", parents=[root], branch="side")
    repo.merge("merge one", first)
    second = repo.commit("[bug=2] side", branch="side")
    other = repo.commit("[bug=3] other", parents=[root], branch="other")
    repo.merge("merge two", second, other)
    assert [each.bugs for each in read().reading.landings] == [(), ("1",), ("2", "3")]


def test_a_landing_merged_back_through_a_side_is_not_brought_in_again(repo: Repo, read: Reads) -> None:
    root = repo.commit("root")
    repo.commit("[bug=1] side", parents=[root], branch="side")
    landed = repo.commit("[bug=2] landed")
    repo.merge("sync", landed, branch="side")
    repo.merge("merge", repo.tip("side"))
    assert [each.bugs for each in read().reading.landings] == [(), ("2",), ("1",)]


def test_landings_of_another_branch_name_no_bugs_here(repo: Repo, read: Reads) -> None:
    root = repo.commit("root")
    feature = repo.commit("[bug=1] feature", parents=[root], branch="feature")
    repo.commit("[bug=2] landed on devel", parents=[root], branch="devel")
    repo.merge("[bug=3] merged to devel", feature, branch="devel")
    repo.merge("[bug=4] devel to stable", repo.tip("devel"))
    assert read().reading.landings[-1].bugs == ("4", "1", "2", "3")
    others = [OtherMainline(read.repository, "devel")]
    assert read(others=others).reading.landings[-1].bugs == ("4", "1")


def test_landings_of_a_branch_in_another_repository(repo: Repo, read: Reads) -> None:
    root = repo.commit("root")
    repo.commit("[bug=2] landed on devel", parents=[root], branch="devel")
    repo.merge("[bug=4] devel to stable", repo.tip("devel"))
    repo.git("clone", "-q", "--mirror", ".", "../other")
    others = [OtherMainline(f"file://{repo.path.parent}/other", "devel")]
    assert read(others=others).reading.landings[-1].bugs == ("4",)


def test_other_branch_that_cannot_be_read_is_a_problem(repo: Repo, read: Reads) -> None:
    repo.commit("one")
    [problem] = read(others=[OtherMainline(read.repository, "devel")]).problems
    assert "devel" in problem
    assert "cannot be recognised" in problem


def test_person_goes_through_the_mailmap_of_the_tip(repo: Repo, read: Reads) -> None:
    repo.commit("one", author="ann <ann@old.example>")
    mailmap = "Ann Example <ann@example.org> <ann@old.example>\n"
    repo.commit("names", files={".mailmap": mailmap}, author="Bob <bob@example.org>")
    landings = read().reading.landings
    assert [(each.person, each.address) for each in landings] == [
        ("Ann Example", "ann@example.org"),
        ("Bob", "bob@example.org"),
    ]


def test_a_new_mailmap_renames_what_was_read_before(repo: Repo, read: Reads) -> None:
    repo.commit("one", author="ann <ann@old.example>")
    before = read()
    repo.commit("names", files={".mailmap": "Ann Example <ann@example.org> <ann@old.example>\n"})
    assert read(before).reading.landings[0].person == "Ann Example"


def test_robot_stands_for_the_author_of_the_second_parents_tip(repo: Repo, read: Reads) -> None:
    root = repo.commit("root", author=PQM)
    repo.commit("first", parents=[root], branch="side", author="Bob <bob@example.org>")
    repo.commit("last", branch="side", author="Cy <cy@example.org>")
    repo.merge("merge", repo.tip("side"), author=PQM)
    repo.commit("auto", parents=[root], branch="robots", author="x[bot] <x@example.org>")
    repo.merge("merge", repo.tip("robots"), author=PQM)
    assert [each.person for each in read().reading.landings] == ["", "Cy", ""]


def test_a_malformed_author_line_is_nobody(repo: Repo, read: Reads) -> None:
    side = repo.commit("side", branch="side", author="Cy <cy@example.org>")
    repo.commit("root", parents=[])
    repo.commit("two", author="Ann ann@example.org>", committer="Bob <bob@example.org>")
    repo.merge("three", side, author="Ann <ann@example.org")
    landings = read().reading.landings
    assert [(each.person, each.address) for each in landings] == [
        ("Ann", "ann@example.org"),
        ("", ""),
        ("Cy", "cy@example.org"),
    ]


def test_second_parent_may_be_older_than_what_is_read(repo: Repo, read: Reads) -> None:
    root = repo.commit("root")
    side = repo.commit("side", parents=[root], branch="side", author="Cy <cy@example.org>")
    two = repo.merge("two", side, author=PQM)
    repo.commit("three", parents=[two, side], author=PQM)
    landing = read(recorded="r2", keep_seconds=0).reading.landings[-1]
    assert (landing.revno, landing.person) == (3, "Cy")


@pytest.mark.parametrize(
    ("message", "encoding", "title"),
    [
        ("Grüße".encode("latin-1"), "ISO-8859-1", "Grüße"),
        ("Grüße".encode(), "", "Grüße"),
        (b"odd \xff\xfe bytes", "", "odd \ufffd\ufffd bytes"),
        (b"\x1b[31mred\x07", "", "[31mred"),
        (b"", "", ""),
        (b"commit 0123456789\nAuthor: x\n\n:100644", "", "commit 0123456789"),
        (b"one\r\ntwo", "", "one"),
    ],
    ids=["latin-1", "utf-8", "invalid", "control", "empty", "like git's output", "crlf"],
)
def test_messages_of_any_bytes(repo: Repo, read: Reads, message: bytes, encoding: str, title: str) -> None:
    repo.commit("before")
    repo.commit(message, encoding=encoding)
    repo.commit("after")
    assert [each.title for each in read().reading.landings] == ["before", title, "after"]


def test_message_of_ten_megabytes(repo: Repo, read: Reads) -> None:
    repo.commit(b"[bug=1] large\n\n" + b"[bug=2] (#3) revert r1 " * 450_000)
    began = time.monotonic()
    [landing] = read().reading.landings
    assert landing.own_bugs == ("1",)
    assert time.monotonic() - began < 10


def test_names_of_any_bytes(repo: Repo, read: Reads) -> None:
    repo.commit("one", author="Zoë\u202e \x01X <zoe@example.org>")
    [landing] = read().reading.landings
    assert landing.person.startswith("Zoë")
    assert "\x01" not in landing.person


def test_history_of_64_digit_names(tmp_path: Path, read: Reads) -> None:
    repo = Repo(tmp_path / "repo", sha256=True)
    repo.commit("one")
    repo.revert(repo.commit("[bug=1] two"))
    landings = read().reading.landings
    assert [each.targets for each in landings] == [(), (), (2,)]


def test_empty_branch_is_an_error(repo: Repo, read: Reads) -> None:
    with pytest.raises(SourceError, match="is empty"):
        read()


def test_vanished_branch_is_an_error(repo: Repo, read: Reads) -> None:
    repo.commit("one", branch="stable-2")
    with pytest.raises(SourceError, match="no branch or tag 'stable'; there is 'stable-2'"):
        read(deployed=Pointer(recorded=True))


def test_long_side_merged_again_and_again_gives_each_landing_its_own_part(repo: Repo, read: Reads) -> None:
    root = repo.commit("root", files={})
    side = root
    for number in range(200):
        side = repo.commit(f"[bug={number + 1}] side", files={}, parents=[side], branch="side")
        repo.merge("merge", side)
    assert [each.bugs for each in read().reading.landings[1:]] == [
        (str(number + 1),) for number in range(200)
    ]
