"""A stand-in for systemd: a `systemctl` that keeps what it was asked, and what is enabled."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from shepherd.running import systemd

_PROGRAM = r"""#!{python} -S
import json, os, sys
place = {place!r}
words = [each for each in sys.argv[1:] if each != "--user"]
kept = json.load(open(place)) if os.path.exists(place) else dict(calls=[], enabled=[], active=[])
if words[0] == "show":
    enabled, active = words[1] in kept["enabled"], words[1] in kept["active"]
    print("ActiveState=" + ("active" if active else "inactive"))
    print("UnitFileState=" + ("enabled" if enabled else "disabled"))
    print("NextElapseUSecRealtime=" + ("Sat 2026-11-28 17:30:01 UTC" if active else ""))
    sys.exit()
kept["calls"].append(" ".join(words))
unit = words[-1]
if words[0] == "enable":
    kept["enabled"].append(unit)
elif words[0] in ("start", "restart"):
    kept["active"].append(unit)
elif words[0] == "disable":
    kept["enabled"], kept["active"] = [], []
json.dump(kept, open(place, "w"))
"""


class Systemctl:
    """Its program in the folder `bin`; the user's units in `units`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bin, self.units, self._place = (
            folder / "systemctl-bin",
            folder / "config",
            folder / "systemd.json",
        )
        self.bin.mkdir()
        program = self.bin / "systemctl"
        program.write_text(_PROGRAM.format(python=sys.executable, place=str(self._place)))
        program.chmod(0o755)
        for name in ("runs", "lingers"):
            (folder / name).mkdir()
        (folder / "runtime" / "systemd").mkdir(parents=True)
        self.system = folder / "etc"
        self.system.mkdir()
        self.lingers = folder / "lingers"
        monkeypatch.setattr(systemd, "RUNS", folder / "runs")
        monkeypatch.setattr(systemd, "LINGERING", self.lingers)
        monkeypatch.setattr(systemd, "SYSTEM_UNITS", self.system)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "runtime"))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(self.units))
        monkeypatch.setenv("PATH", str(self.bin), prepend=":")

    @property
    def calls(self) -> list[str]:
        return list(json.loads(self._place.read_text())["calls"]) if self._place.exists() else []
