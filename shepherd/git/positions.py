"""Places on the mainline: what production, the promoted ref and the QA server run (docs/rules.md.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from shepherd.errors import SettingsError, SourceError
from shepherd.git.first_parents import FirstParents
from shepherd.git.mainline import Landed
from shepherd.git.patches import alike, read_changes
from shepherd.git.proving import same_change
from shepherd.git.repository import Git
from shepherd.landing import Deployed, Revision
from shepherd.values import parse_rev, quoted

NOTHING_DEPLOYED = ("r0", "0")
_DIGITS_OF_A_SHA = re.compile(r"[0-9]{7,64}")


class NamedCommit(NamedTuple):
    """The commit that a REV names."""

    commit: str
    warning: str = ""
    """How an ambiguous text was understood; empty where there is no doubt."""


def commit_named(git: Git, mainline: FirstParents, text: str, what: str) -> NamedCommit:
    """The commit that a REV read elsewhere (`r123`, `123`, a SHA or its beginning) names.

    Seven digits or more without a letter are a revno, as everywhere (docs/interfaces.md#revisions); where
    there is no such landing, they may be what `git rev-parse --short` printed, and count if they begin the
    SHA of one landing and of no other commit. `what` ("production (…)") is who said it.

    Raises:
        SourceError: it is not a revision, not one of this repository, or may be several.
    """
    try:
        rev = parse_rev(text)
    except SettingsError as error:
        if _DIGITS_OF_A_SHA.fullmatch(text):
            return _by_digits(git, mainline, text, what)
        raise SourceError(f"{what}: {error}") from None
    if rev.kind == "revno":
        if rev.number <= len(mainline):
            if text.startswith("0") and _DIGITS_OF_A_SHA.fullmatch(text) and git.commits_beginning(text):
                raise SourceError(
                    f"{what} says {text}, which may be r{rev.number} or the beginning of a SHA; write"
                    f" r{rev.number} or the whole SHA there"
                )
            return NamedCommit(mainline.id(rev.number))
        if _DIGITS_OF_A_SHA.fullmatch(text):
            return _by_digits(git, mainline, text, what)
        raise SourceError(f"{what} says r{rev.number}, but the newest landing is r{len(mainline)}")
    if rev.kind != "sha":
        raise SourceError(f"{what} says {quoted(text)}, which is not a revision")
    whole = len(rev.text) == len(mainline.ids[-1])
    commits = list(git.commits([rev.text]).values()) if whole else git.commits_beginning(rev.text)
    if len(commits) == 1:
        return NamedCommit(commits[0])
    many = "may be several commits" if commits else "is not a commit"
    raise SourceError(f"{what} says {rev.text}, which {many} of {git.name}")


def _by_digits(git: Git, mainline: FirstParents, digits: str, what: str) -> NamedCommit:
    """The landing whose SHA begins with these digits. Raises SourceError: none, or another commit too."""
    commits = git.commits_beginning(digits)
    revno = mainline.revno(commits[0]) if len(commits) == 1 else None
    if revno is None:
        raise SourceError(
            f"{what} says {digits}, but the newest landing is r{len(mainline)}; if that is the beginning of a"
            " SHA, write the whole of it there (git rev-parse HEAD)"
        )
    return NamedCommit(
        commits[0],
        f"{what} says {digits}, which is not a revision number but begins the SHA of r{revno}, and is"
        " taken for that; write the whole SHA there (git rev-parse HEAD)",
    )


def newest_contained(git: Git, mainline: FirstParents, commit: str, what: str) -> Revision:
    """The newest landing that the commit contains; the commit itself, if it is one.

    Raises SourceError if it contains none.
    """
    revno = mainline.revno(commit)
    if revno is None:
        revno = contained(git, Revision(len(mainline), mainline.ids[-1]), commit)
    if not revno:
        raise SourceError(f"{what} runs {commit[:12]}, which shares nothing with the mainline of {git.name}")
    return Revision(revno, mainline.id(revno))


def contained(git: Git, tip: Revision, commit: str) -> int:
    """The revno of the newest landing that the commit contains, itself included; 0 if it contains none."""
    beyond = git.lines("rev-list", "--first-parent", "--count", "--end-of-options", tip.id, f"^{commit}")
    return tip.revno - int(beyond[0])


def landing_in(git: Git, tip: Revision, commit: str) -> Revision | None:
    """The newest landing that the commit contains, itself included; None if it contains none. One process,
    which walks no further than that."""
    beyond = git.lines("rev-list", "--first-parent", "--parents", "--end-of-options", tip.id, f"^{commit}")
    if not beyond:
        return tip
    parents = beyond[-1].split(" ")[1:]
    return Revision(tip.revno - len(beyond), parents[0]) if parents else None


def deployed_at(git: Git, mainline: FirstParents, commit: str, what: str) -> Deployed:
    """What production runs, with the commits that the mainline lacks, oldest first; see `find_carriers`."""
    place = newest_contained(git, mainline, commit, what)
    if place.id == commit:
        return Deployed(place.revno, place.id)
    # not what the tip lacks: a landing after the candidate may be what brought it back
    extra = git.lines("rev-list", "--reverse", "--end-of-options", commit, f"^{place.id}")
    return Deployed(place.revno, place.id, tuple((sha, None) for sha in extra))


def find_carriers(git: Git, deployed: Deployed, landed: Sequence[Landed]) -> Deployed:
    """The same with, for each extra commit, the oldest landing after D that carries its patch
    (docs/rules.md#answer).

    `landed` are landings that were not searched before, ascending. A landing carries a patch if it makes the
    same change, or a commit that it brought in does.
    """
    extra = [sha for sha, revno in deployed.extra if revno is None]
    places = {
        sha: item.landing.revno
        for item in reversed(landed)
        if item.landing.revno > deployed.revno
        for sha in (item.landing.id, *item.brought)
    }
    if not extra or not places:
        return deployed
    diffs = read_changes(git, [*extra, *places])
    revnos: dict[str, int] = {}
    for (other, sha), same in same_change(git, alike(diffs, places, extra), diffs).items():
        if same:
            revnos[sha] = min(places[other], revnos.get(sha, places[other]))
    return replace(
        deployed,
        extra=tuple((sha, revnos.get(sha) if revno is None else revno) for sha, revno in deployed.extra),
    )
