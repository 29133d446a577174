"""Whether all can be read that the answer is made of: repositories, production, the QA server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from shepherd.act.ref import check_movable, full_name
from shepherd.errors import ShepherdError, SourceError
from shepherd.git import pointers
from shepherd.git.first_parents import FirstParents, read_first_parents
from shepherd.git.mirror import commits_in, is_fetched, open_source, remote_listing, shown
from shepherd.git.mirror_clones import mirror_clone
from shepherd.git.notes import missing_notes, notes_remedy
from shepherd.git.positions import NOTHING_DEPLOYED, commit_named, deployed_at, newest_contained
from shepherd.git.program import GitError
from shepherd.git.repository import PARTIAL_REMEDY, Git
from shepherd.running.doctor.checking import OFFLINE, CheckContext, Finding, fail, ok, warn
from shepherd.running.doctor.data import rows
from shepherd.settings import BranchSettings, Pointer, Settings, is_url

LOOKED_AT = 1_000
"""Commits of a partial clone in which missing objects are looked for."""


def repository(context: CheckContext) -> Iterator[Finding]:
    """Each repository answers, and has the ref."""
    for name, branch in context.settings.branches.items():
        place = context.settings.place(branch.repository)
        title = f"repository {name}"
        if is_url(place) and context.offline:
            yield ok(title, f"{shown(place)}: {OFFLINE}")
            continue
        try:
            if is_url(place):
                remote = remote_listing(place)
                there = bool(commits_in(remote, [branch.ref]))
                if not remote:
                    what = f"{shown(place)} answers, and is empty"
                    yield fail(
                        title, what, f"push {branch.ref} there, or set branches.{name}.repository right"
                    )
                    continue
            else:
                git = open_source(place, context.settings.state_path / "mirrors")
                there = git.resolve_many([branch.ref])[branch.ref] is not None
                if not there:
                    raise git.no_such_ref(branch.ref)
                if missing := _missing(git, branch.ref):
                    what = f"{place} is a partial clone and lacks {missing} objects, so that some reverts"
                    yield warn(title, f"{what} cannot be recognised", PARTIAL_REMEDY)
                    continue
                if clone := mirror_clone(git, branch.ref, context.now):
                    yield warn(title, clone.said, clone.remedy) if clone.forgotten else ok(title, clone.said)
                    continue
        except GitError as error:
            yield fail(title, error.what, error.remedy or _set_right(context, name))
            continue
        except SourceError as error:
            yield fail(title, str(error), _set_right(context, name))
            continue
        if there:
            yield ok(title, f"{shown(place)} has {branch.ref}")
        else:
            yield fail(title, f"{shown(place)} has no {branch.ref}", f"set branches.{name}.ref right")


def _set_right(context: CheckContext, branch: str) -> str:
    return f"set branches.{branch} right in {context.settings.file}"


def _missing(git: Git, ref: str) -> int:
    """How many objects of the newest commits a partial clone left out. Raises SourceError."""
    if not git.is_partial:
        return 0
    objects = git.lines("rev-list", "--objects", "--missing=print", f"--max-count={LOOKED_AT}", ref)
    return sum(line.startswith("?") for line in objects)


def deployed(context: CheckContext) -> Iterator[Finding]:
    """What production, the promoted ref and the QA server run can be read, and is of the mainline."""
    for name, branch in context.settings.branches.items():
        title = f"deployed {name}"
        settings = context.settings
        place, mirrors = settings.place(branch.repository), settings.state_path / "mirrors"
        if unfetched := _unfetched(title, place, mirrors):
            yield unfetched
            continue
        try:
            git = open_source(place, mirrors, fetch=False)
            tip = git.resolve_many([branch.ref])[branch.ref]
            if tip is None:
                raise git.no_such_ref(branch.ref)
            mainline = read_first_parents(git, tip)
        except SourceError as error:
            yield fail(title, str(error))
            continue
        reader = _SourceReader(context, name, branch, git, mainline)
        yield from reader.read("deployed", branch.deployed, "production")
        if branch.qa:
            yield from reader.read("qa", branch.qa, "the QA server")
        if branch.promote:
            yield from _promoted(reader, branch.promote.ref, place)


def _promoted(reader: _SourceReader, ref: str, place: str) -> Iterator[Finding]:
    """Where the promoted ref is; or why `inv promote` would refuse to move it."""
    try:
        check_movable(reader.git, full_name(reader.git, ref), place)
    except ShepherdError as error:
        # without it the answer still stands
        yield warn(f"promoted {reader.name}", str(error))
        return
    yield from reader.read("promoted", Pointer(ref=ref), "the promoted ref")


def _unfetched(title: str, place: str, mirrors: Path) -> Finding | None:
    if is_url(place) and not is_fetched(place, mirrors):
        return warn(title, f"nothing has been fetched from {shown(place)} yet", "inv find fetches it")
    return None


class _SourceReader(msgspec.Struct, frozen=True):
    """Reads where the pointers of one branch point."""

    context: CheckContext
    name: str
    branch: BranchSettings
    git: Git
    mainline: FirstParents

    def read(self, key: str, pointer: Pointer, what: str) -> Iterator[Finding]:
        title = f"{key} {self.name}"
        if pointer.url and self.context.offline:
            yield ok(title, f"{pointers.described(pointer)}: {OFFLINE}")
            return
        described = f"{what} ({pointers.described(pointer)})"
        # without D there is no answer; without the others the answer only says less
        bad = fail if key == "deployed" else warn
        try:
            revno, warning = self._revno(pointer, what, described)
        except ShepherdError as error:
            yield bad(title, str(error))
            return
        if warning:
            yield warn(title, warning)
            return
        verb = "is at" if key == "promoted" else "runs"
        yield ok(title, f"{described} {verb} {f'r{revno}' if revno else 'nothing yet'}")

    def _revno(self, pointer: Pointer, what: str, described: str) -> tuple[int, str]:
        """The landing it is at, and what is doubtful about what it says."""
        warning = ""
        if ref := pointers.ref_of(pointer, what, self.git.name, self.git.tags):
            commit = self.git.resolve_many([ref])[ref]
            if commit is None:
                raise self.git.no_such_ref(ref)
        else:
            recorded = _recorded(self.context.settings, self.name) if pointer.recorded else None
            text = pointers.text_of(pointer, what, self.context.settings.file.parent, recorded)
            if pointer.recorded and text in NOTHING_DEPLOYED:
                return 0, ""
            commit, warning = commit_named(self.git, self.mainline, text, described)
        if what == "production":
            return deployed_at(self.git, self.mainline, commit, described).revno, warning
        return newest_contained(self.git, self.mainline, commit, described).revno, warning


def notes(context: CheckContext) -> Iterator[Finding]:
    """The git notes by which verdicts are given are there."""
    for name, branch in context.settings.branches.items():
        title = f"notes {name}"
        if not branch.verdict_notes:
            yield ok(title, "no notes are read: verdict_notes is not set")
            continue
        place, mirrors = context.settings.place(branch.repository), context.settings.state_path / "mirrors"
        if unfetched := _unfetched(title, place, mirrors):
            yield unfetched
            continue
        try:
            there = open_source(place, mirrors, fetch=False).resolve_many([branch.verdict_notes])
        except SourceError:
            continue  # the check of the repository says it
        if there[branch.verdict_notes] is None:
            what = f"{shown(place)}: {missing_notes(branch.verdict_notes)}"
            yield warn(title, what, notes_remedy(branch.verdict_notes, place))
        else:
            yield ok(title, f"{shown(place)} has {branch.verdict_notes}")


def _recorded(settings: Settings, branch: str) -> str | None:
    """What a person last recorded as deployed, as `find` reads it from the journal."""
    statement = "SELECT data FROM journal WHERE branch = :branch AND kind = 'deployed' ORDER BY seq DESC"
    try:
        recorded = [msgspec.json.decode(str(data)) for (data,) in rows(settings, statement, branch=branch)]
    except sqlite3.Error as error:
        raise SourceError(f"the journal cannot be read: {error}") from None
    return next((data["id"] or "r0" for data in recorded if data.get("recorded")), None)
