"""What of a message is the landing's own, and what it quotes: logs of other repositories, messages of other
commits, release notes (docs/rules.md#quoted)."""

from __future__ import annotations

import re
from itertools import accumulate

_RANGE = r"[0-9a-f]{6,64}\.{2,3}[0-9a-f]{6,64}"
_REVISION = (
    r"`?(?:v?[0-9]{1,9}(?:\.[0-9]{1,9}){1,9}(?:[-+][\w.+-]{1,99})?"
    r"|r[0-9]{1,10}|(?=[a-f]{0,63}[0-9])[0-9a-f]{6,64})(?![\w%])`?"
)
"""A version with a dot, a revision of Subversion, a SHA."""
_ITEM = r" {0,3}(?:[-*+] )?"
_SHA = r"\[?`?(?=[a-f]{0,63}[0-9])[0-9a-f]{7,64}`?(?:\]\([^()\s]{1,500}\))?"
_LINE = re.compile(
    r" {0,3}>| {4}|\t"
    rf"|{_ITEM}{_SHA}:? {{1,9}}[^\s.,;]"
    rf"|{_ITEM}[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}\S{{0,20}} \S{{1,255}}@\S"
    r"| ?[-*+] #[0-9]{1,10} \("
)
"""How a line begins that is a quotation by itself: `> …`, indented by four, `SHA title`,
`date address title`, `- #12 (title)`."""
_LOG = re.compile(
    rf" {{0,3}}(?:[\w ]{{1,30}}: ?)?https?://\S{{1,500}}?{_RANGE}\S{{0,100}}\s{{0,9}}\Z"
    rf"|(?:\$ )?git log .{{0,100}}?{_RANGE}"
)
"""A line that says which log follows."""
_ROLL = re.compile(
    r"(?:\[[^\[\]]{1,30}\] |\w{1,30} )?Roll(?:s|ed|ing)?\b(?![\s-]*(?:back|out|up)\b)"
    rf".{{0,500}}?(?:{_RANGE}|\bfrom {_REVISION} to {_REVISION}|\([0-9]{{1,6}} (?:commit|revision|change))",
    re.IGNORECASE,
)
_BUMP = re.compile(
    r"(?:\w{1,30}(?:\([^()]{1,30}\))?!?: |\[[^\[\]]{1,60}\] )?(?:"
    rf"(?:bump|update|upgrade)s?\b.{{0,500}}?\b"
    rf"(?:to {_REVISION}|from v?[0-9]{{1,9}} to v?[0-9]{{1,9}}(?![\w%]))"
    # a robot says what kind of thing it updates, and may leave out the dot
    r"|update (?:dependency|module|plugin) \S{1,255} to v?[0-9]"
    r"|update \S{1,255} (?:action|docker tag|monorepo|digest) to v?[0-9])",
    re.IGNORECASE,
)
_NOTES = re.compile(r"[#* ]{0,9}(?:Release notes|Change ?log|Commits)[:* ]{0,9}\Z", re.IGNORECASE)
_REVERT = re.compile(r"\b(?:revert|back(?:ed|s|ing)?[ -]?out|roll(?:ed|s|ing)?[ -]?back)", re.IGNORECASE)
_ANNOUNCED = re.compile(
    r"\breverts?\s{1,9}(?:commits?|changes?)(?:\s{0,9}:?|\b[^.;]{0,150}(?:,|&|\band))\s{0,9}\Z", re.IGNORECASE
)
_TRAILER = re.compile(
    r"[a-z][\w-]{0,60}(?: revision)?:\s|see merge request\s|\(cherry picked\s|[ \t]", re.IGNORECASE
)
_DETAILS = re.compile(r"</?details")
_SIGN = re.compile(rf"\n(?:{_LINE.pattern}|[#* ]{{0,9}}(?:[Rr]elease [Nn]otes|[Cc]hange ?[Ll]og|[Cc]ommits))")


def is_roll(subject: str) -> bool:
    """Whether a title says that another project was brought from one revision to another: what its message
    tells is the history of that project."""
    return _ROLL.match(subject) is not None


def own_text(body: str) -> str:
    """A body (see `CommitMessage`) without the lines that it quotes; its first paragraph always stays."""
    if not (".." in body or "<details" in body or _SIGN.search(body)):
        return body
    lines = body.split("\n")
    subject = lines[0]
    announces = _REVERT.search(subject) is not None
    # what git itself makes of a squash: the messages of the landing's own commits, indented
    squashed = "\nSquashed commit of the following:\n" in f"\n{body}"
    roll, bump = is_roll(subject), _BUMP.match(subject) is not None
    first = next((at for at, line in enumerate(lines) if not line.strip()), len(lines))
    trailers = _trailers(lines, first)
    own = lines[:first]
    below = listing = False
    """Below what says that a log or release notes follow; within the list of what this landing reverts."""
    folded = _folded(lines, first) if "<details" in body else set()
    for at in range(first, len(lines)):
        line = lines[at]
        quoted = _LINE.match(line) is not None and not (squashed and line[:1].isspace())
        listing = listing and (quoted or not line.strip())
        if at == trailers:
            below = False
        elif not announces:
            notes = bump and _NOTES.match(line) is not None
            below = below or notes or (roll and quoted) or _LOG.match(line) is not None
        if listing or not (quoted or below or (at in folded and at < trailers)):
            own.append(line)
        listing = listing or _ANNOUNCED.search(line[-200:]) is not None
    return "\n".join(own)


def _folded(lines: list[str], first: int) -> set[int]:
    """The lines of each `<details>` that is closed again: one that is not is a word of a sentence."""
    opened: list[int] = []
    depth = [0] * (len(lines) + 1)
    for at in range(first, len(lines)):
        for tag in _DETAILS.findall(lines[at]):
            if tag == "<details":
                opened.append(at)
            elif opened:
                depth[opened.pop()] += 1
                depth[at + 1] -= 1
    return {at for at, deep in enumerate(accumulate(depth)) if deep}


def _trailers(lines: list[str], first: int) -> int:
    """Where the last paragraph begins, if it is one of trailers: they are the landing's own."""
    start = len(lines)
    while start > first and _TRAILER.match(lines[start - 1]):
        start -= 1
    return start if start == first or not lines[start - 1].strip() else len(lines)
