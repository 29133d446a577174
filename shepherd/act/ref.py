"""Moving a ref: compare-and-swap in a repository, one push with a lease where it lies behind a URL
(docs/settings.md).

Either way git itself compares with the commit that the plan started from, at the moment of the move.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from msgspec import Struct

from shepherd import holding, limits
from shepherd.children import finish
from shepherd.errors import PARTLY, RefusedError, SettingsError, ShepherdError, SourceError, UnsureError
from shepherd.git.mirror import operators_environment, remote_refs, shown
from shepherd.git.mirror_clones import OverwritingRemote, overwriting_remote
from shepherd.git.program import NOTHING_RUNS, cause, environment
from shepherd.git.repository import Git, find_git_dir
from shepherd.settings import is_url
from shepherd.values import clean, quoted

LIMIT = 120.0
"""Seconds that a move may take."""
READABLE = 0o022
"""umask: the person who deploys has to read the ref, too."""
_COMMITTER = {"GIT_COMMITTER_NAME": "QA Shepherd", "GIT_COMMITTER_EMAIL": "qa-shepherd@localhost"}


class MovedError(RefusedError):
    """The ref is not where the plan saw it: somebody else was faster."""


class NotMovedError(ShepherdError):
    """It could not be done, and was not; the next try may succeed."""

    code = PARTLY


class Move(Struct, frozen=True):
    """One ref from one commit to another."""

    repository: str
    """An absolute path, or a URL."""
    ref: str
    """Its full name."""
    old: str | None
    """None: it does not exist yet."""
    new: str
    note: str = ""
    """Who and why, for the repository's own log of the ref."""


def full_name(git: Git, ref: str) -> str:
    """The full name of a ref that a promotion moves: a branch, there or yet to be made.

    Raises:
        SettingsError: it is a tag. SourceError.
    """
    name = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
    commits = git.resolve_many([ref, name])
    if name.startswith("refs/tags/") or (commits[name] is None and commits[ref] is not None):
        raise SettingsError(f"{git.name}: {ref} is a tag, which never moves: let promote.ref name a branch")
    return name


def check_movable(git: Git, name: str, repository: str) -> None:
    """Raises SettingsError if moving this ref of a repository would move more than the ref, would not last,
    or would run another user's programs."""
    if is_url(repository):
        _check_owner(repository)
        return
    stands_for = git.lines("for-each-ref", "--format=%(symref)", "--end-of-options", name)
    if stands_for and stands_for[0]:
        raise SettingsError(
            f"{git.name}: {name} is a symbolic ref to {stands_for[0]}: promote another branch"
        )
    if f"branch {name}" in git.lines("worktree", "list", "--porcelain"):
        raise SettingsError(
            f"{git.name}: {name} is checked out there, and its files would not follow: promote a branch that"
            " nobody has checked out"
        )
    if remote := overwriting_remote(git, name):
        raise SettingsError(
            f"{git.name}: {name} would be overwritten by the next `git remote update` there, since remote"
            f" {quoted(remote.name)} has fetch = {quoted(remote.refspec)}: {_instead(remote)}"
        )


def _instead(remote: OverwritingRemote) -> str:
    """What to do where the repository is a mirror of another one."""
    if remote.url:
        place = json.dumps(remote.url, ensure_ascii=False)
        done = "the promotion is pushed there" if is_url(remote.url) else "the ref is moved there"
        return f"set `repository = {place}` for this branch, and {done}"
    return "set `repository` to the URL of the repository that it mirrors, and the promotion is pushed there"


def _check_owner(url: str) -> bool:
    """A push to a repository on this machine runs its hooks, and what its configuration names, as us: so they
    must be our own, or root's, who can do anything anyway.

    Returns whether that is so; False: it is on no path of this machine, or git itself has to look.

    Raises:
        SettingsError: they are somebody else's.
    """
    if not url.startswith("file://"):
        return False
    path = unquote(url.removeprefix("file://"))
    try:
        git_dir = find_git_dir(Path(path)) or find_git_dir(Path(f"{path}.git"))
        if git_dir is None:
            return False
        places = [each for each in (git_dir, git_dir / "config", git_dir / "hooks") if each.exists()]
        owners = {each.stat().st_uid for each in places} - {0, os.geteuid()}
    except OSError:
        return False
    if owners:
        raise SettingsError(
            f"{shown(url)} belongs to user id {min(owners)}, whose hooks a push would run as us: set"
            " `repository` to the path alone (the ref is then moved without hooks), or to a URL of ssh://"
        )
    return True


def move_ref(git: Git, move: Move, lock: int | Sequence[int] = -1) -> None:
    """Make the move, or nothing.

    Args:
        git: the repository, or the mirror of the one behind the URL; nothing is moved in a mirror.
        lock: the descriptor of a lock, or of several, that is held until git has ended, whatever becomes of
            us; -1: none.

    Raises:
        MovedError: the ref is somewhere else by now. RefusedError: the server does not take it.
        NotMovedError: it could not be done, and was not. UnsureError: nobody knows.
    """
    holding.confirm()
    try:
        if is_url(move.repository):
            _push(git, move, lock)
        else:
            _update(git, move, lock)
    except SourceError as error:
        _look(git, move, error)


def _update(git: Git, move: Move, lock: int | Sequence[int]) -> None:
    options = [*NOTHING_RUNS, "-c", "safe.directory=*", "-c", "core.fsync=committed,reference"]
    command = [
        "git",
        "--bare",
        f"--git-dir={git.git_dir}",
        *options,
        "update-ref",
        "-m",
        clean(move.note, 300),
    ]
    code, _, errors = finish(
        [*command, move.ref, move.new, move.old or "0" * len(move.new)],
        name=git.name,
        env=environment(_COMMITTER),
        limit=holding.within(LIMIT),
        tied=True,
        lock=lock,
        umask=READABLE,
    )
    if code:
        if git.resolve_many([move.ref])[move.ref] != move.old:
            raise _moved(git.name, move)
        raise SourceError(f"{git.name}: {move.ref} could not be moved: {cause(errors, code)}")


def _push(git: Git, move: Move, lock: int | Sequence[int]) -> None:
    """`--force-with-lease` is what makes it a swap; whether the move is right was decided before."""
    name = shown(move.repository)
    options = ["--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"]
    if _check_owner(move.repository):
        options.append(f"--receive-pack={shlex.join(['git', '-c', 'safe.directory=*', 'receive-pack'])}")
    lease = f"--force-with-lease={move.ref}:{move.old or ''}"
    code, output, errors = finish(
        [
            *("git", "--bare", f"--git-dir={git.git_dir}", *NOTHING_RUNS, "push", *options, lease),
            *("--end-of-options", move.repository, f"{move.new}:{move.ref}"),
        ],
        name=name,
        env=operators_environment(move.repository, git.git_dir),
        limit=holding.within(min(LIMIT, limits.share())),
        tied=True,
        lock=lock,
        umask=READABLE,
    )
    lines = [line.split("\t") for line in output.decode("utf-8", "replace").splitlines()]
    verdict = next(
        (fields for fields in lines if len(fields) == 3 and fields[1].endswith(f":{move.ref}")), None
    )
    if verdict is None:
        raise SourceError(f"{name}: {move.ref} could not be pushed: {cause(errors, code, name)}")
    flag, _, summary = verdict
    if flag == "=" or "stale info" in summary:
        raise _moved(name, move)
    if flag == "!":
        raise RefusedError(
            f"{name} did not take the move of {move.ref}: {clean(summary, 200)}; {cause(errors, code)}"
        )


def _look(git: Git, move: Move, error: SourceError) -> None:
    """It failed in a way that leaves open what happened: see where the ref is now."""
    try:
        if is_url(move.repository):
            now = remote_refs(move.repository, [move.ref]).get(move.ref)
        else:
            now = git.resolve_many([move.ref])[move.ref]
    except SourceError as blind:
        raise UnsureError(
            f"{error}; and where {move.ref} is now cannot be seen ({blind}): the next run looks"
        ) from None
    if now == move.new:
        return
    if now == move.old:
        raise NotMovedError(f"{error}; nothing was moved, try again when that is fixed")
    raise _moved(git.name, move)


def _moved(name: str, move: Move) -> MovedError:
    was = move.old[:12] if move.old else "not there"
    return MovedError(
        f"{name}: {move.ref} was {was} when it was read, and is not any more: somebody moved it"
    )
