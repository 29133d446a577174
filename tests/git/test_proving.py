"""What one commit undoes, and whether two make the same change: by content."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.git.patches import read_changes
from shepherd.git.proving import Proof, doubt_about, same_change
from shepherd.git.repository import open_repository
from tests.git.proofs import conflict, context_that_moved, proof, renamed_meanwhile, text
from tests.gitrepo import Repo, twins


@pytest.fixture(params=["sha1", "sha256"])
def repo(request: pytest.FixtureRequest, tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo", sha256=request.param == "sha256")


def test_revert_whose_context_moved(repo: Repo) -> None:
    context_that_moved(repo)


@pytest.mark.parametrize(
    "back", ["if x:\n    go()\n        stop()\n", "if x:\n    go()\nstop() \n", "if x:\n    go()\nstop()"]
)
def test_a_blank_more_or_less_is_no_inverse(repo: Repo, back: str) -> None:
    repo.commit("base", {"x": "if x:\n    go()\nstop()\n"})
    target = repo.commit("change", {"x": "if x:\n    go()\n    stop()\n"})
    assert proof(repo, repo.commit("back", {"x": back}), target) == Proof()


@pytest.mark.parametrize("between", [False, True], ids=["at once", "after another change"])
def test_the_same_lines_elsewhere_in_the_file_are_no_inverse(repo: Repo, between: bool) -> None:
    def conf(one: str, two: str, top: str = "") -> str:
        return top + twins(one, two)

    top = "# new\n" if between else ""
    repo.commit("base", {"conf": conf("on", "off")})
    target = repo.commit("turn it off", {"conf": conf("off", "off")})
    if between:
        repo.commit("top", {"conf": conf("off", "off", top)})
    before = repo.tip()
    twin = repo.commit("turn the other on", {"conf": conf("off", "on", top)})
    assert proof(repo, twin, target) == Proof()
    right = repo.commit("turn it on", {"conf": conf("on", "off", top)}, parents=[before])
    assert proof(repo, right, target) == Proof((target,), whole=True)


def test_equal_where_the_target_changed_and_more_elsewhere(repo: Repo) -> None:
    repo.commit("base", {"x": "1\n", "y": "1\n"})
    target = repo.commit("change", {"x": "2\n"})
    mixed = repo.commit("back, and more", {"x": "1\n", "y": "2\n"})
    assert proof(repo, mixed, target) == Proof((target,), whole=False)


def test_half_of_it_is_nothing(repo: Repo) -> None:
    repo.commit("base", {"x": "1\n", "y": "1\n"})
    target = repo.commit("change", {"x": "2\n", "y": "2\n"})
    assert proof(repo, repo.commit("half", {"x": "1\n"}), target) == Proof()
    assert proof(repo, repo.commit("half, and more", {"z": "1\n"}), target) == Proof()


def test_conflict_is_nothing(repo: Repo) -> None:
    conflict(repo)


def test_what_was_undone_before_is_not_undone_once_more(repo: Repo) -> None:
    repo.commit("base", {"x": "1\n"})
    target = repo.commit("change", {"x": "2\n"})
    repo.commit("back", {"x": "1\n"})
    assert proof(repo, repo.commit("other", {"y": "1\n"}), target) == Proof()
    assert proof(repo, repo.commit("nothing", {}), target) == Proof()


def test_file_that_was_renamed_meanwhile(repo: Repo) -> None:
    renamed_meanwhile(repo)


def test_rename_that_is_taken_back_after_the_file_was_changed(repo: Repo) -> None:
    repo.commit("base", {"x": text()})
    target = repo.commit("rename", {"x": None, "y": text()})
    repo.commit("change", {"y": text(l20="twenty\n")})
    undone = repo.commit("back", {"y": None, "x": text(l20="twenty\n")})
    assert proof(repo, undone, target) == Proof((target,), whole=True)


def test_first_commit_of_all(repo: Repo) -> None:
    root = repo.commit("root", {"x": text(), "y": "1\n"})
    repo.commit("two", {"y": "2\n"}, parents=[root])
    assert proof(repo, repo.commit("away", {"x": None, "y": None}), root) == Proof()
    repo.commit("another", {"z": "1\n"}, parents=[root])
    assert proof(repo, repo.commit("away", {"x": None, "y": None}), root) == Proof((root,), whole=True)


def test_merge_that_is_undone_by_a_merge(repo: Repo) -> None:
    root = repo.commit("root", {"x": text()})
    repo.commit("side", {"x": text(l3="three\n")}, parents=[root], branch="side")
    repo.commit("side", {"x": text(l3="three\n", l9="nine\n")}, branch="side")
    repo.commit("meanwhile", {"x": text(l30="thirty\n")})
    target = repo.commit(
        "merge",
        {"x": text(l3="three\n", l9="nine\n", l30="thirty\n")},
        parents=[repo.tip(), repo.tip("side")],
    )
    away = repo.commit("away", {"x": text(l30="thirty\n")}, parents=[target], branch="revert")
    repo.commit("meanwhile", {"x": "top\n" + text(l3="three\n", l9="nine\n", l30="thirty\n")})
    undone = repo.commit("merge", {"x": "top\n" + text(l30="thirty\n")}, parents=[repo.tip(), away])
    assert proof(repo, undone, target) == Proof((target,), whole=True)


def test_several_in_one_file_are_undone_together(repo: Repo) -> None:
    repo.commit("base", {"x": text()})
    one = repo.commit("one", {"x": text(l3="three\n")})
    two = repo.commit("two", {"x": text(l3="three\n", l9="nine\n")})
    last = repo.commit("last", {"x": text(l3="three\n", l9="nine\n", l30="thirty\n")})
    both = repo.commit("both", {"x": text(l30="thirty\n")})
    assert proof(repo, both, two, one) == Proof((two, one), whole=True)
    assert proof(repo, both, one) == proof(repo, both, two) == Proof()
    mixed = repo.commit("both, and more", {"x": text(l30="thirty\n"), "y": "1\n"}, parents=[last])
    assert proof(repo, mixed, two, one) == Proof((two, one), whole=False)


def entry(repo: Repo, path: str, content: str, mode: str) -> str:
    """A line of `git mktree`; mode 160000 is a submodule at the commit `content`."""
    if mode == "160000":
        return f"{mode} commit {content}\t{path}\n"
    return f"{mode} blob {repo.git('hash-object', '-w', '--stdin', input=content.encode())}\t{path}\n"


def committed(repo: Repo, parent: str, *files: tuple[str, str, str]) -> str:
    """A commit of (path, content, mode) made by git itself; `tests.gitrepo` knows plain files only."""
    tree = repo.git("mktree", "--missing", input="".join(entry(repo, *file) for file in files).encode())
    return repo.git("commit-tree", tree, "-m", "x", *(["-p", parent] if parent else []))


@pytest.mark.parametrize(
    ("before", "changed", "wrong"),
    [
        pytest.param(("x", "1\n", "100644"), ("x", "1\n", "100755"), ("x", "1 \n", "100644"), id="mode"),
        pytest.param(("x", "1\n", "100644"), ("x", "y", "120000"), ("x", "1\n", "120000"), id="symlink"),
        pytest.param(("x", "\0a", "100644"), ("x", "\0b", "100644"), ("x", "\0c", "100644"), id="binary"),
        pytest.param(
            ("x", "1" * 40, "160000"), ("x", "2" * 40, "160000"), ("x", "3" * 40, "160000"), id="submodule"
        ),
    ],
)
def test_what_is_no_text(
    tmp_path: Path, before: tuple[str, str, str], changed: tuple[str, str, str], wrong: tuple[str, str, str]
) -> None:
    repo = Repo(tmp_path / "repo")
    other, more = ("other", "1\n", "100644"), ("other", "2\n", "100644")
    base = committed(repo, "", before, other)
    target = committed(repo, base, changed, other)
    between = committed(repo, target, changed, more)
    assert proof(repo, committed(repo, between, before, more), target) == Proof((target,), whole=True)
    assert proof(repo, committed(repo, between, before, other), target) == Proof((target,), whole=False)
    for not_quite in (wrong, ("other2", "1\n", "100644")):
        assert proof(repo, committed(repo, between, not_quite, more), target).targets == ()


def test_one_mode_and_the_content_alone_is_not_enough(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    base = committed(repo, "", ("x", "1\n", "100644"))
    target = committed(repo, base, ("x", "2\n", "100755"))
    assert proof(repo, committed(repo, target, ("x", "1\n", "100755")), target) == Proof()


def same(repo: Repo, one: str, other: str) -> bool:
    git = open_repository(str(repo.path))
    return same_change(git, [(one, other)], read_changes(git, [one, other]))[one, other]


def test_the_same_change_elsewhere_in_the_history(repo: Repo) -> None:
    base = repo.commit("base", {"x": text()})
    one = repo.commit("one", {"x": text(l20="twenty\n")})
    repo.commit("above", {"x": "new\n" + text()}, parents=[base])
    above = repo.tip()
    other = repo.commit("other", {"x": "new\n" + text(l20="twenty\n")})
    assert same(repo, other, one) and same(repo, one, other)
    blank = repo.commit("a blank", {"x": "new\n" + text(l20="twenty \n")}, parents=[above])
    assert not same(repo, blank, one)
    more = repo.commit("and more", {"x": "new\n" + text(l20="twenty\n"), "y": "1"}, parents=[above])
    assert not same(repo, more, one)
    assert not same(repo, repo.commit("empty", {}), repo.commit("empty too", {}))


@pytest.mark.parametrize("lost", ["one", "other"])
def test_what_cannot_be_read_is_not_the_same_change(tmp_path: Path, lost: str) -> None:
    repo = Repo(tmp_path / "repo")
    base = repo.commit("base", {"d/x": "1\n"})
    commits = {
        "one": repo.commit("one", {"d/x": "2\n", "e/y": "1\n"}),
        "other": repo.commit("other", {"d/x": "2\n", "f/y": "2\n"}, parents=[base]),
    }
    gone = repo.git("rev-parse", f"{commits[lost]}:{'e' if lost == 'one' else 'f'}")
    (repo.git_dir / "objects" / gone[:2] / gone[2:]).unlink()
    assert not same(repo, commits["one"], commits["other"])


def test_the_same_lines_at_another_place_are_another_change(repo: Repo) -> None:
    twice = "a\nb\nc\nvalue\nd\ne\nf\n"
    changed = twice.replace("value", "other")
    base = repo.commit("base", {"x": twice + twice})
    one = repo.commit("first", {"x": changed + twice})
    assert not same(repo, repo.commit("second", {"x": twice + changed}, parents=[base]), one)


def doubt(repo: Repo, target: str, commit: str) -> str:
    return doubt_about(open_repository(str(repo.path)), target, commit)


def test_no_doubt_where_all_is_as_it_was_before(repo: Repo) -> None:
    repo.commit("base", {"x": "1\n", "y": "1\n"})
    target = repo.commit("change", {"x": "2\n", "y": "2\n"})
    half = repo.commit("half", {"x": "1\n"})
    assert doubt(repo, target, half) == "'y' is not as before it"
    assert doubt(repo, target, repo.commit("the other half", {"y": "1\n"})) == ""


def test_no_doubt_where_the_content_proves_it(repo: Repo) -> None:
    context_that_moved(repo)
    *_, undone = log = repo.git("log", "--reverse", "--format=%H", "stable").split()
    assert doubt(repo, log[1], undone) == ""
    assert doubt(repo, log[1], log[2]) == "'x' is not as before it"


def test_doubt_names_a_few_files_in_a_printable_way(repo: Repo) -> None:
    target = repo.commit("change", {f"\x1b[31m{number}": "1\n" for number in range(5)})
    said = doubt(repo, target, repo.commit("other", {"y": "1"}))
    assert said.endswith(" and 2 files more are not as before it") and said.isprintable()
    assert doubt(repo, repo.commit("empty", {}), repo.tip()) == "it changed nothing"
