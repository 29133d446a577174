"""One runner around every stage: owner, work lock, START and END in the log. Stages know nothing of it."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from ops.log import Log, line, now
from ops.situation import note_run
from shepherd.errors import BUSY, UNEXPECTED, SettingsError, ShepherdError, StoreError
from shepherd.settings import Settings
from shepherd.stages import Run


class BusyError(ShepherdError):
    """Another copy is at work."""

    code = BUSY


def log_of(settings: Settings) -> Log:
    return Log(settings.state_path / "log" / "shepherd.log")


def prepare_state(state: Path) -> None:
    """Make `state_dir` with the rights of 4.4.

    Raises:
        SettingsError: it belongs to somebody else, or cannot be made.
    """
    try:
        if not state.exists():
            state.mkdir(parents=True)
            state.chmod(0o711)
        owner = state.stat().st_uid
        if owner != os.geteuid():
            raise SettingsError(
                f"{state} belongs to user id {owner}: run this as that user (sudo -u …), so that files stay theirs"
            )
        for name, mode in (("snapshots", 0o755), ("log", 0o700), ("run", 0o700)):
            folder = state / name
            if not folder.is_dir():
                folder.mkdir()
                folder.chmod(mode)
    except OSError as error:
        raise SettingsError(
            f"{state}: cannot be used as state_dir ({error.strerror}); make it writable for you, or change it in"
            " shepherd.toml"
        ) from None


@contextmanager
def working(settings: Settings, stage: str, who: str, why: str = "") -> Iterator[Run]:
    """Hold the work lock for one stage and tell the log when it starts and ends.

    Raises:
        BusyError: another copy holds the lock.
        SettingsError: `state_dir` is not ours.
    """
    prepare_state(settings.state_path)
    os.umask(0o077)
    log = log_of(settings)
    started, at = monotonic(), now()
    run_id = f"{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"

    def tell(event: str, **fields: Any) -> None:
        log.write(line(now(), run=run_id, stage=stage, event=event, **fields))

    with _alone(settings.state_path / "run" / "work.lock"):
        tell("START", pid=os.getpid(), who=who, **({"why": why} if why else {}))
        code = UNEXPECTED
        ended: dict[str, Any] = {}
        try:
            yield Run(run_id, at, who, tell, why)
            code = 0
        except ShepherdError as error:
            code = error.code
            ended = {"failure": str(error)}
            raise
        except BaseException as error:
            ended = {"failure": repr(error)}
            raise
        finally:
            try:
                tell("END", seconds=round(monotonic() - started, 3), exit=code, **ended)
                note_run(settings, stage, ended.get("failure", ""))
            except StoreError:
                # the failure that is on its way says more than that it could not be written down
                if code == 0:
                    raise


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError("another copy is at work; try again when it is done") from None
        yield
    finally:
        os.close(handle)
