"""Files of `state_dir` that all hosts of one database have: what one writes, the others get
(docs/running.md#two-hosts).

Each stays a plain file here, so that who reads it needs no database. On the server it is a document of the
table `shared`. Of both this host remembers what they were when they last agreed: what differs there was
written by another host, and is taken over; what differs here was written by this one, and is sent. Only the
holder of the work lock sends, through the session that holds it: the one who worked later is right, whatever
clocks say, and a host that lost the lock sends nothing.
"""

from __future__ import annotations

import os
import secrets
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec
from msgspec import UNSET, Struct, UnsetType

from shepherd import plainfile
from shepherd.atomic import write_atomically
from shepherd.errors import StoreError
from shepherd.snapshot import JournalPlace
from shepherd.store.postgresql import Session
from shepherd.store.snapshot_files import COMPRESSED, LARGEST, PLAIN
from shepherd.store.snapshots import LATEST

PREFIX = "file/"
FREEZES = "freezes"
OF_ALL = ("run/stages.json", "run/schedule.json")
OF_BRANCH = (LATEST, "failed-reads", FREEZES)
_ID, _HEADER = 16, 32
"""Characters before the content: an id of this version, and when the file was written, in nanoseconds."""
_NEWEST = 5
"""Of the kept snapshots of a branch, by name, that a run may have written just now."""
_LEVEL = 2
"""Of zlib: a snapshot of 16,000 landings is packed in a fifth of a second, to a twelfth of its size."""


class AgreedFile(Struct, frozen=True):
    """What a file was when it last was the same here and on the server."""

    id: str
    here: tuple[int, int, int] | None
    """Its inode, size, and when it was written."""


class SharedFiles:
    """The files of one host, as seen by one process that may look at them now.

    Args:
        agreed: by their paths in `state`; changed here.
        writable: False: nothing is written here; what the others wrote is read in place of the files
            (`plainfile.instead`).
        works: whether this is for the holder of the work lock. It drops a document that cannot be read, and
            its run makes the file again; anybody else has no data until then.
    """

    def __init__(
        self,
        state: Path,
        branches: Collection[str],
        session: Session,
        agreed: dict[str, AgreedFile],
        *,
        writable: bool = True,
        works: bool = False,
    ) -> None:
        self._state = state
        self._branches = branches
        self._session = session
        self._agreed = agreed
        self._writable = writable
        self._works = works

    def receive(self, *, kept: bool = False) -> None:
        """Take over what other hosts wrote.

        Args:
            kept: the snapshots that are kept, too (docs/interfaces.md#files).

        Raises:
            StoreError: the server cannot be asked.
        """
        there, always = self._there(kept), self._always()
        known = [name for name in self._agreed if kept or name in always]
        for name in dict.fromkeys([*there, *known]):
            agreed = self._agreed.get(name)
            if there.get(name) != (agreed.id if agreed else None) or self._only_received(name, agreed):
                self._take(name)

    def send(self) -> None:
        """Let the others have what this host wrote. Only for the holder of the work lock, after `receive`.

        Raises:
            StoreError: the server cannot be told.
        """
        here = dict(self._here())
        for name in dict.fromkeys([*here, *self._agreed]):
            agreed = self._agreed.get(name)
            if self._of_others(name) or here.get(name) == (agreed.here if agreed else None):
                continue
            if name.endswith(f"/{FREEZES}"):
                # these go up with the journal
                continue
            if name in here:
                self._send(name)
            elif name in OF_ALL or f"{name.rpartition('/')[0]}/{LATEST}" not in here:
                # a run removes what is over, but never this: the disk lost it
                self._take(name)
            else:
                self._session.forget(PREFIX + name)
                del self._agreed[name]

    def _always(self) -> set[str]:
        """What every reader needs."""
        of_branches = {f"snapshots/{branch}/{name}" for branch in self._branches for name in OF_BRANCH}
        return of_branches | {*OF_ALL}

    def _there(self, kept: bool) -> dict[str, str]:
        """Name -> the id of its version on the server."""
        statement = "SELECT name, substr(document, 1, %s) FROM shared WHERE "
        if kept:
            rows = self._session.ask(statement + "starts_with(name, %s)", _ID, PREFIX)
        else:
            names = [PREFIX + name for name in self._always()]
            rows = self._session.ask(statement + "name = ANY(%s)", _ID, names)
        versions = ((name.removeprefix(PREFIX), bytes(id).decode(errors="replace")) for name, id in rows)
        return {name: id for name, id in versions if not self._of_others(name)}

    def _here(self) -> Iterator[tuple[str, tuple[int, int, int] | None]]:
        """Name -> what the file is now. Of the kept snapshots, which may be thousands, a run writes none but
        its own."""
        yield from ((name, at) for name in OF_ALL if (at := _print_of(self._state / name)))
        for branch in self._branches:
            folder = self._state / "snapshots" / branch
            try:
                names = [path.name for path in folder.iterdir()]
            except OSError:
                continue
            kept = {*sorted(name for name in names if _is_kept(name) and name != LATEST)[:-_NEWEST]}
            for name in names:
                place = f"snapshots/{branch}/{name}"
                agreed = self._agreed.get(place)
                if name in kept and agreed:
                    yield place, agreed.here
                elif name in OF_BRANCH or _is_kept(name):
                    yield place, _print_of(folder / name)

    def _of_others(self, name: str) -> bool:
        """It is of a branch that is not followed here, or no file of ours."""
        folder, _, file = name.rpartition("/")
        if name in OF_ALL:
            return False
        branch = folder.removeprefix("snapshots/")
        return branch not in self._branches or not (file in OF_BRANCH or _is_kept(file))

    def _only_received(self, name: str, agreed: AgreedFile | None) -> bool:
        """The freezes go up with the journal; what was done to the copy here is taken back."""
        path = self._state / name
        return agreed is not None and path.name == FREEZES and _print_of(path) != agreed.here

    def _take(self, name: str) -> None:
        path = self._state / name
        rows = self._session.ask("SELECT document FROM shared WHERE name = %s", PREFIX + name)
        document = bytes(rows[0][0]) if rows else None
        try:
            id, written, content = unpacked(document) if document is not None else ("", 0, None)
        except StoreError as error:
            if not self._works:
                raise StoreError(
                    f"{self._session.name}: {PREFIX}{name} in the table shared: {error}"
                ) from None
            if path.name == FREEZES:
                # judge writes it, by the journal; until then the one that is here holds
                return
            self._session.forget(PREFIX + name)
            id, written, content = "", 0, None
        if content is None:
            self._put(path, None, 0)
            if path not in plainfile.instead:
                self._agreed.pop(name, None)
            return
        if path.name == LATEST and _place(_content(path)) > _place(content):
            # the server went back to an older state: that this host knows more is what shows it
            return
        self._put(path, content, written)
        if path not in plainfile.instead:
            self._agreed[name] = AgreedFile(id, _print_of(path))

    def _put(self, path: Path, content: bytes | None, written: int) -> None:
        plainfile.instead.pop(path, None)
        try:
            if not self._writable:
                raise StoreError(f"{path}: is not written")
            if content is None:
                path.unlink(missing_ok=True)
            elif content != _content(path):
                write_atomically(path, content, 0o600 if path.parent.name == "run" else 0o644)
                # of two kept snapshots the time tells which is newer
                os.utime(path, ns=(written, written))
        except (OSError, StoreError):
            plainfile.instead[path] = content

    def _send(self, name: str) -> None:
        path = self._state / name
        content, at = _content(path), _print_of(path)
        if content is None or at is None:
            return
        if not name.endswith(".gz") and _place(content) < 0:
            # damaged: the others keep what they have
            self._take(name)
            return
        document = packed(content, at[2])
        self._session.tell(PREFIX + name, document)
        self._agreed[name] = AgreedFile(document[:_ID].decode(), at)


def packed(content: bytes, written: int) -> bytes:
    """A file as a document."""
    return secrets.token_hex(8).encode() + b"%016x" % written + zlib.compress(content, _LEVEL)


def is_packed(document: bytes, content: bytes) -> bool:
    """Whether a document is a version of the file that has this content."""
    try:
        return unpacked(document)[2] == content
    except StoreError:
        return False


def unpacked(document: bytes) -> tuple[str, int, bytes]:
    """The id of the version, when it was written, and the content. Raises StoreError."""
    try:
        head, unpacking = document[:_HEADER].decode(), zlib.decompressobj()
        content = unpacking.decompress(document[_HEADER:], LARGEST)
        if not unpacking.eof:
            raise ValueError(f"it is cut off, or larger than {LARGEST} bytes")
        return head[:_ID], int(head[_ID:], 16), content
    except (ValueError, zlib.error) as error:
        raise StoreError(
            f"what another host wrote cannot be read ({error}): inv judge makes it again"
        ) from None


class _PlacedFile(Struct, frozen=True):
    journal: JournalPlace | UnsetType | None = UNSET


def _place(content: bytes | None) -> int:
    """Of the journal's last entry that a snapshot names, 0 for another file, -1 for one that is damaged."""
    if content is None:
        return -1
    try:
        place = msgspec.json.decode(content, type=_PlacedFile).journal
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return -1
    return place.seq if isinstance(place, JournalPlace) else 0


def _content(path: Path) -> bytes | None:
    try:
        return plainfile.content(path, LARGEST, follow=False)
    except plainfile.UnreadableFileError:
        return None


def _is_kept(name: str) -> bool:
    return name.endswith((PLAIN, COMPRESSED)) and not name.startswith(".")


def _print_of(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
