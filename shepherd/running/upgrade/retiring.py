"""Files of the report that the release to be does not write: they would go on saying "deploy r123" for ever
(docs/feeds.md#going-back-to-an-older-release).

They are removed before the link is moved, while nothing works: from then on nobody writes them. If the
upgrade goes back after all, the next run of the release that stays writes them again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from shepherd.act.rsync import LIMIT, PublishError
from shepherd.report_files import OURS, written_by
from shepherd.settings import Settings, is_url
from shepherd.stages.publish import gone_branches, withdraw

UNDER_SWITCH = 10.0
"""Seconds that one target may take while the switch is on."""

Say = Callable[[str], None]


class Retirement:
    """What is removed for one release, here and at the targets of `report.publish`."""

    def __init__(self, settings: Settings, release: Path | None) -> None:
        """Args: release: the folder of the one to be; None: there will be none."""
        self._settings = settings
        self._written = written_by(release) if release is not None else OURS
        self._left: list[str] = []
        self._targets = list(settings.report.publish)

    @property
    def names(self) -> list[str]:
        """The files of every branch that is or was followed."""
        branches = self._settings.branches
        unwritten = OURS.without(self._written).names([*branches, *gone_branches(self._settings)])
        return sorted(unwritten - self._written.names(branches))

    def begin(self, say: Say) -> None:
        """Remove them here, and at each target that answers at once. Raises nothing: who goes back to an
        older release has reasons to."""
        if not (names := self.names):
            return
        removed = []
        for name in names:
            path = self._settings.report_path / name
            try:
                path.unlink()
                removed.append(name)
            except FileNotFoundError:
                pass
            except OSError as error:
                self._left.append(f"{path} cannot be removed ({error.strerror or error})")
        if removed:
            say(f"retire   {', '.join(removed)}: not written by that release, so removed")
        self._at_targets(names, UNDER_SWITCH)

    def finish(self, say: Say) -> bool:
        """Try again where a target did not answer, and say what is left; whether nothing is."""
        if not (names := self.names):
            return True
        left = [*self._left, *self._at_targets(names, LIMIT)]
        for each in left:
            say(f"retire   {each}")
        if left:
            say(
                "retire   that release does not write these files, so they go on saying what was true once:"
                f" remove them by hand: {', '.join(names)}"
            )
        return not left

    def _at_targets(self, names: list[str], limit: float) -> list[str]:
        """Why not, for each target from which they could not be removed."""
        failed, why = [], []
        for target in self._targets:
            try:
                if not is_url(target) and not _is_folder(Path(self._settings.place(target))):
                    # never published to
                    continue
                withdraw(self._settings, names, target, limit=limit)
            except PublishError as error:
                failed.append(target)
                why.append(f"{target}: {error.why}")
        self._targets = failed
        return why


def _is_folder(path: Path) -> bool:
    """Whether it is one; where that cannot be seen it may be one, and rsync says why it cannot be used."""
    try:
        return path.is_dir()
    except OSError:
        return True
