"""Stories of a branch with a tagger, told line by line and played through the real stages.

land [bug=1] Message      the next landing; r1 begins every story, is [no-qa] and live
bug 1 qa-ok …             a person gives a bug exactly these tags (none: it is there, without any)
verdict r2 ok             a person's word, also: cover r2 by r3
deploy r2                 production moves
find, tag, judge          one stage
run                       all three
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from shepherd.snapshot import Snapshot
from tests.project import Project


class Story:
    """Plays lines; `snapshot` is the last answer."""

    def __init__(self, folder: Path, branch: str = "", tracker: str = "") -> None:
        self.project = Project(folder, branch=branch, tracker=tracker)
        self.ids = self.project.land("[no-qa] Begin")
        self.project.deploy(self.ids[0])
        self.snapshot: Snapshot | None = None

    def tell(self, lines: Iterable[str]) -> None:
        for line in lines:
            if line.strip():
                self._tell(line.strip())

    def _tell(self, line: str) -> None:
        project = self.project
        match line.split():
            case ["land", *_]:
                self.ids += project.land(line.removeprefix("land").strip())
            case ["bug", number, *tags]:
                entry = project.bugs.setdefault(number, {})
                entry["tags"] = tags
                project.write_bugs()
            case ["verdict", rev, word]:
                project.verdict(rev, word)
            case ["cover", rev, "by", by]:
                project.cover(rev, by)
            case ["deploy", rev]:
                project.deploy(self.ids[int(rev.removeprefix("r")) - 1])
            case ["find"]:
                project.find()
            case ["tag"]:
                project.tagger()
            case ["judge"]:
                self.snapshot = project.judge()
            case ["run"]:
                self.snapshot = project.full_run()
            case _:
                raise ValueError(f"no step of a story: {line}")

    def bug(self, number: str) -> str:
        """`TAGS; STATUS; COMMENTS`: "qa-ok; Fix Committed; r2 r3+r4": of which landings there is a comment,
        and which share one."""
        entry = self.project.bugs[number]
        tags = " ".join(sorted(entry.get("tags", ()))) or "none"
        told = " ".join(map(revs_of, entry.get("comments", ())))
        return "; ".join((tags, entry.get("status") or "-", told or "-"))


def revs_of(comment: str) -> str:
    """The landings that a comment lists: "r2", "r3+r4"."""
    several = re.findall("^(r[0-9]+): [0-9a-f]{40}", comment, re.MULTILINE)
    alone = re.search("(?:landed as|by) (r[0-9]+) of ", comment)
    assert several or alone
    return "+".join(several) if several or not alone else alone[1]
