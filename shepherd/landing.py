"""What landed: the facts that every later step works from. Nothing here is an opinion."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from shepherd.words import Item

MOST_BROUGHT = 500
"""Commits that are remembered of one landing: where that is not enough, the forge is asked by its SHA."""
LABELS = ("incr", "no-qa", "qa-ok", "testfix")


class Marks(Struct, frozen=True, gc=False):
    """What one commit message says by the configured grammars (docs/rules.md#marks)."""

    subject: str = ""
    """The first line after the leading run: what patterns and titles of reverts are compared with."""
    summary: str = ""
    """The whole first paragraph on one line, where it goes on after the subject; else empty. Only shown."""
    bugs: tuple[Item, ...] = ()
    """In order of appearance, without duplicates."""
    requests: tuple[str, ...] = ()
    """Pull or merge requests: "#12" (GitHub, Gitea) or "!12" (GitLab)."""
    closes: tuple[int, ...] = ()
    """Issues that the request closes: links, never judged."""
    labels: tuple[str, ...] = ()
    """Sorted words of LABELS: incr, no-qa, qa-ok, testfix."""
    rollback: tuple[int, ...] = ()
    """Revnos from `[rollback=]` and `Rolls-back:`, ranges expanded, doubles removed; not judged here."""
    rollback_ids: tuple[str, ...] = ()
    """Lower-case SHAs from `Rolls-back:`."""
    reverts_ids: tuple[str, ...] = ()
    """Lower-case SHAs from `This reverts commit SHA`, `This reverts commits SHA, SHA and SHA`."""
    reverts_requests: tuple[str, ...] = ()
    """Requests from `Reverts owner/repo#12` ("#12") and `This reverts merge request !12` ("!12")."""
    quoted_reverts: tuple[str, ...] = ()
    """Those SHAs and requests of both that only quoted text names: they count if proved, and are no hint."""
    reverts_title: str = ""
    """X of a title `Revert "X"`, and `Revert "X"` of a title `Reapply "X"`, without a trailing `(#N)`; empty
    if there is none."""
    hints: tuple[int, ...] = ()
    """Revnos that free text says are reverted (`Revert r16461 and r16462`); never counted, only shown."""
    branch: str = ""
    """The branch that was merged, where the message says it."""
    url: str = ""
    """The merge proposal (`Merged from URL`), else empty."""
    warnings: tuple[str, ...] = ()


class Brought(Struct, frozen=True, gc=False):
    """A commit that a landing brought in, and that people said something of, or that was a landing itself
    before the mainline was moved (docs/rules.md#what-people-say)."""

    id: str
    """Full SHA."""
    title: str = ""
    undone: bool = False
    """The same landing brought in what undid it, so it never was in effect there."""


class Landing(Struct, frozen=True, gc=False):
    """One commit on the mainline, with what it and the commits it brought in say."""

    revno: int
    id: str
    """Full SHA, 40 or 64 lower-case hex digits."""
    committed_at: int
    """The committer's date, seconds since 1970, as git holds it; not yet clamped."""
    title: str = ""
    """The subject of its message."""
    summary: str = ""
    """The summary of its message."""
    branch: str = ""
    url: str = ""
    person: str = ""
    """Whose it is (docs/rules.md#person): a name through .mailmap; empty if only robots had a hand in it."""
    address: str = ""
    """The person's address; never published."""
    bugs: tuple[Item, ...] = ()
    """All bugs: the landing's own message first, then those of the commits it brought in."""
    own_bugs: tuple[Item, ...] = ()
    """Those of the landing's own message alone."""
    requests: tuple[str, ...] = ()
    """As its message names them: on a forge these are claims (docs/rules.md#marks)."""
    merged_ids: tuple[str, ...] = ()
    """SHAs of the commits that it brought in, the newest MOST_BROUGHT; only where it names a request."""
    closes: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    mark_targets: tuple[int, ...] = ()
    """Valid targets by mark: earlier revnos of this mainline (docs/rules.md#undone)."""
    revert_targets: tuple[int, ...] = ()
    """Valid targets by revert, proved by content."""
    mixed: bool = False
    """Whether it changes more than what undoes its `revert_targets`: they alone make it no pure rollback."""
    change: str = ""
    """Digest of what it changes; empty where it changes nothing, or was not compared with others."""
    unread: bool = False
    """Whether some diff could not be read that might say more about what it undoes."""
    hints: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    brought: tuple[Brought, ...] = ()
    """Of the commits it brought in, those with words of their own and those that were landings, oldest first;
    each commit is brought in by the first landing that has it."""
    merged_by: str = ""
    """The name of the author of the merge, where somebody else's commits make it theirs."""
    co_authors: tuple[str, ...] = ()
    """The names of the others who wrote a part of it, those with most commits first; no robots."""

    @property
    def shown_title(self) -> str:
        """The title as people see it: whole, although the message may have wrapped it."""
        return self.summary or self.title

    @property
    def targets(self) -> tuple[int, ...]:
        """All valid targets, marks first, without duplicates."""
        return tuple(dict.fromkeys(self.mark_targets + self.revert_targets))


def commits_of(landings: Iterable[Landing]) -> list[str]:
    """The SHAs that verdicts count for: landings, and what they brought in that has words."""
    return [sha for each in landings for sha in (each.id, *(commit.id for commit in each.brought))]


class Revision(Struct, frozen=True, gc=False):
    """A place on the mainline."""

    revno: int
    id: str


class Deployed(Struct, frozen=True, gc=False):
    """What production runs: the newest landing it contains, and the commits it has in addition."""

    revno: int
    id: str
    """The landing's SHA; empty for r0 (production runs nothing of this mainline yet)."""
    extra: tuple[tuple[str, int | None], ...] = ()
    """Commits of production that the mainline lacks, each with the revno of a landing that carries the
    same patch, or None (docs/rules.md#hotfix)."""


class RefPositions(Struct, frozen=True):
    """Where the sources stood, in their own words: two of these that are equal mean that nothing moved."""

    refs: dict[str, str | None]
    """Ref -> the commit that it named, None where there was none: mainline, deployed, promoted."""
    deployed: str | None = None
    """What a file, a URL or the record said of production; None where a ref says it."""


class Reading(Struct, frozen=True):
    """What the change sources of one branch said, read by `find` and handed over by the database."""

    landings: tuple[Landing, ...]
    """Ascending and without gaps, up to the tip: the window, what may have gone live within `keep`, and as
    far down as undoing reaches."""
    tip: Revision
    deployed: Deployed
    promoted: Revision | None = None
    on_qa: Revision | None = None
    standing: RefPositions = RefPositions({})
