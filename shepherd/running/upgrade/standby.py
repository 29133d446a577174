"""A process of a release that has imported all of it, and does what `inv` does at once when it is asked
(docs/operator-every-day.md#what-a-deploy-does).

Run by its path with the interpreter of a release, which may be older than this file: so there is nothing but
the standard library here, and what every release has. A line of JSON on standard input names commands
(`[["status"], ["doctor", "--json"]]`), which run at once, each in a fork; the line that answers has the exit
code, output and complaints of each. It ends with its standard input, so that it outlives no upgrade.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import pkgutil
import sys
import traceback
from pathlib import Path

READY = "ready"
"""The first line that it writes: all can be imported."""
_OURS = ("shepherd", "ops", "tasks")


def main() -> None:
    sys.path.insert(0, str(Path.cwd()))
    # answers have a channel of their own: whatever else is printed is a complaint
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    _import_everything()
    # what stands now is looked at by no collection in a fork: less is copied
    gc.freeze()
    print(READY, file=answers, flush=True)
    for line in sys.stdin:
        children = [_started(words) for words in json.loads(line)]
        print(json.dumps([_ended(*child) for child in children]), file=answers, flush=True)


def _import_everything() -> None:
    """Every module of it, by which what a release lacks is found before anybody depends on it."""
    for name in ("tasks", "invoke.main", "shepherd"):
        importlib.import_module(name)
    packages = [sys.modules["shepherd"]]
    if importlib.util.find_spec("ops") and importlib.util.find_spec("ops.runner"):
        packages.append(importlib.import_module("ops"))  # up to 0.1.0 a host ran a part of it
    for package in packages:
        for each in pkgutil.walk_packages(
            package.__path__, f"{package.__name__}.", onerror=lambda _name: None
        ):
            if each.name.startswith("ops.deploy"):
                continue  # the operator's side
            try:
                importlib.import_module(each.name)
            except ModuleNotFoundError as error:
                # a package of an extra that this host has no use for; doctor looks for those it needs
                if (error.name or "").partition(".")[0] in _OURS:
                    raise


def _started(words: list[str]) -> tuple[int, int, int]:
    """Process, and the files in memory that take its output and complaints: a full disk stops nothing."""
    out, err = os.memfd_create("out"), os.memfd_create("err")
    process = os.fork()
    if process:
        return process, out, err
    code = 1
    try:
        for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (err, 2)):
            os.dup2(source, target)
        code = _run(words)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(words: list[str]) -> int:
    try:
        importlib.import_module("invoke.main").program.run(["inv", *words])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _ended(process: int, out: int, err: int) -> tuple[int, str, str]:
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return code, _content(out), _content(err)


def _content(handle: int) -> str:
    os.lseek(handle, 0, os.SEEK_SET)
    with os.fdopen(handle, "rb") as file:
        return file.read().decode("utf-8", "replace")


if __name__ == "__main__":
    main()
