"""Where the sources of one branch are: its tip, production, the promoted ref, the QA server, other mainlines.

Asked in as few processes as there are repositories, and before anything else is read: where nothing moved,
nothing has to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from shepherd.errors import SourceError
from shepherd.git import pointers
from shepherd.git.branch_reading import OtherMainline, checksum
from shepherd.git.first_parents import FirstParents
from shepherd.git.mirror import open_source, shown
from shepherd.git.neighbours import Looked, Neighbours, refs_of
from shepherd.git.positions import NOTHING_DEPLOYED, commit_named, deployed_at, newest_contained
from shepherd.git.recheck import moving_refs
from shepherd.git.repository import Git
from shepherd.landing import Deployed, RefPositions, Revision
from shepherd.settings import BranchSettings, Pointer

RULES = "4"
"""To be raised whenever the same commits would be read differently than before."""


class BranchSources:
    """The sources of one branch, as they are now. One that cannot be read is a problem, or an error where
    nothing can be said without it."""

    def __init__(
        self,
        branch: BranchSettings,
        *,
        repository: str,
        base: Path,
        mirrors: Path,
        recorded: str | None,
        others: Sequence[OtherMainline],
        fetch: bool,
        project: str | None,
        key_projects: Sequence[str] = (),
        looked: Mapping[str, Looked] = {},
        strangers: tuple[str, Mapping[str, str]] = ("", {}),
    ) -> None:
        """Ask where they are. For the arguments see `read_branch`. Raises SourceError.

        Args:
            strangers: see `Neighbours`.
        """
        self._branch = branch
        self._base = base
        self._recorded = recorded
        self.problems: list[str] = []
        self.warnings: list[str] = []
        here = looked.get(repository)
        if here is not None and here.failure:
            raise SourceError(here.failure)
        near = [other.ref for other in others if other.repository == repository]
        refs = [*refs_of(branch), *near]
        # brought along for the stage that reads them: a note on a check is no reason to read landings again
        fetched = [*refs, branch.check_notes] if branch.check_notes else refs
        self.git = open_source(repository, mirrors, fetched, fetch=fetch and here is None)
        self._deployed_ref = pointers.ref_of(branch.deployed, "production", self.git.name, self.git.tags)
        self._qa_ref = self._ref_of_qa()
        refs += [ref for ref in (self._deployed_ref, self._qa_ref) if ref]
        known = here.refs if here is not None else {}
        asked = [ref for ref in refs if ref not in known]
        self._refs = {ref: known[ref] for ref in refs if ref in known}
        self._refs |= self.git.resolve_many(asked) if asked else {}
        neighbours = Neighbours(self.git, self._refs[branch.ref], strangers, looked, mirrors, fetch)
        self._others = self._find_others(others, repository, neighbours)
        self.strangers = neighbours.strangers
        self._deployed_text = self._text(branch.deployed, "production")
        self._qa_text = self._text_on_qa()
        self.asked = checksum(
            [
                RULES,
                repository,
                branch.read_by,
                self._refs,
                self._deployed_text,
                self._qa_text,
                self.problems,
                self.other_tips,
                project,
                *([key_projects] if key_projects else []),
            ]
        )

    @property
    def positions(self) -> RefPositions:
        """Where all that a promotion goes by is now."""
        return RefPositions(
            {ref: self._refs[ref] for ref in moving_refs(self._branch, self._deployed_ref)},
            self._deployed_text,
        )

    @property
    def other_tips(self) -> list[str]:
        """The tips of the other mainlines that could be read."""
        return [tip for _, tip in self._others]

    @property
    def notes(self) -> str | None:
        """The commit of the verdict notes, None if there are none."""
        return self._refs[self._branch.verdict_notes] if self._branch.verdict_notes else None

    def tip(self) -> str:
        """The commit of the mainline's tip. Raises SourceError."""
        return self._commit(self._branch.ref)

    def deployed(self, mainline: FirstParents) -> tuple[Deployed, str]:
        """Where production is on the mainline, and the commit that it runs. Raises SourceError."""
        pointer = self._branch.deployed
        what = f"production ({pointers.described(pointer, self._deployed_ref)})"
        if pointer.recorded and self._deployed_text in NOTHING_DEPLOYED:
            return Deployed(0, ""), ""
        commit = self._pointed(mainline, self._deployed_ref, self._deployed_text, what)
        return deployed_at(self.git, mainline, commit, what), commit

    def promoted(self, mainline: FirstParents) -> Revision | None:
        """Where the promoted ref is on the mainline; None if there is none, or it cannot be told."""
        if not self._branch.promote:
            return None
        ref = self._branch.promote.ref
        if self._refs[ref] is None:
            self.problems.append(
                f"the promoted ref {ref} does not exist yet: the next `inv promote` creates it"
            )
            return None
        try:
            return newest_contained(self.git, mainline, self._commit(ref), f"the promoted ref {ref}")
        except SourceError as error:
            self.problems.append(str(error))
            return None

    def on_qa(self, mainline: FirstParents) -> Revision | None:
        """Where the QA server is on the mainline; None if nobody looks there, or it cannot be told."""
        pointer = self._branch.qa
        if not pointer or (self._qa_text is None and not self._qa_ref):
            return None
        what = f"the QA server ({pointers.described(pointer, self._qa_ref)})"
        try:
            commit = self._pointed(mainline, self._qa_ref, self._qa_text, what)
            return newest_contained(self.git, mainline, commit, what)
        except SourceError as error:
            self.problems.append(str(error))
            return None

    def foreign(self, below: str) -> set[str]:
        """The landings of other branches, in this repository only those after the commit `below`."""
        landing_ids: set[str] = set()
        for git, tip in self._others:
            limit = [f"^{below}"] if below and git == self.git else []
            landing_ids.update(git.lines("rev-list", "--first-parent", "--end-of-options", tip, *limit))
        return landing_ids

    def _find_others(
        self, others: Sequence[OtherMainline], repository: str, neighbours: Neighbours
    ) -> list[tuple[Git, str]]:
        found: list[tuple[Git, str]] = []
        for other in others:
            if other.repository == repository:
                tip = self._refs[other.ref]
                if tip is None:
                    neighbours.problems.append((other, self.git.no_such_ref(other.ref)))
                else:
                    found.append((self.git, tip))
        found += neighbours.related([other for other in others if other.repository != repository])
        self.problems += [
            f"landings of {other.ref} in {shown(other.repository)} cannot be recognised: {error}"
            for other, error in neighbours.problems
        ]
        return found

    def _text(self, pointer: Pointer, what: str) -> str | None:
        if pointer.ref or pointer.tags:
            return None
        return pointers.text_of(pointer, what, self._base, self._recorded)

    def _ref_of_qa(self) -> str:
        if not self._branch.qa:
            return ""
        try:
            return pointers.ref_of(self._branch.qa, "the QA server", self.git.name, self.git.tags)
        except SourceError as error:
            self.problems.append(str(error))
            return ""

    def _text_on_qa(self) -> str | None:
        if not self._branch.qa:
            return None
        try:
            return self._text(self._branch.qa, "the QA server")
        except SourceError as error:
            self.problems.append(str(error))
            return None

    def _commit(self, ref: str) -> str:
        sha = self._refs[ref]
        if sha is None:
            raise self.git.no_such_ref(ref)
        return sha

    def _pointed(self, mainline: FirstParents, ref: str, text: str | None, what: str) -> str:
        if text is None:
            return self._commit(ref)
        named = commit_named(self.git, mainline, text, what)
        self.warnings += [named.warning] if named.warning else []
        return named.commit
