"""Where the sources stand at this very moment: asked once more, right before something is moved
(docs/rules.md#answer)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from shepherd.git import pointers
from shepherd.git.mirror import commits_in, mirror_path, open_source, remote_listing, shown
from shepherd.git.patches import alike, read_changes
from shepherd.git.proving import same_change
from shepherd.git.repository import Git
from shepherd.landing import RefPositions
from shepherd.settings import BranchSettings, is_url

_IS_TAG = re.compile(r"refs/tags/[^^]++").fullmatch


def moving_refs(branch: BranchSettings, deployed: str) -> list[str]:
    """The refs of the repository that a promotion goes by: mainline, deployed, promoted, and the verdicts.

    `deployed` is the ref that production goes by (`pointers.ref_of`).
    """
    promoted = branch.promote.ref if branch.promote else ""
    refs = (branch.ref, deployed, promoted, branch.verdict_notes)
    return list(dict.fromkeys(ref for ref in refs if ref))


def positions_now(
    branch: BranchSettings, *, repository: str, mirrors: Path, base: Path, recorded: str | None
) -> RefPositions:
    """Where mainline, production and the promoted ref are now, asked at their source, not in a mirror.

    Raises:
        SourceError: one of them cannot be asked.
    """
    deployed = branch.deployed
    if is_url(repository):
        remote = remote_listing(repository)
        ref = pointers.ref_of(
            deployed, "production", shown(repository), lambda: _tags_in(remote, repository, mirrors)
        )
        refs = moving_refs(branch, ref)
        commits = {each: commits_in(remote, refs).get(each) for each in refs}
    else:
        git = open_source(repository, mirrors)
        ref = pointers.ref_of(deployed, "production", git.name, git.tags)
        commits = git.resolve_many(moving_refs(branch, ref))
    text = None if ref else pointers.text_of(deployed, "production", base, recorded)
    return RefPositions(commits, text)


def _tags_in(remote: Mapping[str, str], repository: str, mirrors: Path) -> list[str]:
    """The names of all tags in a listing, less those that the mirror knows to be no commits (`Git.tags`)."""
    tags = {name: remote.get(f"{name}^{{}}", sha) for name, sha in remote.items() if _IS_TAG(name)}
    known = mirror_path(repository, mirrors).is_dir()
    others = open_source(repository, mirrors, fetch=False).no_commits(tags.values()) if known else ()
    return [name.removeprefix("refs/tags/") for name, sha in tags.items() if sha not in others]


def left_behind(git: Git, old: str, new: str) -> tuple[str, ...]:
    """The commits that a ref loses when it goes from `old` to `new`, oldest first; those whose change a
    commit of `new` makes, byte for byte, are not lost. Raises SourceError.
    """
    lost = git.lines("rev-list", "--reverse", "--end-of-options", old, f"^{new}")
    gained = git.lines("rev-list", "--end-of-options", new, f"^{old}") if lost else []
    diffs = read_changes(git, [*lost, *gained])
    compared = same_change(git, alike(diffs, gained, lost), diffs)
    carried = {sha for (_, sha), same in compared.items() if same}
    return tuple(sha for sha in lost if sha not in carried)
