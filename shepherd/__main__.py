"""The command `shepherd`: the tasks of a host from any folder, where `inv` wants a clone to stand in."""

from __future__ import annotations

import os
import sys

from invoke.program import Program

from shepherd import __version__
from shepherd.cli import namespace
from shepherd.commands import called_as
from shepherd.errors import UNEXPECTED
from shepherd.running.turns import EachInTurn
from shepherd.running.versions import title


def main() -> None:
    """Run the tasks that the command line names."""
    called_as("shepherd", namespace.task_names)
    program = Program(
        # only what asks for it waits until the release is looked up
        version=title() if {"-V", "--version"} & {*sys.argv[1:]} else __version__,
        namespace=namespace,
        name="QA Shepherd",
        binary="shepherd",
        binary_names=["shepherd"],
        executor_class=EachInTurn,
    )
    try:
        program.run()
    except BrokenPipeError:
        # Invoke's own lists, as for `shepherd --list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(UNEXPECTED)


if __name__ == "__main__":
    main()
