"""`find`: change sources -> the tagger's database."""

from __future__ import annotations

from time import monotonic

from msgspec import Struct
from msgspec.structs import replace

from shepherd.errors import NoAnswerError, ShepherdError, SourceError
from shepherd.landing import Reading, Revision
from shepherd.settings import Settings
from shepherd.sources import BranchReading, Known, read_branch
from shepherd.sources.notes import NoteVerdict
from shepherd.stages import Run
from shepherd.stages.judge import Source
from shepherd.stages.memory import verdicts
from shepherd.store import Cache, Database, Entry, Journal
from shepherd.store.snapshots import Snapshots


class Acceptance(Struct, frozen=True):
    """What a person accepts, with a reason, that is no data otherwise."""

    rewrite: bool = False
    new_journal: bool = False


def find_branch(
    settings: Settings, branch: str, run: Run, acceptance: Acceptance = Acceptance(), *, dry: bool = False
) -> str:
    """Read the sources of one branch and hand what was found to the database. Returns a line about it.

    Raises:
        SourceError: a source could not be read, or the mainline lost landings. The database says so then, and
            the next `judge` answers "no data".
        NoAnswerError: there were snapshots, but there is no journal.
        StoreError: the database cannot be used.
    """
    database = Database(settings.database_url, read_only=dry)
    try:
        return _find(settings, branch, run, acceptance, database, dry)
    except (SourceError, NoAnswerError) as error:
        run.tell("source", branch=branch, result="failed", why=str(error))
        if not dry:
            _hand_over_problem(database, branch, str(error))
        raise
    finally:
        database.close()
