"""What a landing undoes where objects of git are missing: a warning for it alone, and settled when they are
there again (docs/rules.md#undone)."""

from __future__ import annotations

from pathlib import Path

from tests.git.conftest import Reads, last
from tests.gitrepo import Repo


def lose(repo: Repo, name: str) -> tuple[Path, bytes]:
    """Remove an object; where it was, and what it held."""
    sha = repo.git("rev-parse", name)
    file = repo.git_dir / "objects" / sha[:2] / sha[2:]
    content = file.read_bytes()
    file.unlink()
    return file, content


def test_diff_that_cannot_be_read_is_one_warning_and_is_read_when_it_is_there(
    repo: Repo, read: Reads
) -> None:
    lines = "".join(f"{number}\n" for number in range(20))
    repo.commit("base", files={"x": lines})
    target = repo.commit("change", files={"x": lines.replace("12", "twelve")})
    repo.commit("above", files={"x": "new\n" + lines.replace("12", "twelve")})
    repo.commit(f"This reverts commit {target}.", files={"x": "new\n" + lines})
    file, content = lose(repo, f"{target}:x")
    broken = read()
    landing = broken.reading.landings[-1]
    assert (landing.targets, landing.hints, broken.fresh) == ((), (), 4)
    [warning] = landing.warnings
    assert warning.startswith("whether it undoes r2 is not known: git says")
    again = read(broken)
    assert (again.fresh, again.reading) == (1, broken.reading)
    file.write_bytes(content)
    read_again = read(again)
    assert (read_again.fresh, read_again.reading.landings[-1].revert_targets) == (1, (2,))
    assert read_again.reading.landings == read().reading.landings
    assert read(read_again).fresh == 0


def test_folder_that_cannot_be_read_costs_only_what_hangs_on_it(repo: Repo, read: Reads) -> None:
    repo.commit("base", files={"y": "1\n"})
    target = repo.commit("two", files={"x/file": "1\n"})
    repo.revert(repo.commit("three", files={"y": "2\n"}))
    repo.revert(target)
    lose(repo, f"{target}:x")
    landings = read().reading.landings
    assert [each.targets for each in landings] == [(), (), (), (3,), ()]
    assert [bool(each.warnings) for each in landings] == [False, True, False, False, True]


def test_clone_without_contents_needs_none_for_reverts_at_once(
    repo: Repo, read: Reads, tmp_path: Path
) -> None:
    repo.revert(repo.commit("change"))
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = [
        "clone",
        "-q",
        "--mirror",
        "--filter=blob:none",
        f"file://{repo.path}",
        str(tmp_path / "partial"),
    ]
    repo.git("-c", "protocol.file.allow=always", *clone)
    landing = last(read, repository=str(tmp_path / "partial"))
    assert (landing.revert_targets, landing.warnings) == ((1,), ())


def test_partial_clone_that_lacks_something_says_what_brings_it(
    repo: Repo, read: Reads, tmp_path: Path
) -> None:
    lines = "".join(f"{number}\n" for number in range(20))
    repo.commit("base", files={"x": lines})
    target = repo.commit("change", files={"x": lines.replace("12", "twelve")})
    repo.commit("above", files={"x": "new\n" + lines.replace("12", "twelve")})
    repo.commit(f"This reverts commit {target}.", files={"x": "new\n" + lines})
    repo.git("config", "uploadpack.allowFilter", "true")
    place = str(tmp_path / "partial")
    repo.git("clone", "-q", "--mirror", "--filter=blob:none", f"file://{repo.path}", place)
    [warning] = last(read, repository=place).warnings
    assert warning.endswith(
        "it is a partial clone: `git fetch --refetch --no-filter` there brings what is missing"
    )
    repo.git("-C", place, "fetch", "-q", "--refetch", "--no-filter")
    assert last(read, repository=place).revert_targets == (2,)
