"""Programs in a release, with its own interpreter (docs/operator-every-day.md#what-a-deploy-does).

The agent of `fab` has it, too, so only the standard library may be used here.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from shepherd.errors import StoreError

LIMIT = 600
"""Seconds that one step on the host may take."""


def start(place: Path) -> None:
    """Check that the environment of a release starts and finds its code. Raises StoreError."""
    run_in(f"{place.name} does not start", [place / ".venv" / "bin" / "python3", "-c", "import tasks"], place)


def own_environment() -> dict[str, str]:
    """This process's environment without all that leads an interpreter to packages of another one.

    An interpreter must also be started by its full path, in `argv[0]` as well: Python finds its packages by
    that, and looks for a bare `python3` on PATH, where another environment may come first.
    """
    misleading = ("PIP_", "PYTHON", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
    return {name: value for name, value in os.environ.items() if not name.startswith(misleading)}


def run_in(failure: str, command: list[Any], place: Path) -> None:
    """Run a command in the folder `place`. Raises StoreError, which begins with `failure`."""
    try:
        ended = subprocess.run(
            list(map(str, command)),
            cwd=place,
            env=own_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StoreError(f"{failure}: {error}") from None
    if ended.returncode:
        lines = [line.strip() for line in (ended.stderr or ended.stdout).splitlines() if line.strip()]
        raise StoreError(f"{failure}: {' '.join(lines[-6:])[:800] or ended.returncode}")
