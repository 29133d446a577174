"""Which earlier landings a landing undoes: valid targets, and the hints for what could not be proved
(docs/rules.md#undone).

A mark counts whatever the diff; a revert counts if its content proves it. All that is said here follows from
the history below the landing and, for titles and hints, from where production is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from shepherd.git import hints, proving
from shepherd.git.claims import Context, RevertClaim, RevertClaims, claims_of
from shepherd.git.first_parents import FirstParents
from shepherd.git.mainline import Landed, Reader
from shepherd.git.patches import ContentDiffs, digest, inverse, paths, read_changes
from shepherd.git.proving import Proof, prove
from shepherd.git.repository import Git
from shepherd.landing import Landing

SILENT_REACH = 1_000
"""How far below the tip landings are compared that say nothing of undoing."""

TOGETHER = 100
"""How many landings are taken back one after the other, to see whether another one does just that."""


def undo(
    git: Git,
    mainline: FirstParents,
    landed: Sequence[Landed],
    earlier: Mapping[int, Landing],
    deployed: int,
    reader: Reader,
) -> list[Landing]:
    """The landings with their valid targets, and with warnings and hints for what is not valid.

    `earlier` are the landings after revno `deployed` that were read before, by revno. Raises SourceError.
    """
    reverts = claims_of(Context(git, mainline, reader, landed, earlier, deployed))
    compared = {
        item.landing.revno: item.landing.id
        for item in landed
        if item.landing.revno > max(deployed, len(mainline) - SILENT_REACH)
    }
    wanted = dict.fromkeys(compared.values())
    for each in reverts.values():
        claims = (*each.claims, *each.numbered)
        targets = {target for claim in claims for target in claim.targets} | set(each.marked)
        if targets:
            wanted |= dict.fromkeys((each.id, *(mainline.id(target) for target in targets)))
    diffs = read_changes(git, wanted)
    proofs = _Proofs(git, mainline, list(reverts.values()), diffs)
    changed = {revno: digest(diffs.changes[sha]) for revno, sha in compared.items() if sha in diffs.changes}
    inverses = _Inverses({revno: each.change for revno, each in earlier.items()} | changed)
    sizes = {item.landing.revno: item.work for item in landed}
    finished = []
    for item in landed:
        landing = item.landing
        revno = landing.revno
        if revno in reverts or revno in compared:
            outcome = _Outcome(reverts.get(revno) or RevertClaims(revno, landing.id), git, mainline, sizes)
            outcome.prove(proofs)
            outcome.compare_files(diffs)
            if revno in compared:
                outcome.look_for_silent(inverses, diffs)
            landing = outcome.finish(landing, changed.get(revno, ""), revno > deployed)
        finished.append(landing)
    return finished


class _Proofs:
    """What is true of all that is claimed: each target alone, then those of one landing together."""

    def __init__(
        self, git: Git, mainline: FirstParents, reverts: Sequence[RevertClaims], diffs: ContentDiffs
    ) -> None:
        self._mainline = mainline
        self.diffs = diffs
        alone = [
            self._claim(each, (target,))
            for each in reverts
            for claim in (*each.claims, *each.numbered)
            for target in claim.targets
        ]
        self._proofs = prove(git, alone, diffs)
        self._together = {each.revno: self._combined(each) for each in reverts if len(each.claims) > 1}
        several = [
            self._claim(each, targets) for each in reverts for targets in self._together.get(each.revno, ())
        ]
        self._proofs |= prove(git, several, diffs)

    def alone(self, reverts: RevertClaims, target: int) -> Proof:
        return self._proofs[self._claim(reverts, (target,))]

    def together(self, reverts: RevertClaims) -> tuple[list[int], bool]:
        """The targets that are undone at once, and whether the landing changes nothing else."""
        combined = self._together.get(reverts.revno, ())
        if not combined:
            return [], False
        proofs = [(targets, self._proofs[self._claim(reverts, targets)]) for targets in combined]
        targets, proof = max(proofs, key=lambda each: (each[1].whole, len(each[1].targets)))
        return [target for target in targets if self._mainline.id(target) in proof.targets], proof.whole

    def best(self, reverts: RevertClaims, claim: RevertClaim) -> int | None:
        """The newest of the landings that a sentence may mean which is undone as a whole, else in part."""
        proofs = [(target, self.alone(reverts, target)) for target in claim.targets]
        whole = next((target for target, proof in proofs if proof.whole), None)
        return whole or next((target for target, proof in proofs if proof.targets), None)

    def _combined(self, reverts: RevertClaims) -> list[tuple[int, ...]]:
        """What may be undone together: all that is claimed, and what is claimed outside of quoted text."""
        if any(self.alone(reverts, target).whole for claim in reverts.claims for target in claim.targets):
            return []
        own = [claim for claim in reverts.claims if not claim.quoted]
        combined = dict.fromkeys(self._several(reverts, claims) for claims in (own, reverts.claims))
        return [targets for targets in combined if len(targets) > 1]

    def _several(self, reverts: RevertClaims, claims: Sequence[RevertClaim]) -> tuple[int, ...]:
        best = {
            self.best(reverts, claim) or (claim.targets[0] if len(claim.targets) == 1 else None)
            for claim in claims
        }
        several = sorted((target for target in best if target), reverse=True)
        return tuple(several) if len(several) <= TOGETHER else ()

    def _claim(self, reverts: RevertClaims, targets: Sequence[int]) -> proving.UndoClaim:
        return proving.UndoClaim(reverts.id, tuple(self._mainline.id(target) for target in targets))


class _Inverses:
    """Finds the landing whose change another one changes back exactly."""

    def __init__(self, changed: Mapping[int, str]) -> None:
        self._revnos: dict[str, list[int]] = {}
        for revno in sorted(changed):
            if changed[revno]:
                self._revnos.setdefault(changed[revno], []).append(revno)

    def newest(self, change: str, before: int) -> int | None:
        """The newest landing before a revno that changes just this."""
        same = self._revnos.get(change, [])
        place = bisect_left(same, before)
        return same[place - 1] if place else None


class _Outcome:
    """What of a landing's claims is true, and what is left to be said about the rest."""

    def __init__(
        self, reverts: RevertClaims, git: Git, mainline: FirstParents, sizes: Mapping[int, int]
    ) -> None:
        self._reverts = reverts
        self._sizes = sizes
        self._git = git
        self._mainline = mainline
        self._proved: list[int] = []
        self._whole = False
        self._open: list[RevertClaim] = []
        """Claims of which nothing is proved."""
        self._silent: int | None = None
        self._numbered: list[str] = []
        """Hints about landings that it calls by a number."""
        self._unread = False
        self._warnings = reverts.warnings

    def prove(self, proofs: _Proofs) -> None:
        reverts = self._reverts
        best = [proofs.best(reverts, claim) for claim in reverts.claims]
        proved = [target for target in best if target]
        together, whole = proofs.together(reverts)
        if whole or len(together) > len(set(proved)):
            proved, self._whole = together, whole
            reverts.hints.append(hints.together(together))
        else:
            self._whole = any(proofs.alone(reverts, target).whole for target in proved)
        self._proved = list(dict.fromkeys(proved))
        for claim in reverts.claims:
            if set(claim.targets) & set(proved):
                continue
            why = next((w for target in claim.targets if (w := proofs.alone(reverts, target).unreadable)), "")
            if why:
                self._cannot_tell(hints.listed(claim.targets), why)
            elif not (claim.quoted or (claim.doubtful and self._far_from(claim, proofs.diffs))):
                self._open.append(claim)

        for claim in reverts.numbered:
            self._numbered += self._about_number(claim, proofs)

    def _about_number(self, claim: RevertClaim, proofs: _Proofs) -> list[str]:
        """Which of the landings with one number it undoes, if their content tells."""
        by = self._reverts.revno
        alone = [(target, proofs.alone(self._reverts, target)) for target in claim.targets]
        if whole := [target for target, proof in alone if proof.whole]:
            return [hints.silent(whole[0], by)]
        undone = [target for target, proof in alone if proof.targets]
        if undone or len(claim.targets) == 1:
            return [hints.free_text(target, by) for target in undone or claim.targets]
        return [hints.numbered(claim.targets, by)]

    def _far_from(self, claim: RevertClaim, diffs: ContentDiffs) -> bool:
        """Whether it touches none of the files that were changed there."""
        own = paths(diffs.changes[self._reverts.id])
        return all(not own & paths(diffs.changes[self._mainline.id(target)]) for target in claim.targets)

    def _cannot_tell(self, what: str, why: str) -> None:
        self._unread = True
        self._warnings.append(f"whether it undoes {what} is not known: {why}")

    def compare_files(self, diffs: ContentDiffs) -> None:
        """Warn where a mark and the files do not fit; it counts nevertheless."""
        marked = {target: self._mainline.id(target) for target in self._reverts.marked}
        if not marked or self._reverts.id in diffs.unreadable or diffs.unreadable.keys() & marked.values():
            return
        files = paths(diffs.changes[self._reverts.id])
        touched = {target: paths(diffs.changes[sha]) for target, sha in marked.items()}
        strange = [target for target, theirs in touched.items() if theirs and not theirs & files]
        if not files:
            self._warnings.append(f"rolls back {hints.listed(marked)} by its mark, but its diff is empty")
        elif strange:
            self._warnings.append(
                f"rolls back {hints.listed(strange)} by its mark, but touches none of the files changed there"
            )

    def look_for_silent(self, inverses: _Inverses, diffs: ContentDiffs) -> None:
        sha = self._reverts.id
        if sha in diffs.unreadable:
            if not self._unread:
                self._cannot_tell("anything", diffs.unreadable[sha])
        elif not self._whole:
            self._silent = inverses.newest(digest(inverse(diffs.changes[sha])), self._reverts.revno)

    def finish(self, landing: Landing, change: str, in_qa: bool) -> Landing:
        reverts = self._reverts
        settled = {*reverts.marked, *self._proved}
        shown = list(reverts.hints)
        for claim in self._open:
            if not settled.intersection(claim.targets):
                if not claim.by_title or len(claim.targets) == 1 or not (shown or settled):
                    shown.append(self._about(claim))
                settled.update(claim.targets)
        if self._silent and self._silent not in settled:
            settled.add(self._silent)
            shown.append(hints.silent(self._silent, reverts.revno))
        # where something is known, what free text calls a landing is not asked
        for target in (*reverts.named_in_text, *(() if settled or shown else reverts.guessed)):
            if target not in settled:
                settled.add(target)
                shown.append(hints.free_text(target, reverts.revno))
        if not (settled or shown):
            shown += dict.fromkeys(self._numbered)
        if not (settled or shown):
            shown += map(hints.no_such_request, reverts.unfound)
        if reverts.speaks and in_qa and not (settled or shown or self._unread):
            shown.append(hints.unnamed(reverts.revno))
        return replace(
            landing,
            mark_targets=tuple(reverts.marked),
            revert_targets=tuple(self._proved),
            mixed=bool(self._proved) and not self._whole,
            change=change,
            unread=self._unread,
            warnings=(*landing.warnings, *self._warnings),
            hints=hints.folded([*landing.hints, *shown], landing.id),
        )

    def _about(self, claim: RevertClaim) -> str:
        target, by = claim.targets[0], self._reverts.revno
        if len(claim.targets) > 1 and claim.by_title:
            return hints.namesakes(claim.targets, by)
        named = len(self._reverts.parts.get(target, ()))
        if named and named < (of := self._size(target)):
            return hints.part(target, named, of)
        return hints.not_proved(target, by)

    def _size(self, revno: int) -> int:
        """How many commits a landing brought in, merges aside."""
        if revno in self._sizes:
            return self._sizes[revno]
        sha = self._mainline.id(revno)
        below = [f"^{self._mainline.id(revno - 1)}"] if revno > 1 else []
        return int(self._git.lines("rev-list", "--no-merges", "--count", sha, *below)[0])
