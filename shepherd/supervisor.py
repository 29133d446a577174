"""A script: runs one command, and ends it with all that it started as soon as nobody waits for it any more.

    python -I -S supervisor.py PIPE[,LOCK] COMMAND…

Who wants the command run holds the other end of PIPE; when that is closed, however its holder ended, the
whole process group is killed. LOCK, a descriptor with a lock on it, stays with this process: neither the
command, nor what it leaves behind (git's credential cache, the background job of a hook), can hold it any
longer.

It stands for itself, since it is run without the rest of the package.
"""

from __future__ import annotations

import os
import select
import signal
import sys


def main(handles: str, *command: str) -> int:
    """The exit code of the command, as a shell has it."""
    given = [int(handle) for handle in handles.split(",")]
    for handle in given:
        os.set_inheritable(handle, False)
    wake, ended = os.pipe()
    os.set_blocking(ended, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(ended)
    # Python ignores these two, and what it starts would, too
    usual = [signal.SIGPIPE, signal.SIGXFSZ]
    child = os.posix_spawnp(command[0], command, os.environ, setsigdef=usual)
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return 128 - code if code < 0 else code
        ready, _, _ = select.select([given[0], wake], [], [])
        if given[0] in ready:
            os.killpg(0, signal.SIGKILL)
        os.read(wake, 100)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
