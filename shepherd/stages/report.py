"""`report`: snapshot + situation -> pages and feeds in the report directory."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from shepherd.errors import NoAnswerError
from shepherd.settings import Settings
from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.store.snapshots import Snapshots, public_folder, write_atomically
from shepherd.views.feeds import snapshot_json
from shepherd.views.page import branch_page, index_page


def read_snapshots(settings: Settings) -> dict[str, Snapshot]:
    """The last snapshot of every branch that has one, in the order of the settings.

    Raises:
        NoAnswerError: one cannot be read.
    """
    found: dict[str, Snapshot] = {}
    for branch in settings.branches:
        snapshot = Snapshots(settings.state_path / "snapshots", branch).latest()
        if snapshot is not None:
            found[branch] = snapshot
    return found


def files_of(
    snapshots: dict[str, Snapshot], branches: Collection[str], situation: Situation
) -> dict[str, bytes]:
    """Every file of the report, by name. A pure function of snapshots and situation (4.3)."""
    files: dict[str, bytes] = {}
    for branch, snapshot in snapshots.items():
        links = [("All branches", "index.html"), ("This page as JSON", f"{branch}.json")]
        files[f"{branch}.html"] = branch_page(snapshot, situation, links).encode("utf-8", "replace")
        files[f"{branch}.json"] = snapshot_json(snapshot) + b"\n"
    waiting = [branch for branch in branches if branch not in snapshots]
    files["index.html"] = index_page(list(snapshots.values()), situation, waiting).encode("utf-8", "replace")
    return files


def write_report(settings: Settings, situation: Situation) -> list[Path]:
    """Write all pages and feeds; where they are, the index first.

    Raises:
        NoAnswerError: no branch has a snapshot yet.
        StoreError: a file cannot be written; the pages that are there stay whole.
    """
    snapshots = read_snapshots(settings)
    if not snapshots:
        raise NoAnswerError("no answer yet, so there is nothing to report: inv find judge report")
    directory = settings.report_path
    public_folder(directory)
    files = files_of(snapshots, settings.branches, situation)
    for name, content in files.items():
        write_atomically(directory / name, content)
    _forget_branches(settings)
    return [directory / name for name in sorted(files, key=lambda name: (name != "index.html", name))]


def _forget_branches(settings: Settings) -> None:
    """The pages of a branch that is no longer followed would say the same for ever."""
    snapshots = settings.state_path / "snapshots"
    gone = [folder.name for folder in snapshots.iterdir() if folder.name not in settings.branches]
    for branch in gone:
        for ending in ("html", "json"):
            (settings.report_path / f"{branch}.{ending}").unlink(missing_ok=True)
