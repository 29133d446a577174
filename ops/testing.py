"""`inv test`: the tests, as people, README and CI run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run(root: Path, *, real: bool = False, long: bool = False, only: str = "") -> int:
    """Run the tests with this interpreter; the exit code is pytest's.

    Args:
        real: those that start sshd, cron, an SMTP server or a browser; long: the campaigns. Neither:
            all others.
    """
    marks = [name for name, wanted in (("real", real), ("long", long)) if wanted]
    chosen = " or ".join(marks) if marks else "not real and not long"
    if real and not long:
        # some campaigns have real parts
        chosen = "real and not long"
    arguments = ["-m", chosen, *(["-k", only] if only else [])]
    # campaigns and real servers want the machine for themselves; of the others many wait for a process
    manner = ["--timeout", "1800"] if marks else ["-n", str(2 * (os.cpu_count() or 1))]
    command = [sys.executable, "-m", "pytest", *arguments, *manner]
    return subprocess.run(command, cwd=root, check=False).returncode
