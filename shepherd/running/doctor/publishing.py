"""Whether the pages can be brought to each target of `report.publish`: rsync is there, the target answers."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from shepherd.act.rsync import PublishError
from shepherd.children import environment, finish
from shepherd.errors import SourceError
from shepherd.running.calling import PATH
from shepherd.running.doctor.checking import OFFLINE, CheckContext, Finding, ok, warn
from shepherd.stages.publish import reach
from shepherd.urls import remote_of

LIMIT = 20.0
"""Seconds that one target may take to answer."""


# each is a warning: without it the answer still stands, and an upgrade is no worse for it
def publish(context: CheckContext) -> Iterator[Finding]:
    targets = context.settings.report.publish
    if not targets:
        yield ok("publish", "the pages are published nowhere: report.publish is empty")
        return
    version = _rsync_version()
    if not version:
        yield warn("publish", "there is no rsync here, so nothing is published", "install rsync")
        return
    if shutil.which("rsync", path=PATH) is None:
        yield warn("publish", f"{shutil.which('rsync')} is not where cron looks ({PATH})", "link it there")
    else:
        yield ok("publish", f"rsync {version}")
    for target in targets:
        if not remote_of(target).host:
            yield _folder(Path(context.settings.place(target)))
        elif context.offline:
            yield ok("publish", f"{target}: {OFFLINE}")
        else:
            yield _answers(context, target)


def _rsync_version() -> str:
    """As rsync says it; empty: there is none."""
    try:
        _, output, _ = finish(["rsync", "--version"], name="rsync", env=environment({}), limit=LIMIT)
    except SourceError:
        return ""
    return next((word for word in output.decode("utf-8", "replace").split() if word[:1].isdigit()), "")


def _folder(place: Path) -> Finding:
    """A target on this machine."""
    # rsync makes the last folder, and none above it
    there = place if place.exists() else place.parent
    if not there.is_dir():
        return warn("publish", f"{there} is no folder, so nothing can be published to {place}", "make it")
    if not os.access(there, os.W_OK | os.X_OK):
        return warn("publish", f"{there} cannot be written to", "let the shepherd's user write there")
    what = "can be written to" if there is place else "is made by the first publish"
    return ok("publish", f"{place} {what}")


def _answers(context: CheckContext, target: str) -> Finding:
    """What a push of an empty folder that changes nothing comes to: an account that may only publish, as by
    `rrsync -wo`, can list nothing."""
    with tempfile.TemporaryDirectory(prefix="shepherd-doctor-") as empty:
        try:
            reach(context.settings, Path(empty), target, limit=LIMIT)
        except PublishError as error:
            # the rest of its sentence is about publishing
            return warn("publish", f"{target}: {error.why}")
    return ok("publish", f"{target} answers")
