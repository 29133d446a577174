"""`inv init` on a forge's mirror of 60,000 refs and 150,000 landings, and then `inv find` of a window of 5,000.

Every fourth landing is a merge; a release `vX.Y.Z` is cut every ten landings, on a branch of its own that is never
merged; the other refs are those that a forge keeps of its requests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.project import INV, ROOT
from bench.timing import children, claim, command, medians

LANDINGS = 150_000
REFS = 60_000
TAGS = 20_000
BRANCHES = 1_000
WINDOW = 5_000

_START = 1_200_000_000
_BETWEEN = 3_000
_ANN = "Ann Reed <ann@example.org>"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repository = folder / "project.git"
        make_repository(repository)
        env = {
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(folder / "pycache"),
            "SHEPHERD_CONFIG": str(folder / "shepherd.toml"),
        }
        git = ("git", f"--git-dir={repository}")

        def inv(*words: str | Path) -> None:
            command(INV, "-r", ROOT, *words, cwd=folder, env=env)()

        def init(*deployed: str) -> None:
            (folder / "shepherd.toml").unlink(missing_ok=True)
            shutil.rmtree(folder / "var", ignore_errors=True)
            inv("init", "--repository", repository, *deployed)

        def bare() -> None:
            command(*git, "rev-list", "--first-parent", "--count", "main", cwd=folder)()
            command(*git, "for-each-ref", "--format=%(refname) %(objectname)", cwd=folder)()

        took = medians({"init": init, "git": bare}, children)
        claim(
            f"inv init, {REFS:,} refs and {LANDINGS:,} landings, against git rev-list --count and for-each-ref",
            took["init"],
            took["git"],
        )
        init("--deployed", f"r{LANDINGS - WINDOW}")

        def find() -> None:
            (folder / "var/shepherd.db").unlink(missing_ok=True)
            init("--deployed", f"r{LANDINGS - WINDOW}")
            inv("find")

        def log() -> None:
            fields = "--format=%H%x00%P%x00%aN%x00%aE%x00%ct%x00%B"
            command(*git, "log", "-z", "--first-parent", "-p", f"-n{WINDOW}", fields, "main", cwd=folder)()

        took = medians(
            {"find": find, "init": lambda: init("--deployed", f"r{LANDINGS - WINDOW}"), "log": log}, children
        )
        claim(
            f"inv find, a window of {WINDOW:,} for the first time, against git log -p of it",
            took["find"] - took["init"],
            took["log"],
        )


def make_repository(place: Path) -> None:
    """The repository, made by one `git fast-import`."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", place], check=True)
    importer = subprocess.Popen(["git", "fast-import", "--quiet"], cwd=place, stdin=subprocess.PIPE)
    assert importer.stdin
    with importer.stdin as feed:
        feed.writelines(_history())
    if importer.wait():
        raise SystemExit("git fast-import failed")
    subprocess.run(["git", "pack-refs", "--all"], cwd=place, check=True)


def _history() -> Iterator[bytes]:
    every = LANDINGS // (TAGS // 2)
    for number in range(1, LANDINGS + 1):
        mark, parent = 2 * number, b"from :%d\n" % (2 * number - 2) if number > 1 else b""
        if number % 4 == 0:
            yield _commit("refs/heads/main", mark - 1, number, f"Work on {number}", parent)
            parent += b"merge :%d\n" % (mark - 1)
            yield _commit(
                "refs/heads/main", mark, number, f"Merge pull request #{number} from ann/topic", parent
            )
        else:
            yield _commit("refs/heads/main", mark, number, f"Change {number} (#{number})", parent)
        if number % every == 0:
            yield from _release(number // every, mark, number)
    for number in range(BRANCHES):
        yield b"reset refs/heads/topic/%d\nfrom :%d\n\n" % (number, 2 * (LANDINGS - number))
    for number in range(REFS - TAGS - BRANCHES - 1):
        yield b"reset refs/pull/%d/head\nfrom :%d\n\n" % (number, 2 * (LANDINGS - number))


def _release(count: int, landing: int, number: int) -> Iterator[bytes]:
    """A release with a commit of its own: a tag object; and its candidate, a tag that is none."""
    version = f"v{count // 1000}.{count // 10 % 100}.{count % 10}"
    mark, ref = 2 * LANDINGS + count, f"refs/heads/release-{count % 50}"
    yield _commit(ref, mark, number, f"Release {version}", b"from :%d\n" % landing)
    stamp = f"tagger {_ANN} {_START + number * _BETWEEN} +0000\n"
    yield f"tag {version}\nfrom :{mark}\n{stamp}data 0\n\n".encode()
    yield f"reset refs/tags/{version}-rc1\nfrom :{landing}\n\n".encode()


def _commit(ref: str, mark: int, number: int, message: str, parents: bytes) -> bytes:
    text = message.encode()
    stamp = f"{_ANN} {_START + number * _BETWEEN} +0000\n".encode()
    file = b"M 100644 inline changes/%d\ndata %d\n%d\n" % (number % 500, len(str(mark)), mark)
    return b"commit %b\nmark :%d\nauthor %bcommitter %bdata %d\n%b\n%b%b\n" % (
        *(ref.encode(), mark, stamp, stamp, len(text), text),
        *(parents, file),
    )


if __name__ == "__main__":
    main()
