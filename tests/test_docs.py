"""Each command that the guides give can be pasted: it says where it is run, and names what there is.

The blocks are run by `tests/real/test_docs.py`.
"""

from __future__ import annotations

import re

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
        f"{block.where}: above a block of commands stands <!-- run: PLACE --> with one of {', '.join(PLACES)},"
        f" or <!-- not run: REASON -->, not {block.comment!r}"
    )
    prompts = [line for line in block.text.splitlines() if re.match(r"[$#] ", line) and line[0] == "$"]
    assert not prompts, f"{block.where}: no prompt stands in a block that is pasted"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_command_names_a_task_and_options_that_exist(file: object) -> None:
    wrong = []
    for line, command in _commands(file):
        if complaint := _complaint(command):
            wrong.append(f"{file}:{line}: `{command}`: {complaint}")
    assert not wrong, "\n".join(wrong)


def _commands(file: object) -> list[tuple[int, str]]:
    """Our commands in the prose and in the blocks of a file."""
    found = [(line, text) for line, text in spans(file) if _CALLED.match(text)]
    for block in BLOCKS:
        if block.file == file:
            lines = block.text.replace("\\\n", "").splitlines()
            for number, text in enumerate(lines, block.line + 1):
                parts = re.split(r"&&|\|\|?|;|\$\(|\)", text)
                found += [(number, part.strip()) for part in parts if _CALLED.match(part.strip())]
    return found


def _complaint(command: str) -> str:
    """What of a command does not exist; empty: nothing."""
    called = _CALLED.match(command)
    assert called
    namespace = _fab() if called[1] == "fab" else tasks.namespace
    options = set(_CORE)
    named = ""
    # what a reader fills in: [--to RELEASE], "…", a|b
    for word in re.sub(r"[\[\]…]|#.*", " ", called[2] or "").replace("\\|", "|").split():
        if word.startswith("-") and word.strip("-"):
            name = word.strip(",.").lstrip("-").partition("=")[0]
            if name not in options:
                return f"{named or called[1]} has no option --{name}"
        elif re.fullmatch(r"[a-z]+(\.[a-z]+)?", word) and word in namespace.task_names:
            named = word
            options |= {each for argument in namespace[word].get_arguments() for each in argument.names}
            options |= {each.replace("_", "-") for each in options}
        elif not named and re.fullmatch(r"[a-z][a-z.-]*", word) and not options & {word}:
            return f"there is no task {word}"
    return ""


def _fab() -> Collection:
    return Collection.from_module(fabfile)
