"""A team that says by statuses what QA found: what fails is repaired, and its repair goes wrong, too."""

from __future__ import annotations

from pathlib import Path

from tests.project import Project

STATUSES = """\
keys = ["ABC"]
[tracker.statuses]
needstesting = ["In QA"]
ok = ["QA passed"]
bad = ["QA failed"]
silent = ["In Progress"]
"""


def live(folder: Path) -> Project:
    """Some runs of it, from the first failure until the second repair is live."""
    project = Project(folder, "", STATUSES)
    project.deploy(*project.land("[no-qa] Begin"))

    def said(**statuses: str) -> None:
        for key, status in statuses.items():
            project.bugs[key.replace("_", "-")] = {"status": status}
        project.write_bugs()
        project.look()

    project.land("ABC-1: Log in")
    said(ABC_1="In QA")
    said(ABC_1="QA failed")
    said(ABC_1="In Progress")
    project.land("ABC-2: Search", "ABC-1: Log in, repaired")
    said(ABC_1="In QA", ABC_2="In QA")
    said(ABC_1="QA passed")
    said(ABC_2="QA passed")
    # production runs what failed, and not what repairs it
    project.deploy(project.repo.git("rev-parse", "stable~2"))
    project.look()
    project.land("[rollback=4] Too slow", "ABC-1: Log in, repaired faster")
    project.look()
    said(ABC_1="In QA")
    said(ABC_1="Parked")
    said(ABC_1="QA passed")
    project.deploy(project.repo.tip())
    project.look()
    return project
