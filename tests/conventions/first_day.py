"""What a team sees on the first day: `init` on its mainline, then the commands that init names."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from shepherd.people import person_of
from shepherd.settings import Settings, read
from tests.conventions.mainline import Mainline
from tests.inv import Done, inv_here

_IF_WANTED = {"link": "url", "branch": "branch"}
"""Keys of the table that need not be there, and what the answer calls them."""
_COVER = re.compile(r"inv cover r?(\w+) --by r?(\d+)")


class FirstDay:
    """The convention of one row, built and read in `folder`."""

    def __init__(self, folder: Path, row: dict[str, Any]) -> None:
        self.folder = folder
        module, function = row["history"].split(".")
        build = cast(
            "Callable[[Mainline], None]",
            getattr(importlib.import_module(f"tests.conventions.{module}"), function),
        )
        self.line = Mainline(folder / "shop.git", row.get("origin", ""), row.get("branch", "main"))
        build(self.line)
        self.init = self.inv("init", "--repository", str(self.line.repo.path))
        self.run = self.inv("find", "judge", "report")

    def inv(self, *words: str) -> Done:
        return inv_here(self.folder, *words)

    @cached_property
    def settings(self) -> Settings:
        return read(self.folder / "shepherd.toml")

    @cached_property
    def answer(self) -> dict[str, Any]:
        return dict(json.loads(self.inv("status", "--json").out))

    @cached_property
    def landings(self) -> dict[int, dict[str, Any]]:
        return {each["revno"]: each for each in json.loads(self.inv("landings", "--json").out)}

    @cached_property
    def _names(self) -> dict[int, str]:
        return {self.line.revno(name): name for name in self.line.shas}

    def named(self, revno: int) -> str:
        """The name of a landing, else its number."""
        return self._names.get(revno, f"r{revno}")

    def window(self) -> int:
        return int(self.answer["tip"]["revno"] - self.answer["deployed"]["revno"])

    def _authors(self) -> list[tuple[str, str]]:
        """Name and address of everybody who made a commit, or lets others believe so."""
        lines = self.line.repo.git("log", "--all", "--format=%an%x09%ae").splitlines()
        parts = (line.partition("\t") for line in sorted(set(lines)))
        return [(name, address) for name, _, address in parts]

    def written(self) -> dict[str, Any]:
        """What init wrote, as the table has it."""
        (branch,) = self.settings.branches.values()
        text = (self.folder / "shepherd.toml").read_text()
        deployed = re.search(r"^deployed = (.*)$", text, re.MULTILINE)
        assert deployed
        return {
            "tracker": self.settings.tracker.type,
            "offers": re.findall(r'^# *type = "(\w+)"', text, re.MULTILINE),
            "marks": list(branch.marks),
            "robots": [
                name
                for name, address in self._authors()
                if person_of([(name, address)], branch.robots) == ("", "")
            ],
            "deployed": deployed[1],
            "live": self.named(self.answer["deployed"]["revno"]),
            "window": self.window(),
        }

    def seen(self, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
        """What the answer says of a landing, as the table has it: without what is empty."""
        entry = self.landings[self.line.revno(name)]
        seen = {
            "landing": name,
            "person": entry["person"],
            "merged_by": entry.get("merged_by", ""),
            "co_authors": entry.get("co_authors", []),
            "requests": entry["requests"],
            "bugs": entry["bugs"],
            "closes": entry["closes"],
            **{key: entry[name] for key, name in _IF_WANTED.items() if key in wanted},
            "undoes": [self.named(target) for target in entry["targets"]],
            "hinted": [self._hinted(hint, entry["revno"]) for hint in entry["hints"]],
            "warnings": entry["warnings"],
        }
        return {key: value for key, value in seen.items() if value}

    def _hinted(self, hint: str, by: int) -> str:
        """The landing that the command of a hint names; the whole hint, if there is no such command."""
        command = _COVER.search(hint)
        if not command or int(command[2]) != by:
            return hint
        return self.named(int(command[1])) if command[1].isdigit() else command[1]
