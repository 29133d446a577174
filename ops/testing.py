"""`inv test`: the tests, as people, README and CI run them."""

from __future__ import annotations

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
    arguments = ["-m", chosen, *(["-k", only] if only else [])]
    # campaigns and real servers want the machine for themselves
    manner = ["--timeout", "1800"] if marks else ["-n", "auto"]
    command = [sys.executable, "-m", "pytest", *arguments, *manner]
    return subprocess.run(command, cwd=root, check=False).returncode
