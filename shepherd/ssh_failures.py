"""What ssh says when it does not get through, and what to do about it: for git, rsync and others
(docs/operator-first-day.md#the-git-server).

ssh tells its causes in words alone: those of OpenSSH 7 to 10, in English (`LC_ALL=C`).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from shepherd.login import user_name
from shepherd.urls import SCHEME
from shepherd.values import clean

USERS_KNOWN_HOSTS = "~/.ssh/known_hosts"
USERS_KEY = "~/.ssh/id_ed25519"


class Server(NamedTuple):
    """Where ssh was to go, and with which files."""

    host: str
    port: int = 0
    """0: the usual one, or what ssh_config says."""
    known_hosts: str = ""
    """The file that the settings name; empty: the user's own."""
    identity: str = ""
    """The key that the settings name; empty: the user's own."""

    @property
    def known_as(self) -> str:
        """Its name as `known_hosts` has it."""
        return f"[{self.host}]:{self.port}" if self.port not in (0, 22) else self.host

    @property
    def scan(self) -> str:
        """The command that prints its keys."""
        port = f"-p {self.port} " if self.port not in (0, 22) else ""
        return f"ssh-keyscan {port}{shlex.quote(self.host)}"

    @property
    def file(self) -> str:
        """The file of known hosts, for a shell."""
        return shlex.quote(self.known_hosts) if self.known_hosts else USERS_KNOWN_HOSTS


class SshFailure(NamedTuple):
    """Why there is no connection."""

    cause: str
    """What is wrong, with ssh's own words."""
    remedy: str
    """What to do, with commands that can be pasted by the user who runs the shepherd."""


def server_of(place: str) -> Server | None:
    """The server of `ssh://[USER@]HOST[:PORT]/…`, `[USER@]HOST:…` or `[HOST:PORT]:…`; None: no ssh there."""
    if scheme := SCHEME.match(place):
        if "ssh" not in scheme[1].lower():
            return None
        parts = urlsplit(place)
        return Server(parts.hostname or "", parts.port or 0)
    # git takes a port in brackets, too
    if bracketed := re.match(r"(?:[^/@\[\]]+@)?\[(?:[^/@\[\]]+@)?([^/\[\]]+)\]:", place):
        host, colon, port = bracketed[1].rpartition(":")
        if colon and ":" not in host and port.isdecimal():
            return Server(host, int(port))
        return Server(bracketed[1])
    plain = re.match(r"(?:[^/@:]+@)?([^/:]+):", place)
    return Server(plain[1]) if plain else None


def ssh_failure(errors: str, server: Server) -> SshFailure | None:
    """What kept ssh from the server, by what was written on standard error; None: ssh is not to blame."""
    # what the server's git or hooks say is not ssh's
    lines = [line.strip() for line in errors.splitlines() if not line.startswith("remote:")]
    for pattern, explain in _CAUSES:
        for line in lines:
            if match := re.search(pattern, line):
                words = clean(line, 200)
                return explain(_named(server, lines), match, words, lines)
    return None


_Explain = Callable[[Server, "re.Match[str]", str, list[str]], SshFailure]


def _named(server: Server, lines: list[str]) -> Server:
    """The server by the name and port under which ssh looked for its key: ssh_config may give it others."""
    name = r"(?:\[(?P<host>[\w.:%-]+)\]:(?P<port>\d+)|(?P<alone>[\w.:%-]+))"
    for line in lines:
        if named := re.search(rf"ost key (?:is known )?for {name} (?:has changed|and you|was revoked)", line):
            return server._replace(host=named["host"] or named["alone"], port=int(named["port"] or 0))
    return server


def _unknown(server: Server, match: re.Match[str], words: str, lines: list[str]) -> SshFailure:
    folder = "" if server.known_hosts else "mkdir -pm 700 ~/.ssh; "
    return SshFailure(
        f"the host key of {server.known_as} is not known to {user_name()} (ssh says {words!r})",
        f"compare `{server.scan} | ssh-keygen -lf -` with what its administrator says; if it is the same, as"
        f" {user_name()}: {folder}{server.scan} >> {server.file}",
    )


def _changed(server: Server, match: re.Match[str], words: str, lines: list[str]) -> SshFailure:
    shown = next((line.rstrip(".") for line in lines if line.startswith("SHA256:")), "")
    file = next((place[1] for line in lines if (place := re.match(r"Offending .* in (/.+):\d+", line))), "")
    by = "root" if file.startswith("/etc/") else user_name()
    # one that is not the user's own has to be named
    named = "" if not file or file.endswith("/.ssh/known_hosts") else f"-f {shlex.quote(file)} "
    return SshFailure(
        f"THE HOST KEY OF {server.known_as} HAS CHANGED: somebody may be intercepting the connection"
        + (f" (it shows {clean(shown, 80)})" if shown else ""),
        f"ask who runs it, by telephone; only if they replaced the key, as {by}: ssh-keygen {named}-R"
        f" {shlex.quote(server.known_as)}; {server.scan} >> {shlex.quote(file) if named else server.file}",
    )


def _revoked(server: Server, match: re.Match[str], words: str, lines: list[str]) -> SshFailure:
    return SshFailure(
        f"THE HOST KEY OF {server.known_as} IS REVOKED: somebody may be intercepting the connection",
        "ask who runs it, by telephone, which key it has now; what revokes the old one is @revoked in"
        f" {server.file}, or RevokedHostKeys in ssh_config",
    )


def _refused_key(server: Server, match: re.Match[str], words: str, lines: list[str]) -> SshFailure:
    if server.identity:
        show = f"ssh-keygen -yf {shlex.quote(server.identity)}"
    else:
        make = f"ssh-keygen -q -t ed25519 -N '' -f {USERS_KEY}"
        show = f"test -e {USERS_KEY} || {make}; cat {USERS_KEY}.pub"
    return SshFailure(
        f"{server.host} does not let {user_name()} in (ssh says {words!r})",
        f"as {user_name()}: {show}; have the administrator of {server.host} let that key in. A key with a"
        " passphrase cannot be used: nobody is there to type it",
    )


def _open_key(server: Server, match: re.Match[str], words: str, lines: list[str]) -> SshFailure:
    return SshFailure(
        f"ssh ignores the key {match[1]}, which others can read (ssh says {words!r})",
        f"as {user_name()}: chmod 600 {shlex.quote(match[1])}",
    )


def _open_file(server: Server, match: re.Match[str], words: str, lines: list[str]) -> SshFailure:
    return SshFailure(
        f"ssh does not start (ssh says {words!r})",
        f"as {user_name()}: chmod 600 {shlex.quote(match[1])}; it must belong to {user_name()} or root",
    )


def _too_many_keys(server: Server, match: re.Match[str], words: str, lines: list[str]) -> SshFailure:
    return SshFailure(
        f"{server.host} ends the connection before the right key is tried (ssh says {words!r})",
        f"name the key in ~/.ssh/config of {user_name()}: below `Host {server.host}` the lines"
        f" `IdentityFile {USERS_KEY}` and `IdentitiesOnly yes`",
    )


def _nobody(server: Server, match: re.Match[str], words: str, lines: list[str]) -> SshFailure:
    return SshFailure(
        f"ssh does not start (ssh says {words!r})",
        f"ssh needs an entry for user {match[1]} in /etc/passwd: give it one, or use a https:// URL",
    )


def _unresolved(server: Server, match: re.Match[str], words: str, lines: list[str]) -> SshFailure:
    return SshFailure(
        f"{server.host} is not known by that name here (ssh says {words!r})",
        f"see `getent hosts {shlex.quote(server.host)}`: correct the name in the settings, or have it entered"
        " in DNS or /etc/hosts",
    )


def _unreachable(server: Server, match: re.Match[str], words: str, lines: list[str]) -> SshFailure:
    return SshFailure(
        f"{server.host} cannot be reached (ssh says {words!r})",
        f"is it up, does its sshd listen on port {server.port or 22}, and does no firewall stand in between?"
        f" `{server.scan}` prints its keys as soon as it answers",
    )


def _ended(server: Server, match: re.Match[str], words: str, lines: list[str]) -> SshFailure:
    return SshFailure(
        f"{server.host} ended the connection (ssh says {words!r})",
        "its sshd may be too busy (MaxStartups), or shut this host out (fail2ban): the log of sshd there says"
        " which; if it was busy, the next run gets through",
    )


def _no_agreement(server: Server, match: re.Match[str], words: str, lines: list[str]) -> SshFailure:
    return SshFailure(
        f"ssh and {server.host} agree on no method (ssh says {words!r})",
        "update the older of the two; `man ssh_config` says how one host is allowed an old method",
    )


_METHODS = "publickey|password|keyboard-interactive|hostbased|gssapi"
"""How one may prove who one is: what else stands in brackets was not said by ssh."""
# In the order in which one explains the others: a key that changed is also said to be unverified.
_CAUSES: tuple[tuple[str, _Explain], ...] = (
    (r"^No user exists for uid (\d+)", _nobody),
    (r"^Bad owner or permissions on (.+)", _open_file),
    (r"^@ +WARNING: REVOKED HOST KEY|^Host key for \S+ was revoked and ", _revoked),
    (r"^@ +WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED|^Host key for \S+ has changed", _changed),
    (r"^No \S+ host key is known for ", _unknown),
    (r"^Host key verification failed", _unknown),
    (r"^Permissions \d+ for '(.+)' are too open", _open_key),
    (r"^(?:Received disconnect from .*: )?Too many authentication failures", _too_many_keys),
    (rf"^(?:\S+@\S+: )?Permission denied \((?=[a-z,-]*(?:{_METHODS}))[a-z,-]+\)", _refused_key),
    (r"^ssh: Could not resolve hostname ", _unresolved),
    (r"^ssh: connect to (?:host|address) ", _unreachable),
    (r"^Connection timed out during banner exchange|^Connection to \S+ port \d+ timed out", _unreachable),
    (r"^Unable to negotiate with ", _no_agreement),
    (r"^(?:kex_exchange_identification: |ssh_exchange_identification: )", _ended),
    (r"^Connection (?:closed|reset) by \S+ port \d+", _ended),
)
