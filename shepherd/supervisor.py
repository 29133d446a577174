"""A script: runs one command, and ends it with all that it started as soon as nobody waits for it any more.

    python -I -S supervisor.py PIPE[,LOCK…] COMMAND…

Its caller holds the other end of PIPE; when that is closed, however its holder ended, the whole process group
is killed. Each LOCK, a descriptor with a lock on it, stays with this process: neither the command nor what it
leaves behind (git's credential cache, the background job of a hook) can hold it any longer.

It imports nothing of the package, since it is run without it.
"""

from __future__ import annotations

import os
import select
import signal
import sys


def main(handles: str, *command: str) -> int:
    """Return the exit code of the command, as a shell gives it."""
    descriptors = [int(handle) for handle in handles.split(",")]
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    wake, ended = os.pipe()
    os.set_blocking(ended, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(ended)
    # Python ignores these two, and what it starts would, too
    restored = [signal.SIGPIPE, signal.SIGXFSZ]
    child = os.posix_spawnp(command[0], command, os.environ, setsigdef=restored)
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return 128 - code if code < 0 else code
        ready, _, _ = select.select([descriptors[0], wake], [], [])
        if descriptors[0] in ready:
            os.killpg(0, signal.SIGKILL)
        os.read(wake, 100)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
