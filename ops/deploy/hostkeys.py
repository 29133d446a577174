"""Whether a host is who it was: strict, by the keys that OpenSSH's files know of it
(docs/operator-every-day.md#what-a-deploy-does).

Any of the known keys will do. An unknown, changed or revoked one is refused before anything is sent.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ops.deploy.openssh import HostError, KnownHosts, Route, is_revoked, known, type_of
from shepherd.values import clean

if TYPE_CHECKING:
    from paramiko import SSHClient, Transport


def be_strict(client: SSHClient, route: Route) -> Any:
    """Let the client refuse whatever is not the host's key, by raising HostError when it connects.

    Returns:
        What makes its transport (`transport_factory`): it asks for those keys first that are known.
    """
    from paramiko import MissingHostKeyPolicy, Transport

    entries = known(route.known_as, route.known_hosts)
    # as ssh does: what is known of the host at its usual port will do at another one, too
    bare = known(route.host, route.known_hosts) if route.known_as.startswith("[") else entries
    types = _asked_for(entries)

    class Strict(MissingHostKeyPolicy):  # type: ignore[misc]  # paramiko has no types
        """The client itself knows no keys at all, and asks this for each."""

        def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
            judge(route, entries, bare, key)

    def transport(sock: Any, **how: Any) -> Transport:
        made = Transport(sock, **how)
        options = made.get_security_options()
        wanted = [each for each in route.algorithms if each in options.key_types] or list(options.key_types)
        options.key_types = sorted(wanted, key=lambda each: _type_behind(each) not in types)
        return made

    client.set_missing_host_key_policy(Strict())
    return transport


def judge(route: Route, entries: KnownHosts, bare: KnownHosts, key: Any) -> None:
    """Refuse a key that is not known as one of the host's. Raises HostError.

    Args:
        entries, bare: what is known of the host's name, and of it without the port.
    """
    shown: bytes = key.asbytes()
    if shown in entries.revoked | bare.revoked or (
        route.revoked and is_revoked(route.revoked, f"{key.get_name()} {key.get_base64()}")
    ):
        raise HostError(_revoked(route, key))
    # a key of this type under the name with its port says what is to be seen there
    decided = type_of(shown) in {type_of(each) for each in entries.keys}
    if shown in entries.keys or (shown in bare.keys and not decided):
        return
    if entries.keys:
        raise HostError(_changed(route, entries.keys, key))
    raise HostError(_unknown(route, entries.certified or bare.certified, key))


def _asked_for(entries: KnownHosts) -> set[str]:
    """The types of keys that a host is asked for first.

    As with `ssh`, the first key of a type decides, and one that is revoked does not make its type wanted.
    """
    first: dict[str, bytes] = {}
    for key in entries.keys:
        first.setdefault(type_of(key), key)
    return {each for each, key in first.items() if key not in entries.revoked}


def _type_behind(algorithm: str) -> str:
    """The type of key that an algorithm of signatures is for."""
    return "ssh-rsa" if algorithm.startswith("rsa-sha2-") else algorithm


def _described(key: Any) -> str:
    return clean(f"{key.get_name()} {key.fingerprint}", 200)


def _first_file(route: Route) -> str:
    return str(next(iter(route.known_hosts), "~/.ssh/known_hosts"))


def _revoked(route: Route, key: Any) -> str:
    return (
        f"{route.name}: ITS HOST KEY IS REVOKED, SOMEBODY MAY BE IN BETWEEN. It shows {_described(key)}."
        f" Nothing was sent. Ask its administrator which key it has now; what revokes this one is @revoked in"
        f" {_first_file(route)}, or RevokedHostKeys"
    )


def _changed(route: Route, keys: Collection[bytes], key: Any) -> str:
    file = next((str(each) for each in route.known_hosts if known(route.known_as, [each]).keys), "")
    return (
        f"{route.name}: THE HOST KEY HAS CHANGED, SOMEBODY MAY BE IN BETWEEN. It shows {_described(key)},"
        f" known is {', '.join(sorted(map(_fingerprint, keys))[:4])}. Nothing was sent. Only if its"
        f" administrator says that it has a new one: ssh-keygen -R {shlex.quote(route.known_as)}"
        f" -f {shlex.quote(file)}"
        ", then ssh-keyscan"
    )


def _unknown(route: Route, certified: bool, key: Any) -> str:
    why = (
        "only a certificate authority vouches for its host key (@cert-authority), which fab cannot check"
        if certified
        else "its host key is not known"
    )
    alias = f" (for {route.known_as})" if route.known_as not in route.name else ""
    return (
        f"{route.name}: {why} ({_described(key)}). Ask its administrator for the fingerprint, compare,"
        f" then{alias}: ssh-keyscan -p {route.port} {route.host} >> {_first_file(route)}"
    )


def _fingerprint(key: bytes) -> str:
    digest = base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")
    return f"{clean(type_of(key), 40)} SHA256:{digest}"
