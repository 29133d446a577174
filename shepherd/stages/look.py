"""Before `find`: each repository is asked once, for all branches in it (docs/running.md#side-by-side)."""

from __future__ import annotations

from contextlib import suppress

from shepherd.errors import NoAnswerError
from shepherd.git.neighbours import LineStart, Looked, look
from shepherd.settings import Settings
from shepherd.store import Database
from shepherd.store.cache import facts_of_all


def look_at(settings: Settings, repository: str, *, dry: bool = False) -> Looked:
    """Ask a repository, once in a run, for all that the branches in it will ask for. Raises SourceError."""
    known: dict[str, LineStart] = {}
    with (
        suppress(NoAnswerError),
        Database.of(settings, read_only=dry) as database,
        database.begin() as connection,
    ):
        known = facts_of_all(connection, "facts", LineStart)
    return look(
        repository,
        {
            name: (branch, known.get(name))
            for name, branch in settings.branches.items()
            if settings.place(branch.repository) == repository
        },
        settings.state_path / "mirrors",
        not dry,
    )
