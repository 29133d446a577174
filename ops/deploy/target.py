"""The machine that wheels are for: its tags, and what it makes of markers
(docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

from typing import Any, NamedTuple

from packaging.tags import Tag, compatible_tags, cpython_tags

from shepherd.errors import SettingsError
from shepherd.values import clean

MACHINES = ("x86_64", "aarch64")
"""What wheels are published for."""


class Target(NamedTuple):
    """What wheels are for."""

    python: str
    """3.11.2"""
    machine: str
    libc: str
    """glibc or musl"""
    libc_version: str

    @classmethod
    def of(cls, probed: dict[str, Any]) -> Target:
        """The host that a probe describes.

        Raises:
            SettingsError: wheels are for Linux only.
        """
        if probed["system"] != "Linux":
            raise SettingsError(
                f"the host runs {clean(str(probed['system']), 40)}: releases are made for Linux"
            )
        if probed["machine"] not in MACHINES:
            raise SettingsError(
                f"the host is a {clean(str(probed['machine']), 40)}: wheels are for {', '.join(MACHINES)}"
            )
        libc, version = probed["libc"]
        return cls(probed["python"][0], probed["machine"], libc or "musl", version or "1.2")

    @property
    def environment(self) -> dict[str, str]:
        """What the markers of requirements are read by."""
        return {
            **{"implementation_name": "cpython", "platform_python_implementation": "CPython"},
            **{"implementation_version": self.python, "python_full_version": self.python},
            **{"python_version": ".".join(self.python.split(".")[:2]), "os_name": "posix"},
            **{"platform_machine": self.machine, "platform_system": "Linux", "sys_platform": "linux"},
            **{"platform_release": "", "platform_version": "", "extra": ""},
        }

    @property
    def folder(self) -> str:
        """The name of the folder in the cache for hosts like this one."""
        return f"cp{self._nodot}-{self.tags[0]}"

    @property
    def supported(self) -> list[Tag]:
        """The tags of wheels that it can use, the best first."""
        version, interpreter = [int(each) for each in self.python.split(".")[:2]], f"cp{self._nodot}"
        return [
            *cpython_tags(version, [interpreter], self.tags),
            *compatible_tags(version, interpreter, self.tags),
        ]

    @property
    def _nodot(self) -> str:
        return "".join(self.python.split(".")[:2])

    @property
    def tags(self) -> list[str]:
        """pip's platforms, the best first: a wheel for an older libc runs on a newer one."""
        major, minor = (int(each) for each in self.libc_version.split(".")[:2])
        kind = "manylinux" if self.libc == "glibc" else "musllinux"
        platforms = []
        for each in range(minor, -1, -1):
            platforms.append(f"{kind}_{major}_{each}_{self.machine}")
            if kind == "manylinux" and each in (17, 12, 5):
                platforms.append(f"manylinux{ {17: '2014', 12: '2010', 5: '1'}[each] }_{self.machine}")
        return [*platforms, f"linux_{self.machine}"]
