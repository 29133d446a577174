"""Each command that the guides give can be pasted: it says where it is run, and names what there is.

The blocks are run by `tests/real/test_docs.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from invoke.collection import Collection
from invoke.program import Program

import fabfile
import tasks
from tests.guides import FILES, PLACES, Block, blocks, spans

BLOCKS = [block for file in FILES for block in blocks(file)]
_CALLED = re.compile(r"^(?:\S*/)?(inv|shepherd|fab)(?: +(.*))?$")
_CORE = {name for argument in Program().core_args() for name in argument.names}
_CORE |= {"H", "hosts", "i", "identity", "S", "ssh-config", "search-root", "list", "print-completion-script"}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.where)
def test_a_block_of_commands_says_where_it_is_run(block: Block) -> None:
    assert block.place in PLACES or block.why_not, (
        f"{block.where}: above a block of commands stands <!-- run: PLACE --> with one of"
        f" {', '.join(PLACES)}, or <!-- not run: REASON -->, not {block.comment!r}"
    )
    prompts = [line for line in block.text.splitlines() if line.startswith("$ ")]
    assert not prompts, f"{block.where}: no prompt stands in a block that is pasted"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_command_names_a_task_and_options_that_exist(file: Path) -> None:
    wrong = [
        f"{file.name}:{line}: `{command}`: {complaint}"
        for line, command in _commands(file)
        if (complaint := _complaint(command))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("comment", "place", "codes", "why_not"),
    [
        ("<!-- run: host root -->", "host root", (0,), ""),
        ("<!-- run: host (exit 0, 7) -->", "host", (0, 7), ""),
        ("<!-- not run: needs a browser -->", "", (0,), "needs a browser"),
        ("<!-- not run: -->", "", (0,), ""),
        ("<!-- run -->", "", (0,), ""),
        ("As lpqateam:", "", (0,), ""),
    ],
)
def test_where_a_block_is_run(
    tmp_path: Path, comment: str, place: str, codes: tuple[int, ...], why_not: str
) -> None:
    file = tmp_path / "guide.md"
    file.write_text(
        f"# Guide\n\n1. First\n\n   {comment}\n   ```sh\n   if x; then\n     y\n   ```\n\n```text\nz\n```\n"
    )
    (block,) = blocks(file)
    assert (block.place, block.codes, block.why_not) == (place, codes, why_not)
    assert (block.heading, block.line, block.text) == ("Guide", 6, "if x; then\n  y")


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (".venv/bin/inv find judge --dry-run", ""),
        ('inv verdict REV ok|bad --reason "…"', ""),
        ("inv upgrade [--to RELEASE]", ""),
        ("fab -H HOST deploy --ref REF", ""),
        ("inv finde", "there is no task finde"),
        ("inv maintenance.of", "there is no task maintenance.of"),
        ("inv find --to r1", "find has no option --to"),
        ("fab judge", "there is no task judge"),
        ("fab deploy --accept", "deploy has no option --accept"),
    ],
)
def test_what_does_not_exist_is_seen(command: str, complaint: str) -> None:
    assert _complaint(command) == complaint


def _commands(file: Path) -> list[tuple[int, str]]:
    """Our commands in the prose and in the blocks of a file."""
    commands = [(line, text) for line, text in spans(file) if _CALLED.match(text)]
    for block in blocks(file):
        for number, text in enumerate(block.text.splitlines(), block.line + 1):
            parts = (part.strip() for part in re.split(r"&&|\|\|?|;|\$\(|\)", text))
            commands += [(number, part) for part in parts if _CALLED.match(part)]
    return commands


def _complaint(command: str) -> str:
    """What of a command does not exist; empty: nothing."""
    called = _CALLED.match(command)
    assert called
    namespace = Collection.from_module(fabfile) if called[1] == "fab" else tasks.namespace
    options, task = set(_CORE), ""
    # without what a reader fills in: [--to RELEASE], "…", a|b
    for word in re.sub(r"\"[^\"]*\"|'[^']*'|[\[\]…]|#.*", " ", called[2] or "").replace("\\|", "|").split():
        if word.startswith("-") and word.strip("-"):
            option = word.strip(",.").lstrip("-").partition("=")[0]
            if option not in options:
                return f"{task or called[1]} has no option --{option}"
        elif word in namespace.task_names:
            task = word
            for argument in namespace[word].get_arguments():
                options |= {name.replace("_", "-") for name in argument.names}
        elif not task and re.fullmatch(r"[a-z][a-z.-]*", word):
            return f"there is no task {word}"
    return ""
