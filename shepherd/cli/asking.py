"""What readers ask: from the last answer, without a lock and without network."""

from __future__ import annotations

from collections.abc import Sequence

from shepherd.running.tasking import BRANCH, TaskOptions, task


@task(
    BRANCH, help={"sha": "print the SHA to deploy and nothing else (exit code 8: there is none)"}, reader=True
)
def status(options: TaskOptions, json: bool = False, sha: bool = False) -> int:
    """Which revision may be deployed, how old that answer is, and what blocks."""
    from shepherd.running.reading import status

    return status(options, json=json, sha=sha)


@task(
    BRANCH,
    reader=True,
    help={
        "person": "only landings whose person or a co-author has this in their name",
        "state": "only landings with this state or progress",
        "of": "only these: r123, a SHA, tip, a branch, bug:824435, bug:ABC-123, #12",
        "limit": "no more than so many, the newest",
    },
)
def landings(
    options: TaskOptions,
    person: str | None = None,
    state: str | None = None,
    of: str | None = None,
    limit: str | None = None,
    json: bool = False,
) -> int:
    """The landings that the shepherd knows, newest first."""
    from shepherd.running.reading import landings

    return landings(options, person=person, state=state, of=of, limit=limit, json=json)


@task(
    BRANCH,
    positional=("rev",),
    help={"rev": "r123, a SHA, tip, a branch, bug:824435, bug:ABC-123, #12"},
    reader=True,
)
def explain(options: TaskOptions, rev: str, json: bool = False) -> int:
    """One landing's whole story: what it is, why, what it waits for."""
    from shepherd.running.reading import explain

    return explain(options, rev, json=json)


@task(
    BRANCH,
    help={
        "ok": "as if this were good: r12, or r12,r15; may be given several times",
        "rollback": "as if this were rolled back next; the same",
        "deploy": "as if production ran this one: what the next deployment after it would be",
    },
    reader=True,
    repeatable=("ok", "rollback"),
)
def whatif(
    options: TaskOptions,
    ok: Sequence[str] | None = None,
    rollback: Sequence[str] | None = None,
    deploy: str | None = None,
    json: bool = False,
) -> int:
    """What the answer would be, if."""
    from shepherd.running.reading import whatif

    return whatif(options, ok or (), rollback or (), deploy, json=json)


@task(
    BRANCH,
    reader=True,
    help={
        "from_": "the older revision (default: where the promoted ref was before, else production)",
        "to": "the newer one, e.g. promoted (default: the revision to deploy)",
        "format": "text, markdown or json",
    },
)
def notes(options: TaskOptions, from_: str | None = None, to: str | None = None, format: str = "text") -> int:
    """Release notes: what the proposed deployment brings, or what lies between any two revisions."""
    from shepherd.running.notes import notes

    return notes(options, from_, to, format)


@task(
    BRANCH,
    optional="rev",
    help={"rev": "what happened to this landing (default: promotions and deployments)"},
    reader=True,
)
def history(options: TaskOptions, rev: str | None = None, json: bool = False) -> int:
    """Show what was said and done: deployments, or one landing's states and verdicts."""
    from shepherd.running.reading import history

    return history(options, rev, json=json)
