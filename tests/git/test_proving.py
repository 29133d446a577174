"""What one commit undoes, and whether two make the same change: by content, against what git itself gives."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from shepherd.errors import SourceError
from shepherd.git.merging import quarantine
from shepherd.git.patches import read_changes
from shepherd.git.proving import Proof, UndoClaim, doubt_about, prove, same_change
from shepherd.git.repository import Git, open_repository
from tests.gitrepo import ISOLATED, Repo, twins

LINES = [f"line {number}\n" for number in range(40)]


def proof(repo: Repo, commit: str, *targets: str, git: Git | None = None) -> Proof:
    git = git or open_repository(str(repo.path))
    claim = UndoClaim(commit, targets)
    return prove(git, [claim], read_changes(git, [commit, *targets]))[claim]


def text(**changed: str) -> str:
    """Forty lines, of which `l7` and the like are others."""
    return "".join(changed.get(f"l{number}", line) for number, line in enumerate(LINES))


@pytest.fixture(params=["sha1", "sha256"])
def repo(request: pytest.FixtureRequest, tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo", sha256=request.param == "sha256")


def test_revert_whose_context_moved(repo: Repo) -> None:
    repo.commit("base", {"x": text()})
    target = repo.commit("change", {"x": text(l20="twenty\n")})
    repo.commit("nearby, and above", {"x": "new\n" + text(l20="twenty\n", l17="seventeen\n")})
    undone = repo.commit("back", {"x": "new\n" + text(l17="seventeen\n")})
    assert proof(repo, undone, target) == Proof((target,), whole=True)


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
    repo.commit("base", {"x": text()})
    target = repo.commit("change", {"x": text(l20="twenty\n")})
    repo.commit("the same line", {"x": text(l20="20\n")})
    assert proof(repo, repo.commit("back", {"x": text()}), target) == Proof()


def test_what_was_undone_before_is_not_undone_once_more(repo: Repo) -> None:
    repo.commit("base", {"x": "1\n"})
    target = repo.commit("change", {"x": "2\n"})
    repo.commit("back", {"x": "1\n"})
    assert proof(repo, repo.commit("other", {"y": "1\n"}), target) == Proof()
    assert proof(repo, repo.commit("nothing", {}), target) == Proof()


def test_file_that_was_renamed_meanwhile(repo: Repo) -> None:
    repo.commit("base", {"x": text()})
    target = repo.commit("change", {"x": text(l20="twenty\n")})
    repo.commit("rename", {"x": None, "y": text(l20="twenty\n")})
    renamed = repo.tip()
    assert proof(repo, repo.commit("back", {"y": text()}), target) == Proof((target,), whole=True)
    # the path that the target changed is not there any more, before as after: that proves nothing
    other = repo.commit("other", {"z": "1\n"}, parents=[renamed])
    assert proof(repo, other, target) == Proof()


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


@pytest.mark.parametrize(
    "settings",
    [
        ["merge.renames", "false"],
        ["diff.renames", "false"],
        ["merge.directoryRenames", "true"],
        ["merge.renameLimit", "1"],
        ["merge.conflictStyle", "diff3"],
        ["merge.renormalize", "true"],
        ["rerere.enabled", "true"],
        ["merge.default", "union"],
        ["core.autocrlf", "true"],
    ],
)
def test_settings_of_the_repository_have_no_say(tmp_path: Path, settings: list[str]) -> None:
    repo = Repo(tmp_path / "repo")
    repo.git("config", *settings)
    test_file_that_was_renamed_meanwhile(repo)
    test_conflict_is_nothing(repo)
    test_revert_whose_context_moved(repo)


@pytest.mark.parametrize("driver", ["ours", "union", "binary", "touch"])
@pytest.mark.parametrize("place", ["info", "tree"])
def test_attributes_have_no_say_and_no_driver_runs(tmp_path: Path, driver: str, place: str) -> None:
    repo = Repo(tmp_path / "repo")
    for name, command in (("ours", "true"), ("touch", f"touch {tmp_path}/ran; true")):
        repo.git("config", f"merge.{name}.driver", command)
    attributes = f"* merge={driver} -text\n"
    (repo.git_dir / "info").mkdir(exist_ok=True)
    if place == "info":
        (repo.git_dir / "info" / "attributes").write_text(attributes)
    repo.commit("attributes", {".gitattributes": attributes} if place == "tree" else {})
    test_revert_whose_context_moved(repo)
    test_conflict_is_nothing(repo)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "name", ["plain", 'quo"ted', "with space", "two\nlines", "colon:semi;", "#hash", "zoë"]
)
def test_nothing_is_written_there_wherever_it_lies(tmp_path: Path, name: str) -> None:
    repo = Repo(tmp_path / name)

    def everything() -> dict[Path, bytes]:
        return {path: path.read_bytes() if path.is_file() else b"" for path in repo.path.rglob("*")}

    repo.commit("base", {"x": text()})
    target = repo.commit("change", {"x": text(l20="twenty\n")})
    repo.commit("above", {"x": "new\n" + text(l20="twenty\n")})
    undone = repo.commit("back", {"x": "new\n" + text()})
    before = everything()
    git = open_repository(str(repo.path), scratch=str(tmp_path / "var" / "run"))
    assert proof(repo, undone, target, git=git) == Proof((target,), whole=True)
    assert everything() == before
    assert not (tmp_path / "var").exists(), "nothing is left where the merges were made"


def test_repository_of_another_user(tmp_path: Path, wrapped_git: Callable[[str], None]) -> None:
    repo = Repo(tmp_path / "repo")
    wrapped_git('export GIT_TEST_ASSUME_DIFFERENT_OWNER=1; exec $GIT "$@"')
    test_revert_whose_context_moved(repo)


def test_repository_that_borrows_its_objects(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    test_revert_whose_context_moved(repo)
    head = repo.git("log", "--format=%H", "stable").split()
    repo.git("clone", "-q", "--bare", "--shared", ".", str(tmp_path / "borrower"))
    borrower = open_repository(str(tmp_path / "borrower"))
    assert proof(repo, head[0], head[2], git=borrower) == Proof((head[2],), whole=True)


def test_linked_working_tree(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo", bare=False)
    test_revert_whose_context_moved(repo)
    head = repo.git("log", "--format=%H", "stable").split()
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    linked = open_repository(str(tmp_path / "linked"))
    assert proof(repo, head[0], head[2], git=linked) == Proof((head[2],), whole=True)


def two_reverts(repo: Repo) -> tuple[list[str], list[str]]:
    """Of two files, each changed, then moved down, then changed back: the changes, and what undid them."""
    contents = {f"{name}/file": f"{name}\n{text()}" for name in "xy"}
    changed = {path: content.replace("line 20", "twenty") for path, content in contents.items()}
    repo.commit("base", contents)
    targets = [repo.commit("change", {path: changed[path]}) for path in contents]
    for path in contents:
        repo.commit("above", {path: "new\n" + changed[path], f"{path}.more": path})
    return targets, [repo.commit("back", {path: "new\n" + contents[path]}) for path in contents]


@pytest.mark.parametrize("lost", ["x/file", "x"], ids=["content", "folder"])
def test_one_that_cannot_be_read_costs_no_other(tmp_path: Path, lost: str) -> None:
    repo = Repo(tmp_path / "repo")
    targets, undone = two_reverts(repo)
    gone = repo.git("rev-parse", f"{targets[0]}:{lost}")
    (repo.git_dir / "objects" / gone[:2] / gone[2:]).unlink()
    git = open_repository(str(repo.path))
    claims = [UndoClaim(by, (target,)) for by, target in zip(undone, targets, strict=True)]
    found = prove(git, claims, read_changes(git, [*undone, *targets]))
    assert found[claims[0]].targets == () and gone in found[claims[0]].unreadable
    assert found[claims[1]] == Proof((targets[1],), whole=True)


def test_claims_on_one_landing_and_on_several_are_proved_in_one_call(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit("base", {"x": "1\n", "y": "1\n", "z": text()})
    x, y = (repo.commit(f"change {name}", {name: "2\n"}) for name in "xy")
    z = repo.commit("change z", {"z": text(l20="twenty\n")})
    repo.commit("above", {"z": "new\n" + text(l20="twenty\n")})
    both = UndoClaim(repo.commit("back", {"x": "1\n", "y": "1\n"}), (y, x))
    one = UndoClaim(repo.commit("back, too", {"z": "new\n" + text()}), (z,))
    git = open_repository(str(repo.path))
    proofs = prove(git, [both, one], read_changes(git, [both.commit, one.commit, x, y, z]))
    assert {claim: set(proof.targets) for claim, proof in proofs.items()} == {both: {x, y}, one: {z}}


def test_folder_that_only_the_merge_asks_for_proves_nothing(tmp_path: Path) -> None:
    """git 2.39 takes one that is not there for an empty one."""
    repo = Repo(tmp_path / "repo")
    repo.commit("base", {"x": text(), "y/one": "1\n"})
    target = repo.commit("change", {"x": text(l20="twenty\n"), "y/one": "2\n"})
    repo.commit("between", {"x": "new\n" + text(l20="twenty\n"), "y/one": None, "y/two": "1\n"})
    undone = repo.commit("back", {"x": "new\n" + text()})
    gone = repo.git("rev-parse", f"{undone}:y")
    (repo.git_dir / "objects" / gone[:2] / gone[2:]).unlink()
    assert proof(repo, undone, target).targets == ()


@pytest.mark.parametrize("seed", range(6))
def test_against_git_revert_itself(tmp_path: Path, seed: int) -> None:
    """Random edits of lines that resemble each other; what `git revert` makes of each, or refuses."""
    chance = random.Random(seed)
    repo = Repo(tmp_path / "repo", bare=False)
    files = {name: [chance.choice("abc") + "\n" for _ in range(12)] for name in ("x", "y")}
    shas = [repo.commit("base", {name: "".join(lines) for name, lines in files.items()})]
    for number in range(7):
        for name in chance.sample(sorted(files), chance.randint(1, 2)):
            place = chance.randrange(len(files[name]))
            files[name][place : place + chance.randint(0, 2)] = [
                chance.choice("abcd") + "\n" for _ in range(chance.randint(0, 2))
            ]
        shas.append(repo.commit(f"{number}", {name: "".join(lines) for name, lines in files.items()}))
    git, tip = open_repository(str(repo.path)), shas[-1]
    verdicts = []
    for target in shas[1:]:
        for leftover in ("REVERT_HEAD", "AUTO_MERGE", "MERGE_MSG"):
            (repo.git_dir / leftover).unlink(missing_ok=True)
        repo.git("reset", "-q", "--hard", tip)
        done = subprocess.run(
            ["git", "revert", "--no-commit", target],
            cwd=repo.path,
            env=os.environ | ISOLATED,
            capture_output=True,
        )
        tree = repo.git("write-tree") if not done.returncode else ""
        if not tree or tree == repo.git("rev-parse", f"{tip}^{{tree}}"):
            verdicts.append("nothing")
            continue
        undone = repo.git("commit-tree", tree, "-p", tip, "-m", "x")
        assert proof(repo, undone, target, git=git) == Proof((target,), whole=True)
        (repo.path / "more").write_text("more")
        repo.git("add", "more")
        mixed = repo.git("commit-tree", repo.git("write-tree"), "-p", tip, "-m", "x")
        assert proof(repo, mixed, target, git=git) == Proof((target,), whole=False)
        touched = repo.git("diff", "--name-only", tip, undone).split()[0]
        with (repo.path / touched).open("a") as file:
            file.write("\n")
        repo.git("add", touched)
        wrong = repo.git("commit-tree", repo.git("write-tree"), "-p", tip, "-m", "x")
        assert proof(repo, wrong, target, git=git) == Proof()
        verdicts.append("undone")
    assert "undone" in verdicts


# --- the same change


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


# --- what `inv cover` asks


def doubt(repo: Repo, target: str, commit: str) -> str:
    return doubt_about(open_repository(str(repo.path)), target, commit)


def test_no_doubt_where_all_is_as_it_was_before(repo: Repo) -> None:
    repo.commit("base", {"x": "1\n", "y": "1\n"})
    target = repo.commit("change", {"x": "2\n", "y": "2\n"})
    half = repo.commit("half", {"x": "1\n"})
    assert doubt(repo, target, half) == "'y' is not as before it"
    assert doubt(repo, target, repo.commit("the other half", {"y": "1\n"})) == ""


def test_no_doubt_where_the_content_proves_it(repo: Repo) -> None:
    test_revert_whose_context_moved(repo)
    *_, undone = log = repo.git("log", "--reverse", "--format=%H", "stable").split()
    assert doubt(repo, log[1], undone) == ""
    assert doubt(repo, log[1], log[2]) == "'x' is not as before it"


def test_doubt_names_a_few_files_in_a_printable_way(repo: Repo) -> None:
    target = repo.commit("change", {f"\x1b[31m{number}": "1\n" for number in range(5)})
    said = doubt(repo, target, repo.commit("other", {"y": "1"}))
    assert said.endswith(" and 2 files more are not as before it") and said.isprintable()
    assert doubt(repo, repo.commit("empty", {}), repo.tip()) == "it changed nothing"


def test_no_place_for_merges_is_said_in_one_sentence(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    (tmp_path / "run").write_text("a file")
    git = open_repository(str(repo.path), scratch=str(tmp_path / "run"))
    with pytest.raises(SourceError, match="cannot hold temporary files"), quarantine(git):
        pass
