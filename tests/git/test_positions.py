"""Where production, the promoted ref and the QA server are by their refs; a D off the mainline; no data,
never a guess."""

from __future__ import annotations

import pytest

from shepherd.errors import SourceError
from shepherd.landing import Deployed, Revision
from shepherd.settings import Pointer, Promote
from tests.git.conftest import Reads
from tests.gitrepo import Repo, twins

PRODUCTION = Pointer(ref="production")


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
