"""Which earlier landings a landing undoes: valid targets, and the hints for what could not be proved (3.4).

A mark counts whatever the diff; a revert counts if its diff is the exact inverse of its target's. All that is
said here follows from the history below the landing and, for titles, from where production is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

from msgspec.structs import replace

from shepherd.landing import Landing
from shepherd.sources.commits import Commits
from shepherd.sources.git import Git
from shepherd.sources.mainline import Landed, Reader, Spine, bearing_request, read_landings
from shepherd.sources.patches import Patches, changes

TITLE_REACH = 500
"""How many landings before a revert that is live already may bear the title it names."""

_NUMBERED = re.compile(r" ?\(#[0-9]+\)\Z")


def undo(
    git: Git,
    spine: Spine,
    landed: Sequence[Landed],
    titles: Mapping[int, str],
    deployed: int,
    reader: Reader,
) -> list[Landing]:
    """The landings with their valid targets, and with warnings and hints for what is none.

    `titles` are those of all landings after revno `deployed`. Raises SourceError.
    """
    named = _named(git, spine, landed, titles, deployed, reader)
    pairs = [
        (each.id, spine.id(target)) for each in named.values() for group in each.reverts for target in group
    ]
    patches = Patches(git, {by for by, _ in pairs}, {target for _, target in pairs})
    marked = [each for each in named.values() if each.marked]
    touched = changes(
        git, [sha for each in marked for sha in (each.id, *(spine.id(target) for target in each.marked))]
    )
    finished = []
    for item in landed:
        landing = item.landing
        if each := named.get(landing.revno):
            each.prove(spine, patches)
            if each.marked:
                each.compare_files(touched[landing.id], {t: touched[spine.id(t)] for t in each.marked})
            landing = each.finish(landing, item.marks.hints)
        finished.append(landing)
    return finished


class _Named:
    """What one landing says that it takes back, and what of that is true."""

    def __init__(self, revno: int, id: str) -> None:
        self.revno = revno
        self.id = id
        self.marked: list[int] = []
        self.reverts: list[list[int]] = []
        """Each inner list: the landings that one sentence may mean, newest first."""
        self.proved: list[int] = []
        self.doubtful: list[int] = []
        self.warnings: list[str] = []
        self.hints: list[str] = []

    def prove(self, spine: Spine, patches: Patches) -> None:
        for group in self.reverts:
            exact = [target for target in group if patches.undoes(self.id, spine.id(target))]
            (self.proved if exact else self.doubtful).append((exact or group)[0])

    def compare_files(
        self, own: Iterable[tuple[bytes, ...]], targets: Mapping[int, Iterable[tuple[bytes, ...]]]
    ) -> None:
        files = {path for path, *_ in own}
        strange = [
            target
            for target, touched in targets.items()
            if (paths := {path for path, *_ in touched}) and not paths & files
        ]
        if not files:
            self.warnings.append(f"rolls back {_list(targets)} by its mark, but its diff is empty")
        elif strange:
            self.warnings.append(
                f"rolls back {_list(strange)} by its mark, but touches none of the files changed there"
            )

    def finish(self, landing: Landing, spoken: Sequence[int]) -> Landing:
        proved = tuple(dict.fromkeys(self.proved))
        settled = {*self.marked, *proved}
        for target in dict.fromkeys(self.doubtful):
            if target not in settled:
                settled.add(target)
                self.hints.append(
                    f"looks like a revert of r{target}, but the diff is not its exact inverse; "
                    f"if it is one: {self._command(target)}"
                )
        for target in spoken:
            if 0 < target < self.revno and target not in settled:
                self.hints.append(
                    f"its message speaks of undoing r{target}; if it does: {self._command(target)}"
                )
        return replace(
            landing,
            mark_targets=tuple(self.marked),
            revert_targets=proved,
            warnings=(*landing.warnings, *self.warnings),
            hints=(*landing.hints, *self.hints),
        )

    def _command(self, target: int) -> str:
        return f'inv cover {target} --by {self.revno} --reason "…"'


def _named(
    git: Git,
    spine: Spine,
    landed: Sequence[Landed],
    titles: Mapping[int, str],
    deployed: int,
    reader: Reader,
) -> dict[int, _Named]:
    """By revno, the landings that say anything about undoing, with the landings that they may mean."""
    speaking = [
        item
        for item in landed
        if item.reverts_ids or item.reverts_requests or item.marks.reverts_title or item.marks.hints
        or item.marks.rollback or item.marks.rollback_ids
    ]  # fmt: skip
    named = [sha for item in speaking for sha in (*item.reverts_ids, *item.marks.rollback_ids)]
    commits = Commits(git, spine, landed, named)
    wanted = {request for item in speaking for request in item.reverts_requests}
    by_request = bearing_request(git, spine, reader, wanted) if wanted else {}
    by_title: dict[str, list[int]] = {}
    for revno in sorted(titles):
        if revno > deployed:
            by_title.setdefault(_NUMBERED.sub("", titles[revno]), []).append(revno)
    found: dict[int, _Named] = {}
    for item in speaking:
        revno = item.landing.revno
        each = found[revno] = _Named(revno, item.landing.id)
        _by_mark(each, item, commits)
        _by_sha(each, item, commits)
        for request in item.reverts_requests:
            if earlier := [target for target in by_request[request] if target < revno]:
                each.reverts.append(earlier[::-1])
            else:
                each.hints.append(f"says that it reverts {request}, but no earlier landing is that request")
        title = item.marks.reverts_title
        if title and revno > deployed:
            _by_title(each, title, by_title)
        elif title:
            _by_title(each, title, _titles_before(git, spine, revno, reader))
    return found


def _titles_before(git: Git, spine: Spine, revno: int, reader: Reader) -> dict[str, list[int]]:
    """Titles of the landings just before one that production runs: "since D" (3.4) cannot be asked of it any
    more, and what it undid must not come back to life when production reaches it."""
    first = max(1, revno - TITLE_REACH)
    titles: dict[str, list[int]] = {}
    if first < revno:
        for item in read_landings(git, spine, first, revno - 1, reader):
            titles.setdefault(_NUMBERED.sub("", item.landing.title), []).append(item.landing.revno)
    return titles


def _by_mark(each: _Named, item: Landed, commits: Commits) -> None:
    marked = [target for target in item.marks.rollback if 0 < target < each.revno]
    if absent := [target for target in item.marks.rollback if not 0 < target < each.revno]:
        each.warnings.append(f"rollback of {_list(absent)} counts as absent: no earlier landing")
    for text in item.marks.rollback_ids:
        target = commits.landing(text, each.revno)
        if isinstance(target, int) and target < each.revno:
            marked.append(target)
        else:
            why = target if isinstance(target, str) else "no earlier landing"
            each.warnings.append(f"rollback of {text} counts as absent: {why}")
    each.marked = list(dict.fromkeys(marked))


def _by_sha(each: _Named, item: Landed, commits: Commits) -> None:
    for text in item.reverts_ids:
        target = commits.landing(text, each.revno)
        if isinstance(target, str):
            each.hints.append(f"says that it reverts {text}: {target}")
        elif target < each.revno:
            each.reverts.append([target])


def _by_title(each: _Named, title: str, by_title: Mapping[str, list[int]]) -> None:
    earlier = list(takewhile(lambda revno: revno < each.revno, by_title.get(title, [])))
    if len(earlier) == 1:
        each.reverts.append(earlier)
    elif earlier and not each.reverts:
        each.hints.append(f"its title may mean any of {_list(earlier)}; inv cover says which")


def _list(revnos: Iterable[int]) -> str:
    return ", ".join(f"r{revno}" for revno in revnos)
