"""What a commit is proved to undo, and three histories of which that holds in any repository."""

from __future__ import annotations

from shepherd.git.patches import read_changes
from shepherd.git.proving import Proof, UndoClaim, prove
from shepherd.git.repository import Git, open_repository
from tests.gitrepo import Repo

LINES = [f"line {number}\n" for number in range(40)]


def proof(repo: Repo, commit: str, *targets: str, git: Git | None = None) -> Proof:
    git = git or open_repository(str(repo.path))
    claim = UndoClaim(commit, targets)
    return prove(git, [claim], read_changes(git, [commit, *targets]))[claim]


def text(**changed: str) -> str:
    """Forty lines, of which `l7` and the like are others."""
    return "".join(changed.get(f"l{number}", line) for number, line in enumerate(LINES))


def context_that_moved(repo: Repo) -> None:
    """A revert of lines whose context moved meanwhile is proved."""
    repo.commit("base", {"x": text()})
    target = repo.commit("change", {"x": text(l20="twenty\n")})
    repo.commit("nearby, and above", {"x": "new\n" + text(l20="twenty\n", l17="seventeen\n")})
    undone = repo.commit("back", {"x": "new\n" + text(l17="seventeen\n")})
    assert proof(repo, undone, target) == Proof((target,), whole=True)


def conflict(repo: Repo) -> None:
    """A revert that conflicts proves nothing."""
    repo.commit("base", {"x": text()})
    target = repo.commit("change", {"x": text(l20="twenty\n")})
    repo.commit("the same line", {"x": text(l20="20\n")})
    assert proof(repo, repo.commit("back", {"x": text()}), target) == Proof()


def renamed_meanwhile(repo: Repo) -> None:
    """A revert of a file that was renamed meanwhile is proved by its new name."""
    repo.commit("base", {"x": text()})
    target = repo.commit("change", {"x": text(l20="twenty\n")})
    repo.commit("rename", {"x": None, "y": text(l20="twenty\n")})
    renamed = repo.tip()
    assert proof(repo, repo.commit("back", {"y": text()}), target) == Proof((target,), whole=True)
    # the path that the target changed is not there any more, before as after: that proves nothing
    other = repo.commit("other", {"z": "1\n"}, parents=[renamed])
    assert proof(repo, other, target) == Proof()
