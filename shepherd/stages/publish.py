"""`publish`: the report directory to each of its targets (docs/interfaces.md#commands)."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from shepherd.act.rsync import LIMIT, Changed, PublishError, publish
from shepherd.errors import NoAnswerError
from shepherd.report_files import PROMISING, PROMISING_OF_ALL, ReportFiles
from shepherd.run import Tell
from shepherd.settings import Settings, is_url
from shepherd.settings.kinds import BRANCH_NAME
from shepherd.views.older import folder_of

Outcome = Changed | PublishError


def publish_report(
    settings: Settings,
    tell: Tell,
    by: str,
    *,
    dry: bool = False,
    limit: float = LIMIT,
    lock: int = -1,
    folders_alone: bool = False,
) -> dict[str, Outcome]:
    """Each target, and what was done there or why not: one that fails does not stop the others.

    Args:
        by: who asked for it, for the log; limit: seconds for each target.
        folders_alone: leave out targets elsewhere, since another host is at work, and publishes there.

    Raises:
        NoAnswerError: there is no report yet.
    """
    report = settings.report
    if report.publish and not (settings.report_path / "index.html").is_file():
        raise NoAnswerError("there is no page yet, so there is nothing to publish: inv report")
    known_hosts, identity = _ssh_files(settings)
    done: dict[str, Outcome] = {}
    for target in report.publish:
        if folders_alone and is_url(target):
            continue
        started = monotonic()
        try:
            changed = publish(
                settings.report_path,
                target if is_url(target) else settings.place(target),
                ours=_ours(settings),
                known_hosts=known_hosts,
                identity=identity,
                dry=dry,
                limit=limit,
                lock=lock,
            )
        except PublishError as error:
            done[target] = error
            tell("act", what="publish", on=target, result="failed", why=str(error), by=by)
            continue
        done[target] = changed
        tell(
            "act",
            what="publish",
            on=target,
            result="done",
            sent=len(changed.sent),
            removed=len(changed.removed),
            seconds=round(monotonic() - started, 3),
            by=by,
        )
    return done


def reach(settings: Settings, empty: Path, target: str, *, limit: float) -> None:
    """Go all the way to a remote target without changing anything there: an empty folder, as a dry run.

    Raises:
        PublishError: it cannot be reached, or lets us publish nothing.
    """
    known_hosts, identity = _ssh_files(settings)
    publish(empty, target, ours=(), known_hosts=known_hosts, identity=identity, dry=True, limit=limit)


def _ssh_files(settings: Settings) -> tuple[str, str]:
    """The file of known hosts and that of the key, for ssh; empty: the user's own."""
    report, folder = settings.report, settings.file.parent
    known_hosts = str(folder / report.known_hosts) if report.known_hosts else ""
    return known_hosts, str(folder / report.identity) if report.identity else ""


def _ours(settings: Settings) -> list[str]:
    """Names at a target that are ours to remove: the pages of branches that are no longer followed, files
    that were taken back here, and what an rsync that was killed left next to a page."""
    gone = gone_branches(settings)
    pages = [path.name for path in settings.report_path.iterdir() if not path.name.startswith(".")]
    # what is in the folders of older landings is all ours; rsync looks into one that is not here only if it
    # may remove that, too
    here = [name for name in settings.branches if (settings.report_path / folder_of(name)).is_dir()]
    older = [f"{folder_of(name)}/{'*' if name in here else '***'}" for name in (*settings.branches, *gone)]
    promising = ReportFiles(PROMISING, PROMISING_OF_ALL).names(settings.branches)
    return [
        *sorted(promising),
        *(f"{name}.*" for name in gone),
        *older,
        *(f".{name}.??????" for name in pages),
    ]


def gone_branches(settings: Settings) -> list[str]:
    """Branches that had an answer once and are no longer followed."""
    try:
        known = sorted(folder.name for folder in (settings.state_path / "snapshots").iterdir())
    except OSError:
        known = []
    return [name for name in known if name not in settings.branches and BRANCH_NAME.fullmatch(name)]


def withdraw(settings: Settings, names: Collection[str], target: str, *, limit: float) -> Changed:
    """Remove files of ours at a target, and do nothing else there.

    Raises:
        PublishError: that could not be done, or not all of it.
    """
    known_hosts, identity = _ssh_files(settings)
    try:
        with TemporaryDirectory(prefix="shepherd-withdraw-") as empty:
            return publish(
                Path(empty),
                settings.place(target),
                ours=sorted(names),
                known_hosts=known_hosts,
                identity=identity,
                limit=limit,
            )
    except OSError as error:
        raise PublishError(target, f"no empty folder can be made ({error.strerror or error})") from None
