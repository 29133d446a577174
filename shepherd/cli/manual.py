"""The manual page `shepherd(1)`, made from the tasks: it cannot say what they do not know.

`man -l <(shepherd man)` reads it. Roff takes a line that begins with a dot or an apostrophe for a command, a
backslash for an escape: no text of ours may be either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from invoke.collection import Collection
from invoke.tasks import Task

from shepherd import __version__
from shepherd.running.tasking import call_of

_EXIT = (
    ("0", "done, or nothing to do"),
    ("1", "an unexpected failure, or a usage error"),
    ("2", "settings or a value are wrong, or the caller is not the owner of state_dir"),
    ("3", "maintenance is in place"),
    ("4", "another copy is running"),
    ("5", "no data"),
    ("6", "a deadline passed"),
    ("7", "partly done; the rest is tried again next time"),
    (
        "8",
        "refused: not deployable, or something would be lost; replay, audit: something does not hold",
    ),
)
"""docs/interfaces.md#exit-codes"""
_FILES = (
    (
        "shepherd.toml",
        "the settings, in the working directory or ~/.config/qa-shepherd, or $SHEPHERD_CONFIG",
    ),
    ("var/", "state_dir: database, snapshots, pages, log and backups"),
)


def page(namespace: Collection) -> str:
    """The manual page of all tasks, as roff for `man`."""
    return "".join(f"{line}\n" for line in _lines(namespace))


def _lines(namespace: Collection) -> Iterator[str]:
    yield f'.TH SHEPHERD 1 "" "QA Shepherd {escaped(__version__)}" "User Commands"'
    yield from (
        ".SH NAME",
        escaped("shepherd - tells which revision may go to production, and whose move it is"),
    )
    yield from (".SH SYNOPSIS", r".B shepherd", r".I TASK", r"[\fIARGUMENT\fR ...] [\fITASK\fR ...]")
    yield from (".br", r".B shepherd \-\-list", "|", r".B \-\-help", r".I TASK", "|", r".B \-\-version")
    yield from (
        ".SH DESCRIPTION",
        "Several tasks may be named in one call; each gets its turn, and the worst exit status counts.",
        "In a clone, and on a host in",
        ".IR \\(ti/shepherd/current ,",
        "the same tasks are called as",
        r".BR .venv/bin/inv .",
    )
    yield ".SH TASKS"
    for name in sorted(namespace.task_names):
        yield from _task(name, namespace[name])
    yield ".SH EXIT STATUS"
    for code, meaning in _EXIT:
        yield from (".TP", f".B {code}", escaped(meaning))
    yield ".SH FILES"
    for name, meaning in _FILES:
        yield from (".TP", f".I {escaped(name)}", escaped(meaning))


def _task(name: str, task: Task[Any]) -> Iterator[str]:
    texts = task.body.__dict__.get("help_of_flags", {})
    named = [(str(each.name), each) for each in task.get_arguments()]
    yield f".SS {escaped(call_of(name, task))}"
    yield escaped((task.__doc__ or "").strip())
    for key, each in named:
        word = key.strip("_")
        value = rf" \fI{escaped(word.upper())}\fR" if each.takes_value else ""
        option = "--" + word.replace("_", "-")
        yield ".TP"
        yield rf"\fI{escaped(word.upper())}\fR" if each.positional else rf"\fB{escaped(option)}\fR{value}"
        yield escaped(texts.get(key, ""))


def escaped(text: str) -> str:
    """Text on one line that roff prints as it is, whatever it begins with."""
    line = re.sub(r"\s+", " ", text).replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    line = line.replace("`", r"\(ga").replace("^", r"\(ha").replace("~", r"\(ti").replace('"', r"\(dq")
    return rf"\&{line}" if line.startswith((".", r"\(aq")) else line
