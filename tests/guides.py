"""The command blocks of the guides, and where each is run.

Right above a block of ```` ```sh ```` stands a comment: `<!-- run: PLACE -->` with one of PLACES, or
`<!-- not run: REASON -->`. A block that may end with another exit code than 0 names them:
`<!-- run: host (exit 0, 7) -->`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.inv import ROOT

PLACES = ("operator", "host", "host root", "git", "web")
"""The operator's clone; lpqateam's release on the host; root there, at the git server, at the web host."""
FILES = sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md"])

_COMMENT = re.compile(
    r"<!-- (?:run: (?P<place>[^(]+?)(?: \(exit (?P<codes>[\d, ]+)\))?|not run: (?P<why>.+?)) *-->"
)
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)$")


class Block(NamedTuple):
    """One fenced block of commands."""

    file: Path
    line: int
    """That of its fence, from 1."""
    heading: str
    text: str
    place: str = ""
    codes: tuple[int, ...] = (0,)
    """The exit codes that it may end with."""
    why_not: str = ""
    """Why it is not run; empty: it is."""
    comment: str = ""
    """The line above the fence."""

    @property
    def where(self) -> str:
        return f"{self.file.name}:{self.line}"


def blocks(file: Path, language: str = "sh") -> Iterator[Block]:
    """The blocks of a file in one language, in its order."""
    lines = file.read_text("utf-8").splitlines()
    heading, number = "", 0
    while number < len(lines):
        line = lines[number]
        if line.startswith("#"):
            heading = line.lstrip("# ")
        fence = _FENCE.match(line)
        number += 1
        if not fence:
            continue
        start = number
        while lines[number].strip() != "```":
            number += 1
        if fence["language"] == language:
            text = "\n".join(each.removeprefix(fence["indent"]) for each in lines[start:number])
            yield _block(file, start, heading, text, lines[start - 2].strip() if start > 1 else "")
        number += 1


def _block(file: Path, line: int, heading: str, text: str, comment: str) -> Block:
    match = _COMMENT.fullmatch(comment)
    if not match:
        return Block(file, line, heading, text, comment=comment)
    codes = tuple(int(each) for each in (match["codes"] or "0").split(","))
    return Block(file, line, heading, text, match["place"] or "", codes, match["why"] or "", comment)


def spans(file: Path) -> Iterator[tuple[int, str]]:
    """What stands in backticks in a file's prose, with the number of its line; a span may go over two."""
    text = file.read_text("utf-8")
    # blocks are not prose; their lines stay, for the numbers
    text = re.sub(r"(?ms)^ *```.*?^ *```$", lambda match: "\n" * match[0].count("\n"), text)
    for match in re.finditer(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", text, re.DOTALL):
        if "\n\n" not in match[2]:
            yield text.count("\n", 0, match.start()) + 1, " ".join(match[2].split())
