"""Whether one commit undoes others, or makes the same change as another: proved by content
(docs/rules.md#undone).

What it holds has to be, byte for byte, what `git revert` or `git cherry-pick` would give there. Lines that
were moved by changes in between do not matter; a blank, a mode, or the same lines elsewhere in a file are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from shepherd.errors import SourceError
from shepherd.git.merging import Merge, Quarantine, UnreadableCause, no_files, quarantine
from shepherd.git.patches import Changes, ContentDiffs, FileChange, changes, inverse, paths, read_changes
from shepherd.git.repository import Git
from shepherd.values import quoted

_SHOWN = 3
_ABSENT = b"000000"
_LOOKED_UP = 20
"""Files of one landing that are looked up before anything is merged."""


class UndoClaim(NamedTuple):
    """That a commit undoes these, newest first."""

    commit: str
    targets: tuple[str, ...]


class Proof(NamedTuple):
    """What of a claim is true."""

    targets: tuple[str, ...] = ()
    """Those that are undone, on every path that they changed."""
    whole: bool = False
    """The commit changes nothing else."""
    unreadable: str = ""
    """Why it cannot be told; empty if it can."""


class _Trees(NamedTuple):
    before: str
    after: str


def prove(git: Git, claims: Iterable[UndoClaim], diffs: ContentDiffs) -> dict[UndoClaim, Proof]:
    """What is true of each claim. `diffs` are those of all commits that are named in them.

    Where the very contents were exchanged, nothing has to be merged. Raises SourceError.
    """
    proofs: dict[UndoClaim, Proof] = {}
    open_ones: list[UndoClaim] = []
    for claim in dict.fromkeys(claims):
        commits = (claim.commit, *claim.targets)
        if why := next((diffs.unreadable[sha] for sha in commits if sha in diffs.unreadable), ""):
            proofs[claim] = Proof(unreadable=why)
            continue
        own, *others = (diffs.changes[sha] for sha in commits)
        if not own or not any(others):
            proofs[claim] = Proof()
        elif len(others) == 1 and own == inverse(others[0]):
            proofs[claim] = Proof(claim.targets, whole=True)
        else:
            open_ones.append(claim)
    for claim in _missed(git, open_ones, diffs.changes):
        proofs[claim] = Proof()
    open_ones = [claim for claim in open_ones if claim not in proofs]
    if open_ones:
        named = (sha for claim in open_ones for sha in (claim.commit, *claim.targets))
        with quarantine(git) as place:
            proofs |= _by_merging(place, open_ones, diffs.changes, _trees(git, named))
    return proofs


def _missed(git: Git, claims: Sequence[UndoClaim], changed: Mapping[str, Changes]) -> set[UndoClaim]:
    """The claims that one file shows to be untrue: it is as the target left it, and stays so.

    Merges cost far more than this look at some names of contents; most false claims are about a part of what
    a landing brought in, and end here.
    """
    missed: set[UndoClaim] = set()
    asked: list[tuple[UndoClaim, FileChange]] = []
    for claim in claims:
        if len(claim.targets) > 1:
            continue
        own = {change.path: change for change in changed[claim.commit]}
        # a file that the target removed may come back with what was changed in it under another name
        theirs = [
            change
            for change in sorted(changed[claim.targets[0]])
            if change.before != change.after and change.mode_after != _ABSENT
        ]
        if any(
            own[change.path].before == change.after and own[change.path].after != change.before
            for change in theirs
            if change.path in own
        ):
            missed.add(claim)
        else:
            untouched = [change for change in theirs if change.path not in own and b"\n" not in change.path]
            asked += [(claim, change) for change in untouched[:_LOOKED_UP]]
    stdin = b"".join(b"%b^1:%b\n" % (claim.commit.encode(), change.path) for claim, change in asked)
    try:
        answers = git.out("cat-file", "--batch-check", input=stdin).splitlines() if asked else []
    except SourceError:
        # a partial clone: what is missing, the merges find out one by one
        return missed
    for (claim, change), answer in zip(asked, answers, strict=True):
        if answer.partition(b" ")[0] == change.after:
            missed.add(claim)
    return missed


def same_change(
    git: Git, pairs: Iterable[tuple[str, str]], diffs: ContentDiffs
) -> dict[tuple[str, str], bool]:
    """Of each pair of commits, whether the first makes the change that the second makes, and makes one.

    What cannot be read is not the same. Raises SourceError.
    """
    same: dict[tuple[str, str], bool] = {}
    open_ones: list[tuple[str, str]] = []
    for pair in dict.fromkeys(pairs):
        one, other = (diffs.changes.get(sha) for sha in pair)
        if one and other and one != other:
            open_ones.append(pair)
        else:
            same[pair] = bool(one and other)
    if open_ones:
        with quarantine(git) as place:
            trees = _trees(git, (sha for pair in open_ones for sha in pair))
            merges = [
                Merge(trees[other].before, trees[one].before, trees[other].after) for one, other in open_ones
            ]
            for pair, merge, merged in zip(open_ones, merges, place.merge(merges), strict=True):
                same[pair] = merged == trees[pair[0]].after != merge.ours
    return same


def doubt_about(git: Git, target: str, commit: str) -> str:
    """Why the contents do not show that a commit undid an earlier one; empty if they do.

    They do if what the target changed is afterwards as it was before the target, or if `prove` finds it
    undone. Raises SourceError.
    """
    touched = paths(changes(git, [target])[target])
    if not touched:
        return "it changed nothing"
    before = _trees(git, [target])[target].before
    differing = git.out("diff-tree", "-r", "--no-renames", "--name-only", "-z", before, commit)
    left = sorted(touched.intersection(differing.split(b"\0")))
    if not left:
        return ""
    claim = UndoClaim(commit, (target,))
    if prove(git, [claim], read_changes(git, [commit, target]))[claim].targets:
        return ""
    files = [quoted(path.decode("utf-8", "replace")) for path in left[:_SHOWN]]
    more = f" and {len(left) - _SHOWN} files more" if len(left) > _SHOWN else ""
    verb = "is" if len(left) == 1 else "are"
    return f"{', '.join(files)}{more} {verb} not as before it"


class _UndoAttempt:
    """One claim, while its targets are taken back one after the other."""

    def __init__(self, claim: UndoClaim, before: str) -> None:
        self.claim = claim
        self.tree = before
        self.undone: list[str] = []
        self.unreadable = ""

    def take(self, target: str, merged: str | UnreadableCause | None) -> None:
        if isinstance(merged, UnreadableCause):
            self.unreadable = merged
        elif merged is not None and merged != self.tree:
            self.tree = merged
            self.undone.append(target)


def _by_merging(
    place: Quarantine,
    claims: Sequence[UndoClaim],
    changed: Mapping[str, Changes],
    trees: Mapping[str, _Trees],
) -> dict[UndoClaim, Proof]:
    attempts = [_UndoAttempt(claim, trees[claim.commit].before) for claim in claims]
    for step in range(max(len(claim.targets) for claim in claims)):
        active = [each for each in attempts if step < len(each.claim.targets)]
        targets = [each.claim.targets[step] for each in active]
        merges = [
            Merge(trees[target].after, each.tree, trees[target].before)
            for each, target in zip(active, targets, strict=True)
        ]
        for each, target, merged in zip(active, targets, place.merge(merges), strict=True):
            each.take(target, merged)
    # what a merge changed may lie elsewhere than what the target changed: the file was renamed meanwhile
    moved = place.differing([(trees[each.claim.commit].before, each.tree) for each in attempts])
    rest = place.differing([(each.tree, trees[each.claim.commit].after) for each in attempts])
    proofs: dict[UndoClaim, Proof] = {}
    for each, merged_paths, other_paths in zip(attempts, moved, rest, strict=True):
        if isinstance(merged_paths, UnreadableCause):
            proofs[each.claim] = Proof(unreadable=merged_paths)
        elif isinstance(other_paths, UnreadableCause):
            proofs[each.claim] = Proof(unreadable=other_paths)
        elif each.unreadable:
            proofs[each.claim] = Proof(unreadable=each.unreadable)
        else:
            concerned = merged_paths.union(*(paths(changed[target]) for target in each.undone))
            proved = each.undone and not concerned & other_paths
            proofs[each.claim] = Proof(tuple(each.undone), whole=not other_paths) if proved else Proof()
    return proofs


def _trees(git: Git, commits: Iterable[str]) -> dict[str, _Trees]:
    """The trees of commits whose diffs can be read, and of their first parents. One process."""
    wanted = list(dict.fromkeys(commits))
    asked = [f"{sha}{which}" for sha in wanted for which in ("^1^{tree}", "^{tree}")]
    answers = [answer.split(" ")[0:2] for answer in git.lines("cat-file", "--batch-check", input=asked)]
    trees = {}
    for sha, before, after in zip(wanted, answers[::2], answers[1::2], strict=True):
        # a first commit has no parent
        trees[sha] = _Trees(before[0] if before[1] == "tree" else no_files(sha), after[0])
    return trees
