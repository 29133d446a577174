"""A mainline as a team would make it, on real git: landings that have names, a line each."""

from __future__ import annotations

from pathlib import Path

from tests.gitrepo import Repo

ANN = "Ann Reed <ann@example.org>"
BEN = "Ben Otto <ben@example.org>"
CARO = "Caro Diaz <caro@example.org>"
TEAM = (ANN, BEN, CARO)
BUTTON = "GitHub <noreply@github.com>"
"""The committer of what is merged on GitHub's pages."""

BEGIN = 1_714_546_800
"""The first of May 2024, 07:00 UTC."""
HOUR = 3_600


class Mainline:
    """The branch that lands, in a bare clone at `path`; each commit is an hour after the one before.

    A landing has a file of its own, named after it, so that others can take it back: exactly (`undoes`, names
    with commas between them), or so that a part of it stays (`nearly`), as after a conflict that was solved
    by hand; and bring it back (`restores`).
    """

    def __init__(self, path: Path, origin: str = "", branch: str = "main") -> None:
        self.repo = Repo(path, branch=branch)
        self.shas: dict[str, str] = {}
        """The commits that were given a name, by it."""
        self.now = BEGIN
        if origin:
            self.repo.git("config", "remote.origin.url", origin)
        self.commit("", "Begin", BEN)

    def commit(
        self,
        name: str,
        message: str,
        author: str,
        by: str = "",
        *,
        on: str = "",
        file: str = "",
        undoes: str = "",
        nearly: str = "",
        restores: str = "",
    ) -> str:
        """A commit onto the mainline, or onto the branch `on`, which begins at the mainline's tip.

        `by` is the committer, where that is not the author. A name "" is not remembered. `file` is what it
        changes, where that is not named after it: a commit of a branch has that of the landing to come.
        """
        self.now += HOUR
        changes: dict[str, str | bytes | None] = {}
        changes |= {each: None for each in undoes.split(",") if each}
        changes |= {each: f"{each}\n" for each in restores.split(",") if each}
        if nearly:
            changes[nearly] = "some of it stays\n"
        if not changes:
            own = file or name or str(self.now)
            changes[own] = f"{own}\n"
        parents = [self.repo.tip()] if on and not self._has(on) else None
        sha = self.repo.commit(message, changes, author, self.now, parents, branch=on, committer=by)
        return self._named(name, sha)

    def merge(self, name: str, message: str, branch: str, author: str, by: str = "", into: str = "") -> str:
        """Merge a branch into the mainline (or `into`) and delete it."""
        self.now += HOUR
        sha = self.repo.merge(
            message, self.repo.tip(branch), author=author, date=self.now, branch=into, committer=by
        )
        self.repo.delete_ref(branch)
        return self._named(name, sha)

    def mark(self, *refs: str) -> None:
        """Let full refs name the newest landing."""
        for ref in refs:
            self.repo.set_ref(ref, self.repo.tip())

    def release(self, *tags: str, of: str = "") -> None:
        """Give the mainline's tip, or that of the branch `of`, annotated tags."""
        for tag in tags:
            self.repo.tag(tag, self.repo.tip(of))

    def landings(self) -> int:
        """How many have landed."""
        return int(self.repo.git("rev-list", "--first-parent", "--count", self.repo.tip()))

    def revno(self, name: str) -> int:
        return int(self.repo.git("rev-list", "--first-parent", "--count", self.shas[name]))

    def parent(self, sha: str, number: int = 1) -> str:
        return self.repo.git("rev-parse", f"{sha}^{number}")

    def _has(self, branch: str) -> bool:
        return (self.repo.git_dir / "refs" / "heads" / branch).exists()

    def _named(self, name: str, sha: str) -> str:
        if name:
            assert name not in self.shas, f"{name} has landed already"
            self.shas[name] = sha
        return sha
