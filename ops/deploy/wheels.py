"""The wheelhouse: exactly the wheels that one host's Python and platform need, each by its hash
(docs/operator-every-day.md#deploying-without-an-index).

The commit pins versions and hashes (`pins`), so no index can slip another file in, and none is asked for what
was fetched before for such a host.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ops.deploy.pins import PINS, pins_for, wanted
from ops.deploy.shelf import FetchError, Shelf, Wheel
from ops.deploy.source import PackedCommit
from ops.deploy.target import Target
from shepherd.errors import SettingsError


class Wheelhouse(NamedTuple):
    """All that one environment is made of."""

    requirements: str
    """For pip: one version and one hash a line."""
    wheels: list[Wheel]
    pip: Wheel
    """Not installed: it installs."""

    @property
    def all(self) -> list[Wheel]:
        return [*self.wheels, self.pip]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.requirements.encode()).hexdigest()


def gather(source: PackedCommit, extras: tuple[str, ...], target: Target, cache: Path) -> Wheelhouse:
    """The wheels, from the cache as far as they lie there unchanged.

    Raises:
        SettingsError: an extra that the commit does not have. PinError: the commit does not pin all that it
            needs. FetchError: wheels are missing, and cannot be fetched.
    """
    for extra in extras:
        if extra not in source.extras():
            raise SettingsError(
                f"deploy.extras: {source.commit[:12]} has no extra {extra!r};"
                f" it has {', '.join(source.extras())}"
            )
    pins = pins_for(source.file(PINS), target.environment)
    shelf = Shelf(cache / target.folder, target)
    needed = [(_asked_by(source, extras), frozenset[str]())]
    seen, wheels = set(), dict[str, Wheel]()
    while needed:
        every = [each for texts, of in needed for each in wanted(texts, pins, target.environment, of)]
        new = [each for each in dict.fromkeys(every) if each not in seen]
        seen.update(new)
        wheels |= shelf.provide([pins[each.name] for each in new if each.name not in wheels], pins)
        needed = [(wheels[each.name].requirements(), each.extras) for each in new]
    pip = wheels.pop("pip", None)
    if pip is None:
        raise FetchError(f"{PINS} of {source.commit[:12]} does not name pip, which installs the others")
    lines = [f"{pins[name]} --hash=sha256:{wheel.sha256}" for name, wheel in wheels.items()]
    return Wheelhouse("\n".join(sorted(lines)) + "\n", [wheels[name] for name in sorted(wheels)], pip)


def lacking(house: Wheelhouse, source: PackedCommit, needed: Iterable[str]) -> list[str]:
    """Those of some extras whose packages are not among the wheels; an extra that the commit does not know
    lacks nothing."""
    brought = {canonicalize_name(each.name.partition("-")[0]) for each in house.wheels}
    project = tomllib.loads(source.file("pyproject.toml")).get("project", {})
    optional = project.get("optional-dependencies", {})
    return [
        extra
        for extra in needed
        if any(canonicalize_name(Requirement(text).name) not in brought for text in optional.get(extra, ()))
    ]


def _asked_by(source: PackedCommit, extras: tuple[str, ...]) -> list[str]:
    """What the commit itself asks for: its dependencies, those of the extras, and what installs them."""
    document = tomllib.loads(source.file("pyproject.toml"))
    project, groups = document.get("project", {}), document.get("dependency-groups", {})
    optional = project.get("optional-dependencies", {})
    texts = [*project.get("dependencies", ()), *groups.get("host", ())]
    return [*texts, *(text for extra in extras for text in optional[extra])]
