"""Between Invoke and the stages: words in, words out, one exit code (design 4.2)."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from invoke.collection import Collection
from invoke.exceptions import Exit
from invoke.tasks import Task

if TYPE_CHECKING:
    from shepherd.settings import Settings
    from shepherd.snapshot import Snapshot

ROOT = Path(os.path.realpath(__file__)).parent.parent
"""The release that this code belongs to, its links resolved: late imports never come from another one."""

COMMON = {
    "branch": "one of the branches in shepherd.toml (default: all)",
    "json": "print JSON for programs",
    "dry_run": "print what would be done, and do nothing",
    "reason": "why, for those who read it later",
    "as_": "who says this (default: SUDO_USER, SHEPHERD_WHO, the login name)",
}


def task(*, positional: tuple[str, ...] = (), help: dict[str, str] | None = None) -> Callable[..., Task[Any]]:
    """Our task: no automatic short flags, help for the flags it has, and errors as one sentence."""

    def wrap(body: Callable[..., int | None]) -> Task[Any]:
        names = body.__code__.co_varnames[1 : body.__code__.co_argcount]
        known = {**COMMON, **(help or {})}

        @functools.wraps(body)
        def run(*args: Any, **kwargs: Any) -> None:
            code = guarded(functools.partial(body, *args, **kwargs))
            if code:
                raise Exit(code=code)

        return Task(
            run,
            positional=positional,
            auto_shortflags=False,
            help={name: known[name] for name in names if name in known},
        )

    return wrap


def guarded(body: Callable[[], int | None]) -> int:
    """Run a body; an error for people becomes its one sentence on standard error, and its exit code."""
    from shepherd.errors import UNEXPECTED, ShepherdError

    try:
        return body() or 0
    except ShepherdError as error:
        complain(str(error))
        return error.code
    except KeyboardInterrupt:
        complain("stopped by the keyboard; run it again to finish")
        return UNEXPECTED
    except BrokenPipeError:
        # whoever read us has gone: no traceback, and no second try while the interpreter ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNEXPECTED


def collection(*tasks: Task[Any], **groups: Collection) -> Collection:
    """The namespace of tasks.py."""
    namespace = Collection(*tasks)
    for name, group in groups.items():
        namespace.add_collection(group, name)
    return namespace


def say(text: str) -> None:
    """To standard output, in whatever encoding the terminal has."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))


def complain(text: str) -> None:
    """To standard error, on one line, without anything that a terminal could take for a command."""
    from shepherd.views.terminal import plain

    encoding = sys.stderr.encoding or "utf-8"
    print(plain(text, 2000).encode(encoding, "replace").decode(encoding), file=sys.stderr)


def settings() -> Settings:
    """The settings of this call (4.1)."""
    from shepherd.settings import load

    return load(os.environ, ROOT, Path.cwd())


def branches(given: Settings, branch: str | None) -> list[str]:
    """The branches that a task is about.

    Raises:
        SettingsError: there is no such branch.
    """
    from shepherd.errors import SettingsError

    if branch is None:
        return list(given.branches)
    if branch not in given.branches:
        raise SettingsError(
            f"there is no branch {branch!r} in {given.file}: one of {', '.join(given.branches)}"
        )
    return [branch]


def one_branch(given: Settings, branch: str | None) -> str:
    """The branch that a word about one revision is about: named, or the only one there is.

    Raises:
        SettingsError: there are several, and none is named.
    """
    from shepherd.errors import SettingsError

    found = branches(given, branch)
    if len(found) > 1:
        raise SettingsError(f"several branches are set up: say which one, --branch {found[0]} for example")
    return found[0]


def snapshot_of(given: Settings, branch: str) -> Snapshot:
    """The last answer of a branch.

    Raises:
        NoAnswerError: there is none yet.
    """
    from shepherd.errors import NoAnswerError
    from shepherd.store.snapshots import Snapshots

    snapshot = Snapshots(given.state_path / "snapshots", branch).latest()
    if snapshot is None:
        raise NoAnswerError(f"{branch}: no answer yet: inv find judge")
    return snapshot


def caller(as_: str | None) -> str:
    """WHO of 4.2."""
    import getpass

    from shepherd.values import who

    return who(as_, os.environ, getpass.getuser())


def is_dry(context: Any, dry_run: bool) -> bool:
    """`--dry-run`, or Invoke's own `inv --dry`, which runs the bodies of tasks all the same."""
    return dry_run or bool(context.config.run.dry)
