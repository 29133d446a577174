"""What an upgrade will do, before anything is done: printable, or refused in one sentence
(docs/operator-every-day.md#when-an-upgrade-or-a-deploy-fails)."""

from __future__ import annotations

from typing import Literal, NamedTuple

from shepherd.errors import RefusedError, SettingsError
from shepherd.running.bad_commits import BadCommit
from shepherd.running.maintenance import Switch
from shepherd.running.releases import Current, Release, Site
from shepherd.running.upgrade_record import Upgrade

Mode = Literal["upgrade", "resume", "undo"]


class UpgradePlan(NamedTuple):
    """From what `current` is now to a release."""

    mode: Mode
    live: Current
    target: Release | None
    """None: `current` goes away again, since there was none before."""
    back: str
    """What `current` points to again if the check fails, as the text of a link; empty: nothing."""
    adopted: str
    """The token of a killed upgrade, whose switch counts as ours; empty: there is none."""
    person: bool
    """A person's switch is on: it stays, and stays on at the end."""
    again: str = ""
    """Why it goes to a release that was marked bad, or whose commit was; empty: it was not."""
    bad: str = ""
    """Who marked it bad when and why, where there is an `again`."""

    @property
    def moves(self) -> bool:
        """Whether the link has to be moved at all."""
        return (self.target.path.name if self.target else "") != name_of(self.live.link)

    @property
    def left_bad(self) -> Release | None:
        """Who goes back to an older release leaves a bad one: no later upgrade shall pick it by itself."""
        live = self.live.release
        if self.mode != "upgrade" or live is None or self.target is None or not self.target.turn:
            return None
        return live if self.target.number < live.number else None

    def lines(self) -> list[str]:
        """The plan for people."""
        target = self.target.id if self.target else "nothing: there was no release before"
        now = name_of(self.live.link) or "nothing"
        switch = "a person's switch is on already: it stays on" if self.person else "set our own switch"
        move = f"point current to {target}" if self.moves else f"current points to {target} already"
        return [
            f"{self.mode}: from {now} to {target}",
            *([f"again    {self.bad}; once more, since: {self.again}"] if self.again else []),
            f"prepare  imports, doctor and status of {target}; nothing is changed",
            f"quiet    {switch}; wait until nothing works",
            f"switch   {move}",
            f"check    if it does not work: back to {name_of(self.back) or 'nothing'}",
            "clear    " + ("nothing: the switch is a person's" if self.person else "our own switch"),
            *([f"mark     {self.left_bad.id} as bad, since it is left"] if self.left_bad else []),
        ]


def name_of(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


def planned(
    site: Site, mode: Mode, to: str | None, left: Upgrade | None, switch: Switch | None, again: str = ""
) -> UpgradePlan | None:
    """What is to be done, None if there is nothing to do.

    Args:
        to: the release that a person named; left: an upgrade that was killed.
        again: why to go even to what was marked bad (docs/operator-every-day.md#a-commit-that-was-bad).

    Raises:
        SettingsError: no such release, or `current` is not a link. RefusedError: the release, or one of the
            same commit, is marked bad.
    """
    live = site.live()
    if live.kind == "odd":
        raise SettingsError(
            f"{site.current} is not a link: nothing was done; move it away, then deploy again"
        )
    # a switch whose upgrade is gone belongs to nobody, even where its record was lost
    orphan = switch is not None and switch.left
    adopted = left.token if left is not None else switch.upgrade if switch is not None and orphan else ""
    person = switch is not None and (not adopted or switch.upgrade != adopted)
    back = _back(live, left)
    if mode != "upgrade":
        if left is None:
            return (
                UpgradePlan(mode, live, live.release, back, adopted, person)
                if orphan and live.release
                else None
            )
        again = again or left.again
        target = _of_killed(site, left, again) if mode == "resume" else _before(site, left)
        if target is None and mode == "undo" and left.before:
            raise SettingsError(
                f"the release {left.before} is not there any more: name another one with --to RELEASE"
            )
        if mode == "undo":
            return UpgradePlan(mode, live, target, live.link, adopted, person)
        return UpgradePlan(mode, live, target, back, adopted, person, *_again(_bad(site, target), again))
    if to is None:
        target = site.newest()
        if target is not None and live.release is not None and target.number < live.release.number:
            target = None
    else:
        target = site.find(to)
    if left is not None and target is not None and target.id == left.target:
        again = again or left.again
    bad = _bad(site, target)
    if bad is not None and target is not None and not again:
        raise RefusedError(
            f'{bad.words()}; to try it once more: inv upgrade --to {target.number} --again "why"'
        )
    if target is None and (left is not None or orphan) and live.release is not None:
        # nothing newer, but what was left has to be repaired
        target = live.release
    repaired = left is None and not orphan
    if target is None or (target == live.release and repaired and target.turn):
        return None
    return UpgradePlan(mode, live, target, back, adopted, person, *_again(bad, again))


def _bad(site: Site, target: Release | None) -> BadCommit | None:
    """Why not to go there in silence; None: nothing is known against it.

    A release that was good itself is no worse for another one of the same commit.
    """
    if target is None or (target.turn and not target.bad):
        return None
    if target.bad:
        return BadCommit(target.id, target.bad, target.bad_since)
    return site.bad_commit(str(target.made.get("commit", "")))


def _again(bad: BadCommit | None, again: str) -> tuple[str, str]:
    return (again, bad.words()) if bad is not None else ("", "")


def _of_killed(site: Site, left: Upgrade, again: str) -> Release:
    target = site.find(left.target)
    if target.bad and not again:
        raise RefusedError(f"{target.id} is marked bad: {target.bad}; take it back: inv upgrade --undo")
    return target


def _before(site: Site, left: Upgrade) -> Release | None:
    """The release that was live before the killed upgrade."""
    return next((each for each in site.all() if each.id == name_of(left.before)), None)


def _back(live: Current, left: Upgrade | None) -> str:
    """A release that a killed upgrade made live was never checked: then it is the one before that."""
    unchecked = live.release is not None and not live.release.turn
    if left is not None and live.release is not None and live.release.id == left.target and unchecked:
        return left.before
    return live.link if live.kind in ("release", "foreign") else ""
