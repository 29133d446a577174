"""One command on a host: what it says, within limits of time and size
(docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from ops.deploy.answers import printable
from ops.deploy.openssh import HostError
from shepherd.errors import DEADLINE

if TYPE_CHECKING:
    from paramiko import Channel

LARGEST = 4_000_000
"""Bytes of all that one command may say; an agent says some kilobytes."""
LARGEST_COMPLAINT = 100_000
"""Bytes of what it may say on standard error; what follows is left where it is."""
_PIECE = 32_768


class RemoteCall:
    """A command that was started."""

    def __init__(self, channel: Channel, name: str, what: str, limit: float) -> None:
        """Args: name: of the host; what: is asked, to stand in a sentence; limit: seconds until its end."""
        self._channel = channel
        self._name, self._what, self._limit = name, what, limit
        self._end = monotonic() + limit
        self._complaint: list[bytes] = []
        channel.settimeout(limit)
        self._reader = threading.Thread(target=self._hear_complaints, daemon=True)
        self._reader.start()

    def lines(self) -> Iterator[str]:
        """What it writes, line by line, until it ends.

        Raises:
            HostError: it takes too long, or does not stop.
        """
        rest, size = b"", 0
        while content := self._piece():
            size += len(content)
            if size > LARGEST:
                self._channel.close()
                raise HostError(
                    f"{self._name}: {self._what} is answered by more than {LARGEST // 1_000_000} MB, which is"
                    " not our program's; see what its shell runs at login"
                )
            *lines, rest = (rest + content).split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in lines)
        if rest:
            yield rest.decode("utf-8", "replace")

    def ended(self) -> tuple[int, str]:
        """Exit code, and what was written to standard error.

        Raises:
            HostError: the connection broke, or it does not end.
        """
        if not self._channel.status_event.wait(max(1.0, self._end - monotonic())):
            raise self._late()
        self._reader.join(5)
        code: int = self._channel.recv_exit_status()
        self._channel.close()
        if code < 0:
            raise HostError(
                f"{self._name}: the connection broke during {self._what}; it goes on there: see fab releases"
            )
        return code, b"".join(self._complaint).decode("utf-8", "replace")

    def _piece(self) -> bytes:
        left = self._end - monotonic()
        self._channel.settimeout(max(0.01, left))
        try:
            content: bytes = self._channel.recv(_PIECE)
        except TimeoutError:
            raise self._late() from None
        if content and left < 0:
            # one that says a little all the time does not live forever
            raise self._late()
        return content

    def _late(self) -> HostError:
        self._channel.close()
        failure = HostError(
            f"{self._name}: {self._what} gave no answer within {self._limit:g} seconds; it may go on there:"
            " fab releases"
        )
        failure.code = DEADLINE
        return failure

    def _hear_complaints(self) -> None:
        size = 0
        with suppress(OSError, EOFError):
            while size < LARGEST_COMPLAINT and (content := self._channel.recv_stderr(_PIECE)):
                self._complaint.append(content)
                size += len(content)


def shown(line: str) -> str:
    """A line of a host, as it may stand on the operator's terminal."""
    return printable(line.rstrip("\r"))
