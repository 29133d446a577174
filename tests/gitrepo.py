"""Git repositories for tests, written object by object without a process: about 1,500 commits a second.

Messages and files may hold any bytes, histories any shape. Every commit without `files` adds a small file of
its own, so that its diff is unlike any other; `files={}` makes a commit with an empty diff.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

ANN = "Ann <ann@example.org>"
START = 1_300_000_000
ISOLATED = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TEMPLATE_DIR": "",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
}

Text = str | bytes
Files = Mapping[str, Text | None]
"""Path -> new content, None to remove it."""


class Repo:
    """A repository at `path`; what was committed is remembered, so nothing is read back.

    `git_dir` is where it lies; `branch` is the branch that is meant where none is named.
    """

    def __init__(self, path: Path | str, *, bare: bool = True, sha256: bool = False, branch: str = "stable"):
        self.path = Path(path)
        self.branch = branch
        self.git_dir = self.path if bare else self.path / ".git"
        self.clock = START
        self._hash = hashlib.sha256 if sha256 else hashlib.sha1
        self._trees: dict[str, dict[str, str]] = {}
        self._parents: dict[str, tuple[str, ...]] = {}
        self._refs: dict[str, str] = {}
        self._written: set[str] = set()
        self.path.mkdir(parents=True, exist_ok=True)
        kind = ["--bare"] if bare else []
        hashing = ["--object-format=sha256"] if sha256 else []
        self.git("init", "-q", "-b", branch, *kind, *hashing, ".")

    def git(self, *args: str, input: bytes | None = None) -> str:
        """Run the real git in it, apart from the settings of the person who runs the tests."""
        done = subprocess.run(
            ["git", *args], cwd=self.path, env=os.environ | ISOLATED, input=input, capture_output=True
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode(errors="replace").strip()

    def commit(
        self,
        message: Text,
        files: Files | None = None,
        author: str = ANN,
        date: int | None = None,
        parents: Sequence[str] | None = None,
        *,
        branch: str = "",
        committer: str = "",
        encoding: str = "",
    ) -> str:
        """One commit onto `branch`; `parents` None: its tip, [] makes a root. `date` is for both dates.

        The files are those of the first parent, changed by `files`.
        """
        ref = _full(branch or self.branch)
        if parents is None:
            parents = [self._refs[ref]] if ref in self._refs else []
        tree = dict(self._trees[parents[0]]) if parents else {}
        if files is None:
            files = {f"landed/{len(self._trees)}.txt": f"{len(self._trees)}\n"}
        for path, content in files.items():
            if content is None:
                tree.pop(path, None)
            else:
                tree[path] = self._object("blob", _bytes(content))
        sha = self._commit(message, tree, parents, author, date, committer, encoding)
        self.set_ref(ref, sha)
        return sha

    def merge(
        self,
        message: Text,
        *others: str,
        author: str = ANN,
        date: int | None = None,
        branch: str = "",
        committer: str = "",
    ) -> str:
        """Merge the commits `others` into `branch`, with the changes they made since they left it."""
        ref = _full(branch or self.branch)
        tip = self._refs[ref]
        tree = dict(self._trees[tip])
        known = self.ancestors(tip)
        for other in others:
            base = other
            while base not in known and self._parents[base]:
                base = self._parents[base][0]
            before = self._trees[base] if base in known else {}
            _apply(tree, before, self._trees[other])
        sha = self._commit(message, tree, [tip, *others], author, date, committer, "")
        self.set_ref(ref, sha)
        return sha

    def revert(
        self,
        sha: str,
        message: Text | None = None,
        *,
        author: str = ANN,
        date: int | None = None,
        branch: str = "",
    ) -> str:
        """A commit with the inverse diff of `sha` against its first parent; the message is git's own."""
        ref = _full(branch or self.branch)
        tip = self._refs[ref]
        tree = dict(self._trees[tip])
        first = self._parents[sha][:1]
        _apply(tree, self._trees[sha], self._trees[first[0]] if first else {})
        if message is None:
            subject = self.git("log", "-1", "--format=%s", sha)
            message = f'Revert "{subject}"\n\nThis reverts commit {sha}.\n'
        made = self._commit(message, tree, [tip], author, date, "", "")
        self.set_ref(ref, made)
        return made

    def note(
        self,
        target: str,
        text: Text | None,
        *,
        ref: str = "refs/notes/qa",
        author: str = ANN,
        date: int | None = None,
        parents: Sequence[str] | None = None,
        fanout: int = 0,
    ) -> str:
        """A notes commit that makes `text` the note of `target` (None: removes it).

        `fanout`: how many directories of two digits the note lies under.
        """
        if parents is None:
            parents = [self._refs[ref]] if ref in self._refs else []
        tree = dict(self._trees[parents[0]]) if parents else {}
        tree = {path: blob for path, blob in tree.items() if path.replace("/", "") != target}
        if text is not None:
            cut = 2 * fanout
            path = "/".join([*(target[i : i + 2] for i in range(0, cut, 2)), target[cut:]])
            tree[path] = self._object("blob", _bytes(text))
        sha = self._commit("Notes added", tree, parents, author, date, "", "")
        self.set_ref(ref, sha)
        return sha

    def set_ref(self, name: str, sha: str) -> None:
        """Point a branch (short name) or any full ref at an object."""
        ref = _full(name)
        file = self.git_dir / ref
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(sha + "\n")
        self._refs[ref] = sha

    def delete_ref(self, name: str) -> None:
        (self.git_dir / _full(name)).unlink()
        del self._refs[_full(name)]

    def tag(self, name: str, sha: str) -> str:
        """An annotated tag of a commit or of another tag."""
        kind = "commit" if sha in self._trees else "tag"
        body = f"object {sha}\ntype {kind}\ntag {name}\ntagger {ANN} {self.clock} +0000\n\n{name}\n"
        tag = self._object("tag", body.encode())
        self.set_ref(f"refs/tags/{name}", tag)
        return tag

    def tip(self, branch: str = "") -> str:
        return self._refs[_full(branch or self.branch)]

    def ancestors(self, sha: str) -> set[str]:
        """The commit and all that it contains."""
        found: set[str] = set()
        todo = [sha]
        while todo:
            if (sha := todo.pop()) not in found:
                found.add(sha)
                todo.extend(self._parents[sha])
        return found

    def _commit(
        self,
        message: Text,
        tree: dict[str, str],
        parents: Sequence[str],
        author: str,
        date: int | None,
        committer: str,
        encoding: str,
    ) -> str:
        self.clock = self.clock + 60 if date is None else date
        lines = [f"tree {self._tree(tree)}", *(f"parent {parent}" for parent in parents)]
        when = f"{self.clock} +0000"
        lines += [f"author {author} {when}", f"committer {committer or author} {when}"]
        lines += [f"encoding {encoding}"] if encoding else []
        head = "\n".join(lines).encode() + b"\n\n"
        sha = self._object("commit", head + _bytes(message))
        self._trees[sha] = tree
        self._parents[sha] = tuple(parents)
        return sha

    def _tree(self, files: Mapping[str, str]) -> str:
        folders: dict[str, dict[str, str]] = {}
        entries: list[tuple[bytes, bytes]] = []
        for path, blob in files.items():
            head, _, rest = path.partition("/")
            if rest:
                folders.setdefault(head, {})[rest] = blob
            else:
                entries.append((head.encode(), b"100644 " + head.encode() + b"\0" + bytes.fromhex(blob)))
        for name, inside in folders.items():
            raw = b"40000 " + name.encode() + b"\0" + bytes.fromhex(self._tree(inside))
            entries.append((name.encode() + b"/", raw))
        return self._object("tree", b"".join(raw for _, raw in sorted(entries)))

    def _object(self, kind: str, body: bytes) -> str:
        raw = f"{kind} {len(body)}\0".encode() + body
        sha = self._hash(raw).hexdigest()
        if sha not in self._written:
            self._written.add(sha)
            folder = self.git_dir / "objects" / sha[:2]
            folder.mkdir(exist_ok=True)
            (folder / sha[2:]).write_bytes(zlib.compress(raw, 1))
        return sha


def twins(one: str, other: str) -> str:
    """A file of two blocks that differ in their headings, far from the line `ssl`: a change of one line looks
    like the same change of the other, but for where it stands."""
    block = "[{}]\nname = x\nhost = a\nport = 1\nssl = {}\ntimeout = 5\nretry = 2\n\n# --\n# --\n"
    return block.format("eu", one) + block.format("us", other)


def _apply(tree: dict[str, str], before: Mapping[str, str], after: Mapping[str, str]) -> None:
    for path in before.keys() | after.keys():
        if before.get(path) != after.get(path):
            if path in after:
                tree[path] = after[path]
            else:
                tree.pop(path, None)


def _bytes(text: Text) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _full(name: str) -> str:
    return name if name.startswith("refs/") else f"refs/heads/{name}"
