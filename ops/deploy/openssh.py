"""What OpenSSH itself says of a host: its settings by `ssh -G`, its keys by `ssh-keygen`
(docs/operator-every-day.md#what-a-deploy-does).

Nothing else reads these files as it does: Match, patterns, hashed names, markers, several keys of one host.
"""

from __future__ import annotations

import base64
import os
import pwd
import re
import shlex
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from shepherd import plainfile
from shepherd.errors import SettingsError, ShepherdError
from shepherd.values import clean

LIMIT = 30
"""Seconds that one of OpenSSH's programs may take; `Match exec` may run others."""
LARGEST = 10_000_000
"""Bytes of a file of revoked keys."""


class HostError(ShepherdError):
    """The host cannot be reached, is not who it was, or something failed there."""


class Route(NamedTuple):
    """How `ssh` would reach a host."""

    name: str
    """What people call it: qa1, qa1:2222, or [::1]:2222."""
    host: str
    port: int
    user: str
    identities: tuple[str, ...]
    """Files of private keys that are there, the first one is tried first."""
    proxy: str
    """The shell command whose standard streams are the connection; empty: none."""
    known_as: str
    """Its name in files of known hosts: an alias, `host`, or `[host]:port`."""
    known_hosts: tuple[Path, ...]
    revoked: str
    """The file of keys that no host may have any more (RevokedHostKeys); empty: none."""
    algorithms: tuple[str, ...]
    """Those of host keys, the best first."""
    patience: int
    """Seconds for connecting; 0: nothing is said of it."""

    @property
    def command(self) -> str:
        """To be pasted: `ssh` as it takes the same route."""
        return f"{self.ssh} true"

    @property
    def ssh(self) -> str:
        """The beginning of a line to be pasted; what is to be run there follows."""
        port = f" -p {self.port}" if self.port != 22 else ""
        return f"ssh{port} {self.user}@{self.name.removesuffix(f':{self.port}').strip('[]')}"


def route(
    host: str,
    *,
    user: str = "",
    port: int = 0,
    config: str = "",
    identities: Sequence[str] = (),
    known_hosts: Path | None = None,
) -> Route:
    """What `ssh` would do.

    Args:
        user, port, config, identities: as given with -l, -p, -F and -i; empty: not given.
        known_hosts: the one file of known hosts, whatever the configuration says; None: those that it names.

    Raises:
        SettingsError: OpenSSH cannot read its configuration, or there is no such file of known hosts.
    """
    options = [*(["-F", config] if config else []), *(["-p", str(port)] if port else [])]
    options += [*(["-l", user] if user else []), *(word for each in identities for word in ("-i", each))]
    settings = _settings(host, ["-T", *options, "--", host])
    reached, login, number = settings["hostname"][0], settings["user"][0], int(settings["port"][0])
    alias = settings.get("hostkeyalias", [""])[0]
    me = operator()
    tokens = {
        **{"%": "%", "d": me.pw_dir, "h": reached, "i": str(me.pw_uid), "k": alias or host},
        **{"L": socket.gethostname().partition(".")[0], "l": socket.gethostname(), "n": host},
        **{"p": str(number), "r": login, "u": me.pw_name},
    }
    files = [_expanded(each, tokens) for each in settings.get("identityfile", ())]
    hosts = [
        *_files(settings, "userknownhostsfile", tokens),
        *_files(settings, "globalknownhostsfile", tokens),
    ]
    if known_hosts and not known_hosts.is_file():
        raise SettingsError(f"deploy.known_hosts: {known_hosts} is not there, or is not a file")
    patience = settings.get("connecttimeout", ["none"])[0]
    return Route(
        name=(bracketed(host, number) if ":" in host else f"{host}:{number}") if number != 22 else host,
        host=reached,
        port=number,
        user=login,
        identities=tuple(each for each in files if Path(each).is_file()),
        proxy=_proxy(settings, tokens, config),
        known_as=alias or bracketed(reached, number),
        known_hosts=(known_hosts,) if known_hosts else tuple(hosts),
        revoked=_expanded(_value(settings, "revokedhostkeys"), tokens),
        algorithms=tuple(settings.get("hostkeyalgorithms", [""])[0].split(",")),
        patience=int(patience) if patience.isdecimal() else 0,
    )


def operator() -> pwd.struct_passwd:
    """Whose files OpenSSH reads: it asks the system, and neither HOME nor LOGNAME."""
    return pwd.getpwuid(os.getuid())


def bracketed(host: str, port: int) -> str:
    """A host's name in a file of known hosts."""
    return f"[{host}]:{port}" if port != 22 else host


class KnownHosts(NamedTuple):
    """What files of known hosts say of one name."""

    keys: tuple[bytes, ...]
    """In the order of the files."""
    revoked: frozenset[bytes]
    certified: bool
    """A certificate authority (@cert-authority) vouches for keys of this name."""


def known(name: str, files: Sequence[Path]) -> KnownHosts:
    """The keys of a name, whether it is written out, hashed, or matched by a pattern.

    Lines that OpenSSH steps over are stepped over: of other hosts, malformed, with markers that it lacks.
    """
    keys: dict[str, list[bytes]] = {"": [], "@revoked": [], "@cert-authority": []}
    for file in files:
        # a FIFO would be waited for
        for line in _run("ssh-keygen", "-F", name, "-f", str(file))[1] if file.is_file() else ():
            words = line.split()
            marker = words.pop(0) if line.startswith("@") else ""
            # `# Host qa1 found: line 1` stands before each
            if marker in keys and not line.startswith("#") and (key := _key(words[1:])):
                keys[marker].append(key)
    return KnownHosts(
        tuple(dict.fromkeys(keys[""])), frozenset(keys["@revoked"]), bool(keys["@cert-authority"])
    )


def is_revoked(file: str, public: str) -> bool:
    """Whether RevokedHostKeys forbid a key; as with `ssh`, a file that cannot be read forbids each.

    Args:
        file: a revocation list, or public keys line by line; public: the key, as in `ssh-ed25519 AAAA…`.
    """
    code, _, _ = _run("ssh-keygen", "-Q", "-f", file, "/dev/stdin", text=public)
    if code in (0, 1):
        return code == 1
    try:
        lines = plainfile.read(Path(file), LARGEST).splitlines()
    except plainfile.UnreadableFileError:
        return True
    keys = [_key(line.split()) for line in lines if line.strip() and not line.startswith("#")]
    return None in keys or _key(public.split()) in keys


def type_of(key: bytes) -> str:
    """The type that a public key begins with, as in `ssh-ed25519`."""
    return key[4 : 4 + int.from_bytes(key[:4], "big")].decode("ascii", "replace")


def _settings(host: str, words: list[str]) -> dict[str, list[str]]:
    code, lines, complaint = _run("ssh", "-G", *words)
    if code:
        why = clean(next(iter(complaint), f"it ended with {code}"), 300)
        raise SettingsError(f"ssh cannot say how {clean(host, 80)} is reached: {why}")
    settings: dict[str, list[str]] = {}
    for line in lines:
        key, _, value = line.partition(" ")
        settings.setdefault(key.lower(), []).append(value)
    return settings


def _value(settings: Mapping[str, list[str]], key: str) -> str:
    """The value of a setting whose `none` is none."""
    value = settings.get(key, [""])[0]
    return "" if value.lower() == "none" else value


def _files(settings: Mapping[str, list[str]], key: str, tokens: Mapping[str, str]) -> list[Path]:
    # separated by blanks, which may stand in a name as well; but a name begins at the root or at home
    names = re.split(r" (?=[/~])", _value(settings, key))
    return [Path(_expanded(each, tokens)) for each in names if each]


def _proxy(settings: Mapping[str, list[str]], tokens: Mapping[str, str], config: str) -> str:
    """ProxyCommand; or ProxyJump, which `ssh` itself makes a ProxyCommand of."""
    if jump := _value(settings, "proxyjump"):
        *before, last = jump.split(",")
        words = ["ssh", "-oStrictHostKeyChecking=yes", *(["-F", config] if config else [])]
        words += [*(["-J", ",".join(before)] if before else []), "-W", f"[{tokens['h']}]:{tokens['p']}"]
        words.append(last if last.startswith("ssh://") else f"ssh://{last}")
        return f"exec {shlex.join(words)}"
    command = _value(settings, "proxycommand")
    return f"exec {_filled(command, tokens)}" if command else ""


def _expanded(path: str, tokens: Mapping[str, str]) -> str:
    if path.startswith("~"):
        name, _, rest = path[1:].partition("/")
        with suppress(KeyError):
            path = f"{pwd.getpwnam(name).pw_dir if name else tokens['d']}/{rest}"
    filled = _filled(path, tokens)
    return re.sub(r"\$\{(\w+)\}", lambda match: os.environ.get(match[1], match[0]), filled)


def _filled(text: str, tokens: Mapping[str, str]) -> str:
    return re.sub("%(.)", lambda match: tokens.get(match[1], match[0]), text)


def _key(words: Sequence[str]) -> bytes | None:
    """The key of `TYPE BASE64 …`; None: there is none that can be read."""
    try:
        kind, text = words[:2]
        key = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return key if type_of(key) == kind else None


def _run(*command: str, text: str = "") -> tuple[int, list[str], list[str]]:
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, check=False, timeout=LIMIT)
    except FileNotFoundError:
        raise SettingsError(f"{command[0]} is not installed here: fab needs OpenSSH's programs") from None
    except subprocess.TimeoutExpired:
        raise HostError(f"{shlex.join(command[:2])} gave no answer within {LIMIT} seconds") from None
    out, err = (each.decode("utf-8", "replace").splitlines() for each in (done.stdout, done.stderr))
    return done.returncode, out, err
