"""`inv init` on a forge's mirror of 60,000 refs and 150,000 landings, then `inv find` of a window of 5,000.

Every fourth landing is a merge. Every fifteenth has a release `vX.Y.Z` with a commit of its own on a branch
that is never merged, and a candidate of it; only an ancient v0.0.0 is merged. All other refs are those that a
forge keeps of its requests.
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
EVERY = 15
"""Landings from one release to the next: 20,000 tags, since each release has a candidate."""
NOT_RELEASED = 1_500
"""The newest landings, which are in no release yet."""
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
        what = f"inv init, {REFS:,} refs and {LANDINGS:,} landings"
        claim(f"{what}, against git rev-list --count and for-each-ref", took["init"], took["git"], 3)

        def begin() -> None:
            init("--deployed", f"r{LANDINGS - WINDOW}")

        def find() -> None:
            begin()
            inv("find")

        def log() -> None:
            fields = "--format=%H%x00%P%x00%aN%x00%aE%x00%ct%x00%B"
            words = ("log", "-z", "--first-parent", "-p", f"-n{WINDOW}", fields, "main")
            command(*git, *words, cwd=folder)()

        took = medians({"find": find, "init": begin, "log": log}, children)
        what = f"inv find, a window of {WINDOW:,} for the first time"
        claim(f"{what}, against git log -p of it", took["find"] - took["init"], took["log"])


def make_repository(place: Path) -> None:
    """The repository: its commits by one `git fast-import`, most of its refs as git packs them."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", place], check=True)
    options = ("--quiet", "--depth=0", "--export-marks=marks")
    importer = subprocess.Popen(["git", "fast-import", *options], cwd=place, stdin=subprocess.PIPE)
    assert importer.stdin
    with importer.stdin as feed:
        feed.writelines(_history())
    if importer.wait():
        raise SystemExit("git fast-import failed")
    subprocess.run(["git", "pack-refs", "--all"], cwd=place, check=True)
    shas = dict(line.split(" ") for line in (place / "marks").read_text().splitlines())
    refs = [f"{shas[f':{mark}']} {ref}\n" for ref, mark in _light_refs()]
    packed = place / "packed-refs"
    # without its header git expects neither an order nor the commits of all tags
    packed.write_text("".join([*packed.read_text().splitlines(keepends=True)[1:], *refs]))


def _history() -> Iterator[bytes]:
    for number in range(1, LANDINGS + 1):
        mark, parent = 2 * number, b"from :%d\n" % (2 * number - 2) if number > 1 else b""
        if number % 4 == 0:
            yield _commit("refs/heads/main", mark - 1, number, f"Work on {number}", parent)
            parent += b"merge :%d\n" % (mark - 1)
            message = f"Merge pull request #{number} from ann/topic"
        else:
            message = f"Change {number} (#{number})"
        yield _commit("refs/heads/main", mark, number, message, parent)
        if number % EVERY == 0 and number <= LANDINGS - NOT_RELEASED:
            count = number // EVERY
            made = 2 * LANDINGS + count
            parent = b"from :%d\n" % mark
            yield _commit("refs/heads/stable", made, number, f"Release {_version(count)}", parent)
            stamp = f"tagger {_ANN} {_START + number * _BETWEEN} +0000\n"
            yield f"tag {_version(count)}\nfrom :{made}\n{stamp}data 0\n\n".encode()
    yield b"reset refs/heads/stable\nfrom :2\n\n"


def _light_refs() -> Iterator[tuple[str, int]]:
    """Branches, requests, and the candidates of releases, with the marks of what they name."""
    releases = (LANDINGS - NOT_RELEASED) // EVERY
    yield "refs/tags/v0.0.0", 2
    for count in range(1, releases + 1):
        yield f"refs/tags/{_version(count)}-rc1", 2 * LANDINGS + count
    for number in range(BRANCHES):
        yield f"refs/heads/topic/{number}", 2 * (LANDINGS - number)
    for number in range(REFS - 2 * releases - BRANCHES - 3):
        yield f"refs/pull/{number}/head", 2 * (LANDINGS - number)


def _version(count: int) -> str:
    return f"v{count // 1000}.{count // 10 % 100}.{count % 10}"


def _commit(ref: str, mark: int, number: int, message: str, parents: bytes) -> bytes:
    text = message.encode()
    stamp = f"{_ANN} {_START + number * _BETWEEN} +0000\n".encode()
    file = b"M 100644 inline %d/%d\ndata %d\n%d\n" % (number % 20, number // 20 % 25, len(str(mark)), mark)
    return b"commit %b\nmark :%d\nauthor %bcommitter %bdata %d\n%b\n%b%b\n" % (
        *(ref.encode(), mark, stamp, stamp, len(text), text),
        *(parents, file),
    )


if __name__ == "__main__":
    main()
