"""Between Invoke and the stages: the options that tasks share, errors as sentences, one exit code
(docs/interfaces.md#commands)."""

from __future__ import annotations

import atexit
import functools
import gc
import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from invoke.collection import Collection
from invoke.exceptions import Exit
from invoke.parser.argument import Argument
from invoke.parser.parser import ParseMachine
from invoke.tasks import Task

from shepherd.errors import UNEXPECTED, ShepherdError
from shepherd.running.output import complain, occupy_standard_streams, say, unwritten, write
from shepherd.running.turns import Stopped

if TYPE_CHECKING:
    from shepherd.settings import Settings

__all__ = ["complain", "say"]

ROOT = Path(os.path.realpath(__file__)).parents[2]
"""The folder that this code lies in, its links resolved: late imports never come from another release."""
CLONE = ROOT if (ROOT / "tasks.py").is_file() else None
"""ROOT where it is a clone or a release; None where the package was installed from a wheel."""

# an interpreter that ends looks for cycles among all it has: a third of the time that a reader takes beyond
# Invoke's
atexit.register(gc.freeze)
# before anything of ours is opened
occupy_standard_streams()

COMMON = {
    "branch": "one of the branches in shepherd.toml (default: all)",
    "json": "print JSON for programs",
    "dry_run": "print what would be done, and do nothing",
    "rev": "r123, 123, a SHA, tip, deployed or promoted",
    "word": "ok, bad, untestable, needstesting or withdraw",
    "reason": "why, for those who read it later",
    "as_": "who says this (default: SUDO_USER, SHEPHERD_WHO, the login name)",
    "wait": "wait so many seconds for another copy to end (default: 0)",
}

BRANCH = "branch"
ACTING = ("as_", "dry_run")
"""The options of every task that changes something."""
WORKING = (*ACTING, "wait")
"""Those of a task that takes the work lock."""
DEFAULTS = {"branch": None, "as_": None, "dry_run": False, "wait": None}
"""Shared option -> its value where it is not given, by whose type Invoke knows a flag from a text."""


def task(
    *options: str,
    positional: tuple[str, ...] = (),
    optional: str = "",
    help: dict[str, str] | None = None,
    name: str = "",
    reader: bool = False,
    repeatable: tuple[str, ...] = (),
) -> Callable[..., Task[Any]]:
    """Make a task of ours: no automatic short flags, help for the flags it has, and errors as one sentence.

    Its body is called with its TaskOptions, and with the arguments that it names itself.

    Args:
        options: which of the shared options it has: BRANCH, ACTING, WORKING.
        optional: a positional argument that may be left out; its default is None.
        name: what it is called if not like its function; with a dot (`lock.status`) it belongs to a group.
        reader: all it does is to print; if that cannot be written, it has failed.
        repeatable: flags that may be given several times; their value is a list, and their default None.
    """

    def wrap(body: Callable[..., int | None]) -> Task[Any]:
        name_of_body = name or body.__name__
        known = {**COMMON, **(help or {})}
        context, *own = inspect.signature(body).parameters.values()
        shared = [
            inspect.Parameter(each, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=DEFAULTS[each])
            for each in options
        ]

        @functools.wraps(body)
        def run(context: Any, **arguments: Any) -> None:
            if not {"--help", "-h"}.isdisjoint(v for v in arguments.values() if isinstance(v, str)):
                # Invoke takes what follows for the value of a positional argument
                complain(f"for help: inv --help {name_of_body}")
                raise Exit(code=2)
            if optional and arguments[optional] == "":
                arguments[optional] = None
            chosen = {each: arguments.pop(each) for each in options}
            code = guarded(lambda: _called(body, _options(context, chosen), arguments))
            if reader and (why := unwritten()):
                complain(f"the answer could not be written to standard output: {why}")
                code = UNEXPECTED
            if code:
                raise Exit(code=code)

        # Invoke makes the flags of it
        run.__dict__["__signature__"] = inspect.Signature([context, *own, *shared])
        flags = [each.name for each in (*own, *shared)]
        texts = {flag: known[flag] for flag in flags if flag in known}
        # Invoke takes them out of its own copy once it has read them
        run.__dict__["help_of_flags"] = dict(texts)
        made = _PositionalTask(
            run,
            name=name_of_body,
            positional=(*positional, *filter(None, [optional])),
            iterable=repeatable,
            auto_shortflags=False,
            help=texts,
        )
        made.may_miss = optional
        return made

    return wrap


class _PositionalTask(Task[Any]):
    """A task whose positional argument may be left out where it says so."""

    may_miss = ""
    """The argument of that name."""

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        arguments = super().get_arguments(ignore_unknown_help)
        for each in arguments:
            each.may_miss = each.name == self.may_miss  # type: ignore[attr-defined]  # for _complete_context
        return arguments


def call_of(name: str, task: Task[Any]) -> str:
    """A task with its positional arguments, those in brackets that may be left out: `audit [REV]`."""
    words = [name]
    for each in task.get_arguments():
        if each.positional:
            word = str(each.name).upper()
            words.append(f"[{word}]" if getattr(each, "may_miss", False) else word)
    return " ".join(words)


_complete = ParseMachine.complete_context


def _complete_context(machine: ParseMachine) -> None:
    """Invoke knows no positional argument that may be left out: whatever is missing once a task's words are
    read is an error. So such a one gets an empty value right before that."""
    for each in machine.context.positional_args if machine.context else ():
        if each.value is None and getattr(each, "may_miss", False):
            each.value = ""
    _complete(machine)


# Invoke's own parser is the only one that `inv` uses: a method of it is replaced
ParseMachine.complete_context = _complete_context  # type: ignore[method-assign, assignment]


def _called(body: Callable[..., int | None], options: TaskOptions, arguments: dict[str, Any]) -> int | None:
    from shepherd.running.told import only_looking

    with only_looking(options.dry):
        return body(options, **arguments)


def guarded(body: Callable[[], int | None]) -> int:
    """Run a body; an error for people becomes its one sentence on standard error, and its exit code.

    Raises:
        Stopped: by the keyboard or a signal.
    """
    try:
        code = body() or 0
        write(sys.stdout, "")  # while the interpreter ends it would be too late
        return code
    except ShepherdError as error:
        from shepherd.limits import StoppedError

        complain(str(error))
        if isinstance(error, StoppedError):
            raise Stopped(code=error.code) from None
        return error.code
    except KeyboardInterrupt as stopped:
        # who knows better what that leaves says so in the exception
        complain(f"stopped by the keyboard; {str(stopped) or 'run it again to finish'}")
        raise Stopped(code=UNEXPECTED) from None


def collection(*tasks: Task[Any]) -> Collection:
    """The namespace of tasks.py; dotted names make its groups."""
    namespace = Collection()
    groups: dict[str, Collection] = {}
    for each in tasks:
        group, _, name = str(each.name).rpartition(".")
        if group and group not in groups:
            groups[group] = Collection(group)
        (groups[group] if group else namespace).add_task(each, name)
    for group_of_tasks in groups.values():
        namespace.add_collection(group_of_tasks)
    return namespace


class TaskOptions:
    """What a task was called with apart from its own arguments, in the form that every stage takes.

    Args:
        settings: None: those that this call finds, read when they are first asked for (docs/settings.md).
        who: the person that journal and log name.
        branch: None: all branches.
        dry: print what would be done, and do nothing.
        wait: seconds to wait for another copy to end; None: not given.
        context: Invoke's or Fabric's, for tasks that run commands.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        who: str = "",
        *,
        branch: str | None = None,
        dry: bool = False,
        wait: float | None = None,
        context: Any = None,
    ) -> None:
        if settings is not None:
            self.settings = settings
        self.who = who
        self.dry = dry
        self.wait = wait
        self.context = context
        self._branch = branch

    @functools.cached_property
    def settings(self) -> Settings:
        """The settings. Raises SettingsError."""
        from shepherd.settings import load

        return load(os.environ, CLONE, Path.cwd())

    @property
    def branches(self) -> list[str]:
        """The branches that the task is about.

        Raises:
            SettingsError: there is no such branch.
        """
        from shepherd.errors import SettingsError

        every = list(self.settings.branches)
        if self._branch is None:
            return every
        if self._branch not in every:
            raise SettingsError(
                f"there is no branch {self._branch!r} in {self.settings.file}: one of {', '.join(every)}"
            )
        return [self._branch]

    @property
    def branch(self) -> str:
        """The branch of a task that is about one revision: named, or the only one there is.

        Raises:
            SettingsError: there are several, and none is named.
        """
        from shepherd.errors import SettingsError

        first, *others = self.branches
        if others:
            raise SettingsError(f"several branches are set up: say which one, --branch {first} for example")
        return first


def _options(context: Any, chosen: dict[str, Any]) -> TaskOptions:
    """The options as they were chosen; those that a task does not have are missing."""
    wait: str | None = chosen.get("wait")
    options = TaskOptions(
        who=_who(chosen["as_"]) if "as_" in chosen else "",
        branch=chosen.get("branch"),
        # Invoke's own `inv --dry` runs the bodies of tasks all the same
        dry=chosen.get("dry_run", False) or bool(context.config.run.dry),
        wait=None if wait is None else seconds(wait),
        context=context,
    )
    if chosen.get("branch") is not None:
        # that there is no such branch is said before anything is done
        _ = options.branches
    return options


def _who(as_: str | None) -> str:
    from shepherd.login import login
    from shepherd.values import who

    return who(as_, os.environ, login())


def seconds(text: str) -> float:
    """The value of `--wait`: seconds, or a duration such as 2m.

    Raises:
        SettingsError: it is neither.
    """
    from shepherd.values import Duration

    if text.strip("0") == "":
        return 0.0
    return float(Duration(f"{text}s" if text.isdecimal() else text))
