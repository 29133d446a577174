"""`LP: #1, #2` and `Merged from URL`: what Launchpad's landings say since 2019 (docs/rules.md#marks)."""

from __future__ import annotations

import re

from shepherd.marks.collector import MarkCollector
from shepherd.marks.text import WEB_ADDRESS, CommitMessage

_BUGS = re.compile(r"^[^\S\n]*+LP:[^\S\n]*+(#[0-9][^\n]*+)", re.IGNORECASE | re.MULTILINE)
_LISTED = re.compile(r"(?:\A|,)\s*+#([0-9]+)")
_MERGED_FROM = re.compile(
    rf"^[^\S\n]*+Merged from[^\S\n]++({WEB_ADDRESS})[^\S\n]*+$", re.IGNORECASE | re.MULTILINE
)
_PROPOSAL = re.compile(r"/\+merge/[0-9]+/?$")


def read(message: CommitMessage, marks: MarkCollector) -> None:
    """Read the footers, wherever in the body their lines stand."""
    lower = message.body.lower()
    if "lp:" in lower:
        # A list that is repeated adds nothing, and a hostile message repeats one a million times.
        lists: dict[str, int] = {}
        for line in _BUGS.finditer(message.body):
            lists.setdefault(line[1], line.start())
        for listed, at in lists.items():
            marks.bugs.append((at, marks.numbers(_LISTED.findall(listed))))
    if "merged from" in lower:
        _merged_from(message.body, marks)


def _merged_from(body: str, marks: MarkCollector) -> None:
    # The last one: it is what the landing added to a message that may quote others.
    for line in _MERGED_FROM.finditer(body):
        marks.url, host, path = line[1], line[2].lower(), line[3] or ""
        if "launchpad" in host.split("."):
            path = _PROPOSAL.sub("", path)
        marks.branch = path.strip("/")
