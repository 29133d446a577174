"""An ssh connection by the route that OpenSSH would take, opened within time limits
(docs/operator-every-day.md#what-a-deploy-does).

paramiko speaks the protocol; whatever a hostile host makes of that is one sentence here, and no traceback.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from ops.deploy.hostkeys import be_strict
from ops.deploy.openssh import HostError, Route
from shepherd.errors import ShepherdError
from shepherd.values import clean

if TYPE_CHECKING:
    from paramiko import Transport

CONNECT_LIMIT = 15
"""Seconds for each of connecting, the banner, and logging in."""
ALIVE = 15
"""Seconds between two signs of life."""


@contextmanager
def connected(route: Route, secrets: dict[str, Any]) -> Iterator[Transport]:
    """The connection, for as long as the block lasts.

    Args:
        secrets: what paramiko is told in addition: password, passphrase.

    Raises:
        HostError: there is no connection, or the host's key is not known, another one, or revoked.
    """
    from paramiko import SSHClient

    # else it reports broken connections on standard error, with tracebacks
    logging.getLogger("paramiko").addHandler(logging.NullHandler())
    client = SSHClient()
    limit = min(route.patience or CONNECT_LIMIT, CONNECT_LIMIT)
    limits = dict.fromkeys(("timeout", "banner_timeout", "auth_timeout", "channel_timeout"), limit)
    with _proxy(route.proxy) as proxy:
        try:
            client.connect(
                route.host,
                port=route.port,
                username=route.user,
                key_filename=list(route.identities),
                look_for_keys=False,
                sock=proxy and proxy.stream,
                transport_factory=be_strict(client, route),
                **{**secrets, **limits},
            )
        except ShepherdError:
            client.close()
            raise
        except Exception as error:
            # of any kind: what a hostile host sends makes the library stumble anywhere
            client.close()
            why = clean(str(error) or repr(error), 300) + (f"; {proxy.complaint()}" if proxy else "")
            raise HostError(
                f"{route.name}: no ssh connection as {route.user} ({why}); try: {route.command}"
            ) from None
        transport: Transport = client.get_transport()
        transport.set_keepalive(ALIVE)
        try:
            yield transport
        finally:
            client.close()


class _Proxy(NamedTuple):
    """A process that is the way to the host."""

    stream: socket.socket
    errors: IO[bytes]

    def complaint(self) -> str:
        """The last that it said on standard error."""
        self.errors.seek(0)
        lines = self.errors.read(64_000).decode("utf-8", "replace").strip().splitlines()
        return clean(lines[-1], 300) if lines else "the proxy said nothing"


@contextmanager
def _proxy(command: str) -> Iterator[_Proxy | None]:
    """A shell command whose standard streams are the connection; it ends with the block."""
    if not command:
        yield None
        return
    ours, theirs = socket.socketpair()
    with ours, tempfile.TemporaryFile() as errors:
        with theirs:
            shell = os.environ.get("SHELL") or "/bin/sh"
            end = theirs.fileno()
            process = subprocess.Popen([shell, "-c", command], stdin=end, stdout=end, stderr=errors)
        try:
            yield _Proxy(ours, errors)
        finally:
            ours.close()
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
