"""Places on the mainline: what production, the promoted ref and the QA server run (design 2, 3.5)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from shepherd.errors import SettingsError, SourceError
from shepherd.landing import Deployed, Revision
from shepherd.sources.git import Git
from shepherd.sources.mainline import Landed, Spine
from shepherd.sources.patches import alike, read_changes
from shepherd.sources.proving import same_change
from shepherd.values import parse_rev, quoted

NOTHING_DEPLOYED = ("r0", "0")


def commit_named(git: Git, spine: Spine, text: str, what: str) -> str:
    """The commit that a REV read elsewhere (`r123`, `123`, a SHA or its beginning) names.

    `what` ("production (…)") is who said it. Raises SourceError: no revision, none of this repository, or
    several.
    """
    try:
        rev = parse_rev(text)
    except SettingsError as error:
        raise SourceError(f"{what}: {error}") from None
    if rev.kind == "revno":
        if rev.number > len(spine):
            raise SourceError(f"{what} says r{rev.number}, but the newest landing is r{len(spine)}")
        return spine.id(rev.number)
    if rev.kind != "sha":
        raise SourceError(f"{what} says {quoted(text)}, which is no revision")
    whole = len(rev.text) == len(spine.ids[-1])
    found = list(git.commits([rev.text]).values()) if whole else git.commits_beginning(rev.text)
    if len(found) == 1:
        return found[0]
    many = "may be several commits" if found else "is no commit"
    raise SourceError(f"{what} says {rev.text}, which {many} of {git.name}")


def newest_contained(git: Git, spine: Spine, commit: str, what: str) -> Revision:
    """The newest landing that the commit contains; the commit itself, if it is one.

    Raises SourceError if it contains none.
    """
    revno = spine.revno(commit)
    if revno is None:
        beyond = git.lines(
            "rev-list", "--first-parent", "--count", "--end-of-options", f"{commit}..{spine.ids[-1]}"
        )
        revno = len(spine) - int(beyond[0])
    if not revno:
        raise SourceError(f"{what} runs {commit[:12]}, which shares nothing with the mainline of {git.name}")
    return Revision(revno, spine.id(revno))


def deployed_at(git: Git, spine: Spine, commit: str, what: str) -> Deployed:
    """What production runs, with the commits that the mainline lacks, oldest first; see `find_carriers`."""
    place = newest_contained(git, spine, commit, what)
    if place.id == commit:
        return Deployed(place.revno, place.id)
    # not what the tip lacks: a landing after the candidate may be what brought it back
    extra = git.lines("rev-list", "--reverse", "--end-of-options", commit, f"^{place.id}")
    return Deployed(place.revno, place.id, tuple((sha, None) for sha in extra))


def find_carriers(git: Git, deployed: Deployed, landed: Sequence[Landed]) -> Deployed:
    """The same with, for each extra commit, the oldest landing after D that carries its patch (3.5).

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
    found: dict[str, int] = {}
    for (other, sha), same in same_change(git, alike(diffs, places, extra), diffs).items():
        if same:
            found[sha] = min(places[other], found.get(sha, places[other]))
    return replace(
        deployed,
        extra=tuple((sha, found.get(sha) if revno is None else revno) for sha, revno in deployed.extra),
    )
