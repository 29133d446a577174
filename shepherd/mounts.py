"""Whether a folder lies on a file system that other hosts may have mounted, too (docs/running.md#one-host).

SQLite's documentation names it as a way to lose a database ("How To Corrupt An SQLite Database File"; WAL:
"all processes must be on the same host computer"). Our own locks are those of one kernel, and our records
name processes of one host: so it is refused with PostgreSQL as well, where each host needs a state_dir of its
own.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from shepherd.errors import SettingsError

_SHARED = re.compile(
    r"(?:fuse\.)?(?:nfs[34]?|cifs|smb[23]?|smbfs|ncpfs|sshfs|glusterfs|ceph|ceph-fuse|lustre|afs|openafs"
    r"|auristorfs|beegfs|fhgfs|gpfs|ocfs2|gfs2?|davfs2?|coda|orangefs|pvfs2|moosefs|mfs|lizardfs|saunafs"
    r"|juicefs|s3fs|rclone|goofys|gcsfuse|curlftpfs|panfs|wekafs|quobyte)",
    re.IGNORECASE,
)
"""The types, as the kernel names them, in which other hosts may see the same files. A folder that a machine
shares with the host that runs it (9p, virtiofs) is not among them: containers have all of `/` on such."""
_OCTAL = re.compile(r"\\([0-7]{3})")


def kind_of(mountinfo: str, path: str) -> tuple[str, str] | None:
    """The type and the place of the file system on which a path lies, by what /proc/self/mountinfo says
    (proc(5)). The last line of those that fit best counts: it was mounted over the others.

    Args:
        path: absolute, without links.

    Returns:
        None: no line fits.
    """
    best: tuple[str, str] | None = None
    for line in mountinfo.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if not dash or len(fields) < 5:
            continue
        place = _plain(fields[4])
        within = path == place or path.startswith(place if place.endswith("/") else f"{place}/")
        if within and (best is None or len(place) >= len(best[1])):
            best = _plain(after.split(" ")[0]), place
    return best


def shared_by(mountinfo: str, path: str) -> str:
    """How other hosts may see this path, in words: "/mnt is of the type nfs4"; empty: they may not."""
    kind = kind_of(mountinfo, path)
    if kind is None or not _SHARED.fullmatch(kind[0]):
        return ""
    return f"{kind[1]} is of the type {kind[0]}"


def refusal(path: Path, what: str) -> str:
    """Why a folder cannot be used, and what to do; empty: it can, or that cannot be known here.

    Args:
        what: the key of the settings that names it.
    """
    try:
        mountinfo = Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
    except OSError:
        return ""
    why = shared_by(mountinfo, os.path.realpath(path))
    if not why:
        return ""
    return (
        f"{what} ({path}) lies on a network file system ({why}), where a lock of one host may not stop"
        " another and SQLite may lose what was written: name a folder on a disk of this host;"
        ' several hosts share a database by database = "postgresql://…", each with a state_dir of its own'
    )


def refusal_of(state: Path, database_url: str) -> str:
    """The same of `state_dir`, and of the database if it is a file elsewhere."""
    file = re.fullmatch(r"sqlite(?:\+\w+)?:///(.+)", database_url, re.DOTALL)
    return refusal(state, "state_dir") or (refusal(Path(file[1]).parent, "database") if file else "")


def confirm_local(state: Path, database_url: str) -> None:
    """Raises SettingsError: `state_dir`, or a database that is a file, may be another host's as well."""
    if why := refusal_of(state, database_url):
        raise SettingsError(why)


def _plain(field: str) -> str:
    r"""A field of mountinfo without its escapes: a blank is \040 there."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), field)
