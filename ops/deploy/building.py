"""Making a release on the host: code, an environment of its own, and a try
(docs/operator-every-day.md#what-a-deploy-does).

Part of the agent, so the standard library is all there is.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
import time
import venv
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ops.deploy import reusing
from shepherd.errors import StoreError
from shepherd.running import releases
from shepherd.running.releases import Site
from shepherd.running.starting import run_in, start

_TEMPLATES = """
try:
    from shepherd.views.templates import compile_pages
except ImportError:
    pass  # a release from before that
else:
    compile_pages()
"""


def build(site: Site, content: bytes, request: dict[str, Any], tell: Callable[[str], None]) -> str:
    """Make a release of an archive and of wheels that lie there; its id.

    Args:
        request: `made` is what it is made of, `requirements` for pip, `pip` the wheel that installs.

    Raises:
        StoreError: it could not be made; nothing of it stays.
    """

    def timed(step: str, body: Callable[[], object]) -> None:
        started = time.monotonic()
        body()
        tell(f"{step:<12} {time.monotonic() - started:.2f} s")

    place = site.reserve(request["made"]["commit"])
    try:
        timed("unpack", lambda: _unpack(content, place))
        timed("environment", lambda: venv.create(place / ".venv", with_pip=False, symlinks=True))
        timed("install", lambda: _install(site, place, request))
        timed("compile", lambda: _compile(place))
        timed("try", lambda: start(place))
        releases.write(place / releases.MADE, request["made"])
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    with suppress(OSError):
        _forget_wheels(site)
    return place.name


def _unpack(content: bytes, place: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        if hasattr(tarfile, "data_filter"):
            archive.extractall(place, filter="data")
        else:
            archive.extractall(place)  # noqa: S202  # our own git archive, whose hash was compared
    # `inv` finds it next to tasks.py; its paths start at its real place
    (place / "shepherd.toml").symlink_to("../../shared/shepherd.toml")


def _install(site: Site, place: Path, request: dict[str, Any]) -> None:
    """What the wheels hold, whose hashes are compared in any case: taken over from an earlier release that is
    made of the same, else by pip from its own wheel, which the host needs not have."""
    wanted = place / "requirements" / "installed.txt"
    wanted.parent.mkdir(exist_ok=True)
    wanted.write_text(request["requirements"])
    old = reusing.earlier(site, request["made"])
    if (
        old is not None
        and _unchanged(site, request)
        and reusing.take_over(old, place, request["requirements"])
    ):
        return
    pip = site.wheels / request["pip"]["name"]
    if digest(pip) != request["pip"]["sha256"]:
        raise StoreError(f"{pip.name} is not what was asked for (its hash differs): refused")
    run_in(
        "a package could not be installed",
        [
            *(place / ".venv" / "bin" / "python3", f"{pip}/pip", "install", "--isolated", "--no-index"),
            *("--no-cache-dir", "--disable-pip-version-check", "--no-input", "--no-deps", "--no-compile"),
            *("-q", "--require-hashes", "--find-links", site.wheels, "-r", wanted),
        ],
        place,
    )


def _unchanged(site: Site, request: dict[str, Any]) -> bool:
    """Whether every wheel that is asked for lies there as it was sent; where not, pip says which."""
    asked = {line.rpartition(":")[2] for line in request["requirements"].splitlines()}
    return asked <= {digest(each) for each in site.wheels.glob("*.whl")}


def _compile(place: Path) -> None:
    # what is compiled now needs not be while everything waits for the check
    names = sorted(each.name for each in place.iterdir() if each.is_dir() or each.suffix == ".py")
    own = [each for each in names if not each.startswith(".")]
    run_in(
        "it could not be compiled",
        [place / ".venv" / "bin" / "python3", "-m", "compileall", "-q", "-j", "0", ".venv/lib", *own],
        place,
    )
    compile_templates(place)


def compile_templates(place: Path) -> None:
    """The release compiles its templates while it can write to its folder. Raises StoreError."""
    python = place / ".venv" / "bin" / "python3"
    run_in("its templates could not be compiled", [python, "-c", _TEMPLATES], place)


def _forget_wheels(site: Site) -> None:
    """Wheels that no release was made of."""
    needed = {name for each in site.all() for name in each.made.get("wheels", ())}
    for wheel in site.wheels.iterdir():
        if wheel.suffix in (".whl", ".new") and wheel.name not in needed:
            wheel.unlink()


def digest(path: Path) -> str:
    """Its SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
