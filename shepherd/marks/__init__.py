"""What one commit message says, by the grammars that a branch reads (docs/rules.md#marks)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from shepherd.landing import Marks
from shepherd.marks import brackets, footers, forge, keys, references, reverts, trailers
from shepherd.marks.collector import MarkCollector
from shepherd.marks.quotations import own_text
from shepherd.marks.text import CommitMessage, clean, first_paragraph, normal

_READERS: dict[str, Callable[[CommitMessage, MarkCollector], None]] = {
    "brackets": brackets.read,
    "footers": footers.read,
    "forge": forge.read,
    "trailers": trailers.read,
    "keys": keys.read,
    "references": references.read,
}

MAY_SAY = re.compile(r"[\n\[#!:']|revert|reapply|back|merge", re.IGNORECASE)
"""What every mark has in it, or the words of every revert: a message without any of it is a title alone."""


def parse(
    message: bytes | str,
    grammars: Sequence[str],
    project: str | None = None,
    key_projects: Sequence[str] = (),
) -> Marks:
    """Read the marks of one commit message.

    `message` is the whole message; bytes are taken for UTF-8, and other bytes become U+FFFD. `grammars`
    are names of `settings.ALL_GRAMMARS`; what the message says about reverts is read whatever they are.
    `project` ("group/project") is the one whose requests are ours: a request of another one is a warning. If
    it is empty that is not known, and a request keeps the project that it names; if None, either is ours.
    `key_projects` are the projects whose keys ("ABC-123") the grammar `keys` reads, and no others.
    Raises nothing, whatever the bytes, and takes time in proportion to their number: what cannot be read is
    a warning in the answer.
    """
    text = normal(message)
    if "keys" not in grammars:
        key_projects = ()
    if not MAY_SAY.search(text) and not (key_projects and keys.MAY_SAY.search(text)):
        return Marks(clean(text))
    run, body = brackets.split(text) if "brackets" in grammars else ("", text)
    own = own_text(body)
    subject = clean(body.partition("\n")[0])
    parts = CommitMessage(
        run, subject, body, own, own.lower(), project, key_projects, trailers_read="trailers" in grammars
    )
    marks = MarkCollector()
    for name, read in _READERS.items():
        if name in grammars:
            read(parts, marks)
    # Last, because a revision that a mark names is not a hint.
    reverts.read(parts, marks)
    return marks.marks(parts.subject, first_paragraph(body))
