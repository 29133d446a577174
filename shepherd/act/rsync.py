"""A directory to a web host, by rsync: whole files only, strict host keys, within a time limit.

rsync writes each file next to its place and renames it, so a reader of the target never sees half a page, and
two that publish at once do not harm each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from shepherd import holding, limits
from shepherd.children import environment, finish
from shepherd.errors import ShepherdError, SourceError
from shepherd.ssh_failures import Server, ssh_failure
from shepherd.urls import Remote, remote_of
from shepherd.values import clean

LIMIT = 60.0
"""Seconds that one target may take."""
_SILENCE = 20
"""Seconds without a byte after which rsync gives up."""
_PLAIN = re.compile(
    r"(?:(?:rsync://)?(?:[A-Za-z0-9_.-]+@)?\[[A-Za-z0-9_.:%-]+\](?=[:/]))?[A-Za-z0-9_./:@%+=,-]*"
)
"""Places in which no shell finds anything to change, and which need no protection from one. Brackets stand
around the address of a host only: in a path they are a pattern."""
_SSH = (
    *("ssh", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oUpdateHostKeys=no", "-oConnectTimeout=10"),
    *("-oServerAliveInterval=5", "-oServerAliveCountMax=2", "-oClearAllForwardings=yes", "-oForwardAgent=no"),
    *("-oPermitLocalCommand=no", "-oControlMaster=no", "-oControlPath=none"),
)


class PublishError(ShepherdError):
    """One target was not brought up to date; what is there stays whole. `why`: the cause, and the remedy."""

    def __init__(self, target: str, why: str) -> None:
        super().__init__(f"not published to {target}: {why}; it is tried again with the next publish")
        self.why = why


class Changed(Struct, frozen=True):
    """What was, or would be, done at one target."""

    sent: tuple[str, ...]
    removed: tuple[str, ...]


def publish(
    directory: Path,
    target: str,
    *,
    ours: Iterable[str],
    known_hosts: str = "",
    identity: str = "",
    dry: bool = False,
    limit: float = LIMIT,
    lock: int = -1,
) -> Changed:
    """Bring `target` up to date with the files of `directory`; what else lies there is left alone.

    Args:
        target: an absolute path, `[user@]host:path`, or an `ssh://` or `rsync://` URL.
        ours: patterns of names that are removed at the target where the directory does not have them.
        known_hosts, identity: files for ssh, empty: the caller's own.
        lock: the descriptor of a lock that is held until rsync has ended, whatever becomes of us; -1: none.

    Raises:
        PublishError: it could not be done, or not all of it.
    """
    remote = remote_of(target)
    rules = [f"--filter=R /{pattern}" for pattern in ours]
    command = [
        # by checksum: two pages of one second may be equally long
        *("rsync", "--recursive", "--checksum", "--times", "--omit-dir-times", "--delete-after"),
        # rrsync refuses --protect-args; the rsyncs before 3.2.4 need it for a name that a shell would change
        "--no-protect-args" if _PLAIN.fullmatch(remote.place) else "--protect-args",
        *(f"--timeout={_SILENCE}", "--out-format=%o %n", *rules, "--filter=P *", "--filter=- .*"),
        *(["--dry-run"] if dry else []),
        *(["--rsh", _shell(remote, known_hosts, identity)] if remote.host and not remote.daemon else []),
        *("--", f"{directory}/", remote.place),
    ]
    if not dry:
        holding.confirm()
    try:
        code, output, errors = finish(
            command,
            name=target,
            env=environment({"LC_ALL": "C"}, keep=("RSYNC_PASSWORD", "RSYNC_PROXY")),
            limit=holding.within(min(limit, limits.share())),
            tied=True,
            lock=lock,
            umask=0o022,
        )
    except SourceError as error:
        raise PublishError(target, str(error)) from None
    if code:
        server = Server(remote.host, remote.port, known_hosts, identity)
        raise PublishError(target, _why(server, code, errors.decode("utf-8", "replace")))
    done = [line.partition(" ") for line in output.decode("utf-8", "replace").splitlines()]
    return Changed(
        tuple(name for what, _, name in done if what in ("send", "recv") and name != "./"),
        tuple(name for what, _, name in done if what == "del."),
    )


def _shell(remote: Remote, known_hosts: str, identity: str) -> str:
    words = [*_SSH]
    if known_hosts:
        words += [f"-oUserKnownHostsFile={known_hosts}", "-oGlobalKnownHostsFile=none"]
    if identity:
        words += ["-oIdentitiesOnly=yes", "-i", identity]
    if remote.port:
        words += ["-p", str(remote.port)]
    return " ".join(words)


def _why(server: Server, code: int, errors: str) -> str:
    if failure := ssh_failure(errors, server):
        return f"{failure.cause}: {failure.remedy}"
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    causes = [line for line in lines if not re.match(r"rsync error:|rsync: connection unexpectedly", line)]
    return f"{clean('; '.join((causes or lines)[:2]), 300)} (rsync ended with {code})"
