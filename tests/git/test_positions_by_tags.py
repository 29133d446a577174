"""Where production and the QA server are by their tags: the newest release; no data, never a guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.errors import SourceError
from shepherd.git.recheck import positions_now
from shepherd.landing import Deployed, RefPositions, Revision
from shepherd.settings import BranchSettings, Pointer
from tests.git.conftest import Reads
from tests.gitrepo import Repo

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
