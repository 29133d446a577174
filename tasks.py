"""What `inv` finds here: the tasks of a host, and those of a developer. `inv --list` shows them."""

from __future__ import annotations

from shepherd.cli import namespace
from shepherd.running.tasking import ROOT, TaskOptions, task

__all__ = ["namespace", "test"]


@task(
    help={
        "real": "those with servers, sshd, cron, SMTP, a browser, or the program as a process",
        "long": "the campaigns",
        "only": "pytest -k",
    }
)
def test(_options: TaskOptions, real: bool = False, long: bool = False, only: str = "") -> int:
    """The tests: a few minutes, without root or network."""
    from tests.task import run

    return run(ROOT, real=real, long=long, only=only)


namespace.add_task(test)
