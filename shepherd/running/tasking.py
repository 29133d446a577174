"""Between Invoke and the stages: words in, words out, one exit code (docs/interfaces.md#commands)."""

from __future__ import annotations

import atexit
import functools
import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from invoke.collection import Collection
from invoke.exceptions import Exit
from invoke.tasks import Task

from shepherd.errors import UNEXPECTED, ShepherdError
from shepherd.running.output import complain, occupy_standard_streams, say, unwritten, write
from shepherd.running.turns import Stopped

if TYPE_CHECKING:
    from shepherd.settings import Settings
    from shepherd.snapshot import Snapshot

__all__ = ["complain", "say"]

ROOT = Path(os.path.realpath(__file__)).parents[2]
"""The folder that this code lies in, its links resolved: late imports never come from another release."""
CLONE = ROOT if (ROOT / "tasks.py").is_file() else None
"""ROOT where it is a clone or a release; None where the package was installed from a wheel."""

# an interpreter that ends looks for cycles among all it has: a third of what a reader takes beside Invoke
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


def task(
    *,
    positional: tuple[str, ...] = (),
    help: dict[str, str] | None = None,
    name: str = "",
    reader: bool = False,
) -> Callable[..., Task[Any]]:
    """Our task: no automatic short flags, help for the flags it has, and errors as one sentence.

    Args:
        name: what it is called if not like its function; with a dot (`lock.status`) it belongs to a group.
        reader: all it does is to print; if that cannot be written, it has failed.
    """

    def wrap(body: Callable[..., int | None]) -> Task[Any]:
        names = body.__code__.co_varnames[1 : body.__code__.co_argcount]
        known = {**COMMON, **(help or {})}

        @functools.wraps(body)
        def run(*args: Any, **kwargs: Any) -> None:
            if not {"--help", "-h"}.isdisjoint(v for v in kwargs.values() if isinstance(v, str)):
                # Invoke takes what follows for the value of a positional argument
                complain(f"for help: inv --help {name or body.__name__}")
                raise Exit(code=2)
            code = guarded(functools.partial(body, *args, **kwargs))
            if reader and (why := unwritten()):
                complain(f"the answer could not be written to standard output: {why}")
                code = UNEXPECTED
            if code:
                raise Exit(code=code)

        return Task(
            run,
            name=name or body.__name__,
            positional=positional,
            auto_shortflags=False,
            help={name: known[name] for name in names if name in known},
        )

    return wrap


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
    except KeyboardInterrupt:
        complain("stopped by the keyboard; run it again to finish")
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


def settings() -> Settings:
    """The settings of this call (docs/settings.md)."""
    from shepherd.settings import load

    return load(os.environ, CLONE, Path.cwd())


class StatePlace(NamedTuple):
    """As much of the settings as `maintenance.status` and `lock.status` need."""

    state: Path
    warn_after: int = 4 * 3600
    """Seconds, as the other one."""
    stale_after: int = 3600


def where() -> StatePlace:
    """The same as `settings` finds, without the time it takes to check all of it.

    Raises:
        SettingsError: as `settings` does; whatever looks odd is left to it.
    """
    import tomllib

    from shepherd import plainfile
    from shepherd.places import places_of
    from shepherd.values import Duration

    places = places_of(os.environ, CLONE, Path.cwd())
    file = next((each for each in places if os.path.lexists(each)), places[0])
    try:
        document = tomllib.loads(plainfile.read(file, 1_000_000))
        state = Path(os.path.realpath(file)).parent / document.get("state_dir", "var")
        warn_after = Duration(document.get("maintenance", {}).get("warn_after", "4h"))
        stale_after = Duration(document.get("run", {}).get("stale_after", "60m"))
        return StatePlace(state, warn_after, stale_after)
    except (
        *(plainfile.UnreadableFileError, ShepherdError),
        *(ValueError, RecursionError, TypeError, AttributeError),
    ):
        pass
    given = settings()
    return StatePlace(given.state_path, given.maintenance.warn_after, given.run.stale_after)


def seconds(text: str | None) -> float:
    """The value of `--wait`: seconds, or a duration such as 2m; none is 0.

    Raises:
        SettingsError: it is neither.
    """
    from shepherd.values import Duration

    if text is None or text.strip("0") == "":
        return 0.0
    return float(Duration(f"{text}s" if text.isdecimal() else text))


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
        raise NoAnswerError(f"{branch}: no answer yet: inv run")
    return snapshot


def caller(as_: str | None) -> str:
    """WHO of 4.2."""
    import getpass

    from shepherd.values import who

    return who(as_, os.environ, getpass.getuser())


def is_dry(context: Any, dry_run: bool) -> bool:
    """`--dry-run`, or Invoke's own `inv --dry`, which runs the bodies of tasks all the same."""
    return dry_run or bool(context.config.run.dry)
