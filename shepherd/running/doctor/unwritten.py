"""Whether everything that landed stands on the tracker (docs/tagging.md#when-something-goes-wrong)."""

from __future__ import annotations

from collections.abc import Iterator

from shepherd.errors import NoAnswerError
from shepherd.plans.tag_events import FailedWriting
from shepherd.plans.tag_plan import not_written
from shepherd.running.doctor.checking import OFFLINE, CheckContext, Finding, ok, warn
from shepherd.running.doctor.data import sqlite_path
from shepherd.settings import Settings
from shepherd.store.snapshots import Snapshots
from shepherd.values import first_few

NAME = "tagged"


def unwritten(context: CheckContext) -> Iterator[Finding]:
    """A finding for each branch on whose items the tagger could not write when it tried last."""
    settings, path = context.settings, sqlite_path(context.settings)
    if path is None and context.offline:
        yield ok(NAME, OFFLINE)
        return
    well = True
    try:
        for branch, failed in _failed(settings) if path is None or path.exists() else ():
            well = False
            told = [not_written(each.item, [revno], each.since, each.why) for revno, each in failed]
            what = "; ".join(first_few(told, "each with a warning on the page", 5))
            yield warn(f"{NAME} {branch}", f"not written: {what}", "put that right, then: inv tag")
    except NoAnswerError:
        # a server's database that nothing was written into
        pass
    if well:
        yield ok(NAME, "the tagger could write on each item when it tried last")


def _failed(settings: Settings) -> Iterator[tuple[str, list[tuple[int, FailedWriting]]]]:
    """Branch -> revno of each landing in QA that was not written, and how that failed; where there is any.
    Raises NoAnswerError, StoreError."""
    from shepherd.stages.failed_writings import open_failures
    from shepherd.store import Database

    with Database.of(settings, read_only=True) as database:
        for branch in settings.branches:
            in_qa = _in_qa(settings, branch)
            with database.branch(branch) as store:
                failed = [
                    (in_qa[each.sha], each) for each in open_failures(store.journal) if each.sha in in_qa
                ]
            if failed:
                yield branch, failed


def _in_qa(settings: Settings, branch: str) -> dict[str, int]:
    """SHA -> revno of the landings that wait, by the last answer."""
    snapshot = Snapshots(settings.state_path / "snapshots", branch).latest()
    if snapshot is None or not settings.tracker_of(branch).writes:
        return {}
    live = snapshot.deployed.revno if snapshot.deployed else 0
    return {each.id: each.revno for each in snapshot.landings if each.revno > live}
