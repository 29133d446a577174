"""What a commit pins: which version of each package, by which hashes, and which of them a host needs
(docs/operator-every-day.md#what-a-deploy-does).

`requirements/host.txt` has settled the versions for every platform, so nothing is resolved at a deploy: what
the commit's pyproject.toml asks for is followed from package to package, its markers read as the host would.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from shepherd.errors import ShepherdError
from shepherd.values import clean

PINS = "requirements/host.txt"
"""The versions and hashes of all that a host may need, for every platform; pip itself among them."""
_PIN = re.compile(
    r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)\s*(?:;([^\\]*?))?\s*(?:\\|$|--hash)", re.MULTILINE
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class PinError(ShepherdError):
    """What a commit pins is not what it asks for."""


class Pin(NamedTuple):
    """One version of one package."""

    name: str
    version: Version
    hashes: frozenset[str]
    """SHA-256 of each file that may be installed, for every platform."""

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


def pins_for(text: str, environment: dict[str, str]) -> dict[str, Pin]:
    """The pins that hold in an environment, by name.

    Args:
        text: of requirements/host.txt; environment: what markers are read by.

    Raises:
        PinError: a line cannot be read.
    """
    pins: dict[str, Pin] = {}
    for entry in re.split(r"\n(?=[^\s#])", text):
        match = _PIN.match(entry)
        if match is None:
            continue
        try:
            if match[3] and not Marker(match[3]).evaluate(environment):
                continue
            name, version = canonicalize_name(match[1]), Version(match[2])
        except (InvalidMarker, InvalidVersion) as error:
            raise PinError(f"{PINS}: {clean(entry, 80)} cannot be read ({clean(str(error), 120)})") from None
        pins[name] = Pin(name, version, frozenset(_HASH.findall(entry)))
    return pins


class Wanted(NamedTuple):
    """A package that something asks for, with the extras of it that are asked for."""

    name: str
    extras: frozenset[str]


def wanted(
    requirements: Iterable[str], pins: dict[str, Pin], environment: dict[str, str], extras: frozenset[str]
) -> Iterator[Wanted]:
    """The packages that these requirements ask for in an environment.

    Args:
        requirements: of one package, as its metadata states them.
        extras: those of that package which are asked for.

    Raises:
        PinError: a package that is asked for is not pinned, or another version of it is.
    """
    for text in requirements:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            raise PinError(f"the requirement {clean(text, 80)!r} cannot be read") from None
        marker = requirement.marker
        if marker and not any(marker.evaluate({**environment, "extra": each}) for each in ("", *extras)):
            continue
        name = canonicalize_name(requirement.name)
        pin = pins.get(name)
        if pin is None or not requirement.specifier.contains(pin.version, prereleases=True):
            but = f", but pins {pin.version}" if pin else ""
            raise PinError(
                f"{PINS} does not pin {clean(text, 80)}{but}: make a new one (CONTRIBUTING.md says how)"
            )
        if not pin.hashes:
            raise PinError(f"{PINS} names no hash of {pin}")
        yield Wanted(name, frozenset(requirement.extras))
