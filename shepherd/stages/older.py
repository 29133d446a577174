"""Landings that the database's archive has, and those that only git has (docs/interfaces.md#revisions).

What reads git is imported when it is first needed: mostly the archive answers alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shepherd.git.revisions import EXACT, named
from shepherd.landing import Landing
from shepherd.settings import Settings, keys_of, project_of
from shepherd.stages.state import BranchSource, sum_of
from shepherd.store import BranchStore
from shepherd.store.older import ArchiveSpan, OlderLandings
from shepherd.values import RevName
from shepherd.words import Cover

if TYPE_CHECKING:
    from shepherd.git.repository import Git


class OlderHistory:
    """The mainline of one branch below what `find` keeps.

    Args:
        known: the landings that `find` keeps, ascending.
    """

    def __init__(self, settings: Settings, branch: str, store: BranchStore, known: Sequence[Landing]) -> None:
        self._settings = settings
        self._branch = branch
        self._known = known
        self._older: OlderLandings = store.older
        self._span = _usable(store, sum_of(settings, branch), known)

    def named(self, rev: RevName) -> list[Landing]:
        """The landings of the whole mainline that a name means, ascending. The archive is asked first; what
        it does not hold, or cannot tell, is read from git.

        Raises:
            SourceError: git cannot be read, or a SHA names no one landing.
        """
        found = self._archived(rev, self._span) if self._span else None
        if found is not None:
            return found
        from shepherd.git.lookup import look_up

        return look_up(**self._place(), rev=rev)

    def exactly(self, rev: RevName) -> list[Landing]:
        """Those that the archive has under exactly this name, ascending."""
        return named(rev, self._older.with_name(rev), ranks=EXACT) if self._span else []

    def _archived(self, rev: RevName, span: ArchiveSpan) -> list[Landing] | None:
        """The same from the archive alone; None: it cannot tell."""
        match rev.kind:
            case "revno" if span.bottom <= rev.number <= span.top.revno:
                return self._older.between(rev.number, rev.number)
            case "sha":
                return self._with_commit(rev.text)
            case "branch":
                # the name of a branch that is there means its commit
                commit = self._git.resolve_many([rev.text])[rev.text]
                if commit:
                    return self._with_commit(commit)
        if not span.complete or rev.kind not in ("branch", "bug", "request"):
            return None
        by_name = named(rev, self._older.with_name(rev))
        if rev.kind == "branch" and not by_name:
            return named(rev, self._older.with_branch_like(rev.text))
        return by_name

    def _with_commit(self, text: str) -> list[Landing] | None:
        """The landing that a commit is or came in with; a beginning is looked up in git first, which knows
        what else begins so."""
        whole = len(self._known[0].id)
        shas = [text] if len(text) == whole else self._git.commits_beginning(text)
        found = self._older.with_commits(shas)
        revnos = set(found.values())
        return self._older.numbered(revnos) if len(found) == len(shas) and len(revnos) == 1 else None

    def between(self, first: int, last: int) -> list[Landing]:
        """The landings of a range, as far as it is on the mainline, ascending. Raises SourceError."""
        kept = [each for each in self._known if first <= each.revno <= last]
        below = min(last, self._known[0].revno - 1) if self._known else last
        if below < first:
            return kept
        if self._span is not None and self._span.bottom <= first and below <= self._span.top.revno:
            return [*self._older.between(first, below), *kept]
        from shepherd.git.lookup import from_revno

        return [*from_revno(**self._place(), revno=first, last=below), *kept]

    def archived(self) -> list[Landing]:
        """Those below what `find` keeps that the archive has, ascending; without git, and without a gap."""
        below = self._known[0].revno - 1 if self._known else 0
        if self._span is None or not self._span.bottom <= below <= self._span.top.revno:
            return []
        return self._older.between(self._span.bottom, below)

    def undoing(self, first: int, covers: Sequence[Cover]) -> Sequence[Landing]:
        """Landings from revno `first` on, ascending: at least those that undo any of them, and those that
        people said something of. Raises SourceError."""
        if self._known and self._known[0].revno <= first:
            return self._known
        span = self._span
        if span is None or first < span.bottom:
            from shepherd.git.lookup import from_revno

            return from_revno(**self._place(), revno=first)
        named = {sha for word in covers for sha in (word.target, word.by) if sha}
        revnos = {revno for revno in self._older.with_commits(named).values() if revno >= first}
        below = self._known[0].revno
        older = {each.revno: each for each in (*self._older.numbered(revnos), *self._older.undoing(first))}
        return [*(older[revno] for revno in sorted(older) if revno < below), *self._known]

    @property
    def _git(self) -> Git:
        from shepherd.git.mirror import open_source

        place = self._place()
        return open_source(place["repository"], place["mirrors"], fetch=False)

    def _place(self) -> dict[str, Any]:
        config = self._settings.branches[self._branch]
        mirrors: Path = self._settings.state_path / "mirrors"
        return {
            "branch": config,
            "repository": self._settings.place(config.repository),
            "mirrors": mirrors,
            "project": project_of(self._settings, config),
            "key_projects": keys_of(self._settings, config),
        }


def _usable(store: BranchStore, settings: str, known: Sequence[Landing]) -> ArchiveSpan | None:
    """The span, if it is of this mainline, was read by these settings, and leaves no gap below `known`.

    Its newest landing is what production runs, or ran when it was made. If that is found on the mainline as
    `find` read it last, all below it is the same, too; if it is too old to be found, nothing proves that.
    """
    span = store.older.span()
    source = store.cache.fact("source", BranchSource)
    if span is None or span.settings != settings or not known or source is None or source.reading is None:
        return None
    deployed = source.reading.deployed
    there = {deployed.revno: deployed.id} | {landing.revno: landing.id for landing in known}
    return span if there.get(span.top.revno) == span.top.id else None
