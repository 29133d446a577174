"""Hosts that are network namespaces: a server in the midst, and a cable to each host that can be pulled.

Only root can make them. Nothing is added to the machine's own network.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

SERVER = "10.203.0.1"
"""The address that all hosts know the server by."""
_NEWUTS, _NEWNET = 0x04000000, 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


class Network:
    """A namespace for the server, and one for each host, with a cable between. The test fails where root may
    not make them, e.g. in a container without the right.

    Args:
        hosts: their names.
    """

    def __init__(self, hosts: Sequence[str]) -> None:
        self._prefix = f"qs{os.getpid()}"
        self._hosts = list(hosts)
        self._made: list[str] = []
        with self._undone_if_it_fails():
            for name in ("server", *hosts):
                _ip("netns", "add", self._name(name))
                self._made.append(self._name(name))
                _ip("-n", self._name(name), "link", "set", "lo", "up")
            _ip("-n", self._name("server"), "address", "add", f"{SERVER}/32", "dev", "lo")
            for number, host in enumerate(hosts, 1):
                there, here = self._name("server"), self._name(host)
                cable = ("link", "add", host, "netns", there, "type", "veth")
                _ip(*cable, "peer", "name", "eth0", "netns", here)
                _ip("-n", there, "address", "add", f"10.203.{number}.1/24", "dev", host)
                _ip("-n", here, "address", "add", f"10.203.{number}.2/24", "dev", "eth0")
                self.plug(host)

    def plug(self, host: str) -> None:
        """Put the cable of a host in."""
        number = self._hosts.index(host) + 1
        _ip("-n", self._name("server"), "link", "set", host, "up")
        _ip("-n", self._name(host), "link", "set", "eth0", "up")
        _ip("-n", self._name(host), "route", "replace", "default", "via", f"10.203.{number}.1")

    def unplug(self, host: str) -> None:
        """Pull the cable of a host: nobody is told, packets are lost."""
        _ip("-n", self._name("server"), "link", "set", host, "down")

    @contextmanager
    def at(self, name: str) -> Iterator[None]:
        """Let this thread, and what it starts, be there."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _enter(Path("/run/netns", self._name(name)))
            yield
        finally:
            _call("setns", before, _NEWNET)
            os.close(before)

    def become(self, host: str) -> None:
        """Let this process be that host for the rest of its life, by name, too."""
        _enter(Path("/run/netns", self._name(host)))
        _call("unshare", _NEWUTS)
        socket.sethostname(host)

    def close(self) -> None:
        for name in self._made:
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", name)
        self._made.clear()

    def _name(self, name: str) -> str:
        return f"{self._prefix}-{name}"

    @contextmanager
    def _undone_if_it_fails(self) -> Iterator[None]:
        try:
            yield
        except subprocess.CalledProcessError as error:
            self.close()
            pytest.fail(
                f"root may make no network namespaces here: {' '.join(error.cmd)}: {error.stderr.strip()};"
                " start the container with --privileged, or leave out tests/campaigns/test_two_hosts.py",
                pytrace=False,
            )


@contextmanager
def network(*hosts: str) -> Iterator[Network]:
    if os.geteuid() or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and the program ip (apt-get install iproute2)")
    made = Network(hosts)
    try:
        yield made
    finally:
        made.close()


def _enter(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        _call("setns", handle, _NEWNET)
    finally:
        os.close(handle)


def _call(name: str, *values: int) -> None:
    if getattr(_LIBC, name)(*values):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
