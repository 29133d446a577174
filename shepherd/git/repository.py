"""A repository that can be read, whosever it is.

What it answers depends on the repository alone, not on who asks: other settings of git, replaced objects and
grafts are shut out.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import IO

from msgspec import Struct

from shepherd import children
from shepherd.errors import SourceError, WrongValueError
from shepherd.git.program import LIMIT, NOTHING_RUNS, environment, run
from shepherd.git.scratch import scratch
from shepherd.urls import check_ref
from shepherd.values import quoted

_READING = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    # A partial clone must fail, not fetch: reading never goes to the network.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}
_OPTIONS = ("-c", "safe.directory=*", "-c", f"core.attributesFile={os.devnull}", *NOTHING_RUNS)
PARTIAL_REMEDY = "`git fetch --refetch --no-filter` there brings what is missing"
_PROMISED = re.compile(rb"^\s*(?:promisor\s*=\s*true|partialclone\s*=)", re.IGNORECASE | re.MULTILINE)
_LACKS = re.compile("promisor|unable to (?:read|find)|missing|bad (?:object|tree)|could not (?:fetch|get)")
_REFS_SHOWN = 2000


class Git(Struct, frozen=True):
    """A repository that can be read."""

    git_dir: str
    name: str
    """What people call it: a path, or a URL without user and password."""
    limit: float = LIMIT
    scratch: str = ""
    """The folder, below state_dir, in which temporary files are made; empty: the system's own."""

    def out(self, *args: str, input: bytes | IO[bytes] = b"", into: IO[bytes] | None = None) -> bytes:
        """What `git ARGS` writes. Raises SourceError."""
        try:
            return run(
                self._command(args),
                name=self.name,
                env=environment(_READING),
                input=input,
                into=into,
                limit=self.limit,
            )
        except SourceError as error:
            raise SourceError(self.with_remedy(str(error))) from None

    def attempt(self, *args: str, input: bytes = b"") -> tuple[int, bytes, bytes]:
        """How `git ARGS` ends: its exit code, what it wrote, what it said of errors.

        Raises SourceError if it cannot be started or does not end in time.
        """
        return children.finish(
            self._command(args), name=self.name, env=environment(_READING), input=input, limit=self.limit
        )

    def _command(self, args: Sequence[str]) -> list[str]:
        return ["git", "--no-pager", "--bare", f"--git-dir={self.git_dir}", *_OPTIONS, *args]

    def with_remedy(self, failure: str) -> str:
        """A sentence about something that could not be read, and what brings it where it was left out."""
        if self.is_partial and _LACKS.search(failure):
            return f"{failure}; it is a partial clone: {PARTIAL_REMEDY}"
        return failure

    @property
    def is_partial(self) -> bool:
        """Whether it is a clone that leaves objects out until somebody asks for them; reading never does."""
        with contextlib.suppress(OSError):
            return bool(_PROMISED.search((_common(Path(self.git_dir)) / "config").read_bytes()))
        return False

    @property
    def may_have_remotes(self) -> bool:
        """Whether its configuration may name another repository: read without a process, which costs more."""
        with contextlib.suppress(OSError):
            written = (_common(Path(self.git_dir)) / "config").read_bytes().lower()
            return b"remote" in written or b"include" in written or b"worktreeconfig" in written
        return True

    def lines(self, *args: str, input: Iterable[str] | None = None) -> list[str]:
        """The lines that `git ARGS` writes when it is given the lines `input`. Raises SourceError."""
        stdin = b"" if input is None else "".join(f"{line}\n" for line in input).encode()
        return lines_of(self.out(*args, input=stdin))

    def pipe(self, first: Sequence[str], second: Sequence[str], input: Iterable[str]) -> list[str]:
        """The lines that `second` writes when it reads what `first` wrote, however large that is."""
        with scratch(self.scratch) as folder, (folder / "between").open("w+b") as between:
            self.out(*first, input="".join(f"{line}\n" for line in input).encode(), into=between)
            between.seek(0)
            return lines_of(self.out(*second, input=between))

    def resolve_many(self, refs: Iterable[str]) -> dict[str, str | None]:
        """The commit of each ref, None where there is none: one process for all.

        A ref is a branch, else a tag, else a full name; annotated tags stand for their commits. What can be
        no ref's name (`-x`) is None.
        """
        wanted = {ref: _places(ref) for ref in refs}
        patterns = [place for places in wanted.values() for place in places]
        if not patterns:
            return dict.fromkeys(wanted)
        fields = "%(refname) %(objecttype) %(objectname) %(*objecttype) %(*objectname)"
        by_name: dict[str, str] = {}
        nested: dict[str, str] = {}
        for line in self.lines("for-each-ref", f"--format={fields}", "--end-of-options", *patterns):
            name, kind, sha, *peeled = line.split(" ")
            if kind == "tag" and peeled:
                kind, sha = peeled
            if kind == "commit":
                by_name[name] = sha
            elif kind == "tag":
                nested[name] = sha
        if nested:
            commits = self.commits(nested.values())
            by_name |= {name: commits[sha] for name, sha in nested.items() if sha in commits}
        return {
            ref: next((by_name[place] for place in places if place in by_name), None)
            for ref, places in wanted.items()
        }

    def tags(self) -> list[str]:
        """The names of all tags, less those of what is no commit."""
        shas = {name: sha for name, (sha,) in self.refs("%(objectname)", "refs/tags/")}
        others = self.no_commits(shas.values())
        return [name.removeprefix("refs/tags/") for name, sha in shas.items() if sha not in others]

    def refs(self, fields: str, *patterns: str) -> list[tuple[str, list[str]]]:
        """The full name of each ref below these patterns, with fields of `git for-each-ref` without blanks.

        A name may hold what Python takes for the end of a line.
        """
        text = self.out("for-each-ref", f"--format=%(refname) {fields}", "--end-of-options", *patterns)
        lines = (line.split(" ") for line in text.decode("utf-8", "replace").split("\n")[:-1])
        return [(name, values) for name, *values in lines]

    def commits(self, shas: Iterable[str]) -> dict[str, str]:
        """The commit of each object that exists and is one, or is a tag of one; whole SHAs only."""
        asked = list(shas)
        answers = self.lines("cat-file", "--batch-check", input=(f"{sha}^{{commit}}" for sha in asked))
        return {
            sha: answer.split(" ")[0]
            for sha, answer in zip(asked, answers, strict=True)
            if answer.split(" ")[1:2] == ["commit"]
        }

    def no_commits(self, shas: Iterable[str]) -> set[str]:
        """Those of the objects that are neither a commit nor a tag of one; what is missing may be one."""
        asked = list(dict.fromkeys(shas))
        if not asked:
            return set()
        answers = self.lines("cat-file", "--batch-check", input=(f"{sha}^{{}}" for sha in asked))
        return {
            sha
            for sha, answer in zip(asked, answers, strict=True)
            if answer.split(" ")[1:2] in (["tree"], ["blob"])
        }

    def commits_beginning(self, prefix: str) -> list[str]:
        """All commits whose SHA begins with these hexadecimal digits."""
        objects = self.lines("rev-parse", f"--disambiguate={prefix}")
        return list(self.commits(objects)) if objects else []

    def blob_at(self, commit: str, path: str) -> tuple[str, int]:
        """SHA and size of the file `path` in that commit; an empty SHA if it has none."""
        answer = self.lines("cat-file", "--batch-check", input=[f"{commit}:{path}"])[0].split(" ")
        return (answer[0], int(answer[2])) if answer[1:2] == ["blob"] else ("", 0)

    def no_such_ref(self, ref: str) -> SourceError:
        """The error for a ref that `resolve_many` did not find, with names that come near."""
        if not _places(ref):
            return SourceError(f"{self.name}: {quoted(ref)} cannot be the name of a branch or tag")
        existing = self.lines("for-each-ref", f"--count={_REFS_SHOWN}", "--format=%(refname)")
        if not existing:
            return SourceError(f"{self.name} is empty: it has no branch yet, so no {quoted(ref)}")
        short = {name.removeprefix("refs/heads/").removeprefix("refs/tags/"): name for name in existing}
        near = get_close_matches(ref, short, n=3, cutoff=0.4) or sorted(short)[:3]
        names = ", ".join(quoted(name) for name in near)
        return SourceError(f"{self.name} has no branch or tag {quoted(ref)}; there is {names}")


def lines_of(output: bytes) -> list[str]:
    """The lines of what git writes; a name in it may hold what Python takes for the end of a line."""
    lines = output.decode("utf-8", "replace").split("\n")
    return lines if lines[-1] else lines[:-1]


def _places(ref: str) -> list[str]:
    try:
        check_ref(ref)
    except WrongValueError:
        return []
    return [ref] if ref.startswith("refs/") else [f"refs/heads/{ref}", f"refs/tags/{ref}"]


def open_repository(place: str, name: str = "", limit: float = LIMIT, scratch: str = "") -> Git:
    """The repository at the absolute path `place`: bare, a working tree, or a linked working tree.

    Whose it is does not matter. Raises SourceError if there is none, or it is shallow: revision numbers are
    counted from the first commit.
    """
    name = name or place
    try:
        git_dir = find_git_dir(Path(place))
    except OSError as error:
        raise SourceError(f"{name} cannot be read ({(error.strerror or str(error)).lower()})") from None
    if git_dir is None:
        what = "no git repository" if Path(place).exists() else "not there"
        raise SourceError(f"{name} is {what}: set `repository` to a bare repository or a working tree")
    shallow = _common(git_dir) / "shallow"
    if shallow.is_file() and shallow.stat().st_size:
        raise SourceError(
            f"{name} is a shallow clone, whose revisions cannot be counted: run `git fetch --unshallow` there"
        )
    return Git(str(git_dir), name, limit, scratch)


def _common(git_dir: Path) -> Path:
    """Where linked working trees keep what they share."""
    common = git_dir / "commondir"
    return git_dir / common.read_text().strip() if common.is_file() else git_dir


def find_git_dir(place: Path) -> Path | None:
    """Where the repository at a path has its data, links resolved; None: there is none. Raises OSError."""
    for git_dir in (place / ".git", place):
        if git_dir.is_file():
            # A linked working tree: the file says where its part of the repository is.
            text = git_dir.read_text(errors="replace").strip()
            if text.startswith("gitdir:"):
                git_dir = place / text.removeprefix("gitdir:").strip()
        if (git_dir / "HEAD").is_file() and (
            (git_dir / "commondir").is_file() or (git_dir / "objects").is_dir()
        ):
            return git_dir.resolve()
    return None
