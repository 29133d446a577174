"""People whom a message names, through `.mailmap`: git maps by itself only those of a commit's own lines."""

from __future__ import annotations

import re
from collections.abc import Iterable

from shepherd.git.repository import Git

_FIT = re.compile(r"[^<>\n]*<[^<>\s]+>")
"""What `git check-mailmap` takes; it ends at the first line that is anything else."""


def through_mailmap(
    git: Git, mailmap: str, people: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[str, str]]:
    """Name and address of each of these people as the blob `mailmap` has them.

    One process for all of them; none where there is no mailmap, or nobody to ask for. Raises SourceError.
    """
    mapped = {person: person for person in people}
    lines = {f"{name} <{address}>".strip(): (name, address) for name, address in mapped}
    asked = [line for line in lines if line.isprintable() and _FIT.fullmatch(line)]
    if not mailmap or not asked:
        return mapped
    output = git.out(
        *("-c", f"mailmap.blob={mailmap}", "-c", "mailmap.file=", "check-mailmap", "--stdin"),
        input="".join(f"{line}\n" for line in asked).encode("utf-8", "replace"),
    )
    for line, answer in zip(asked, output.decode("utf-8", "replace").split("\n"), strict=False):
        name, _, address = answer.rpartition("<")
        mapped[lines[line]] = (name.strip(), address.removesuffix(">"))
    return mapped
