"""A stand-in for systemd: a `systemctl` that keeps what it was asked, and what is enabled."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shepherd.running import systemd

_PROGRAM = r"""#!{python} -S
import json, os, sys
place, folders = {place!r}, {folders!r}
def text(unit):
    paths = [os.path.join(folder, unit) for folder in folders]
    return "".join(open(path).read() for path in paths if os.path.exists(path))
words = [each for each in sys.argv[1:] if each != "--user"]
kept = json.load(open(place)) if os.path.exists(place) else dict(calls=[], enabled=[], active=[], read=dict())
if words[0] == "show" and words[-1] == "--property=NeedDaemonReload":
    # of a unit that it has not read yet it reads the file now
    for unit in words[1:-1]:
        print("NeedDaemonReload=" + ("yes" if kept["read"].get(unit, text(unit)) != text(unit) else "no"))
    sys.exit()
if words[0] == "show":
    enabled, active = words[1] in kept["enabled"], words[1] in kept["active"]
    print("ActiveState=" + ("active" if active else "inactive"))
    print("UnitFileState=" + ("enabled" if enabled else "disabled"))
    print("NextElapseUSecRealtime=" + ("Sat 2026-11-28 17:30:01 UTC" if active else ""))
    sys.exit()
if os.path.exists(place + "." + words[0]):
    sys.exit("it does not like to")
kept["calls"].append(" ".join(words))
unit = words[-1]
if words[0] == "daemon-reload":
    names = [name for folder in folders if os.path.isdir(folder) for name in os.listdir(folder)]
    kept["read"] = dict((name, text(name)) for name in names if name.startswith("qa-shepherd"))
elif words[0] == "enable":
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
        for name in ("runs", "lingers"):
            (folder / name).mkdir()
        (folder / "runtime" / "systemd").mkdir(parents=True)
        self.system = folder / "etc"
        self.system.mkdir()
        folders = [str(self.units / "systemd" / "user"), str(self.system)]
        program.write_text(_PROGRAM.format(python=sys.executable, place=str(self._place), folders=folders))
        program.chmod(0o755)
        self.lingers = folder / "lingers"
        monkeypatch.setattr(systemd, "RUNS", folder / "runs")
        monkeypatch.setattr(systemd, "LINGERING", self.lingers)
        monkeypatch.setattr(systemd, "SYSTEM_UNITS", self.system)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "runtime"))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(self.units))
        monkeypatch.setenv("PATH", str(self.bin), prepend=":")

    @contextmanager
    def failing(self, word: str) -> Iterator[None]:
        """This command fails meanwhile."""
        mark = self._place.with_name(f"{self._place.name}.{word}")
        mark.touch()
        yield
        mark.unlink()

    @property
    def calls(self) -> list[str]:
        return list(json.loads(self._place.read_text())["calls"]) if self._place.exists() else []
