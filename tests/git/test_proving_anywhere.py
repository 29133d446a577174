"""What one commit undoes is proved whatever the settings of the repository are, wherever it lies and whatever
it lacks; and against what git itself gives."""

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
from shepherd.git.proving import Proof, UndoClaim, prove
from shepherd.git.repository import open_repository
from tests.git.proofs import conflict, context_that_moved, proof, renamed_meanwhile, text
from tests.gitrepo import ISOLATED, Repo


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
    renamed_meanwhile(repo)
    conflict(repo)
    context_that_moved(repo)


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
    context_that_moved(repo)
    conflict(repo)
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
    context_that_moved(repo)


def test_repository_that_borrows_its_objects(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    context_that_moved(repo)
    head = repo.git("log", "--format=%H", "stable").split()
    repo.git("clone", "-q", "--bare", "--shared", ".", str(tmp_path / "borrower"))
    borrower = open_repository(str(tmp_path / "borrower"))
    assert proof(repo, head[0], head[2], git=borrower) == Proof((head[2],), whole=True)


def test_linked_working_tree(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo", bare=False)
    context_that_moved(repo)
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


def test_no_place_for_merges_is_said_in_one_sentence(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    (tmp_path / "run").write_text("a file")
    git = open_repository(str(repo.path), scratch=str(tmp_path / "run"))
    with pytest.raises(SourceError, match="cannot hold temporary files"), quarantine(git):
        pass
