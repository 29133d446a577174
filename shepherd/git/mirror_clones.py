"""Repositories whose own fetch overwrites their refs, as in `git clone --mirror`: a ref that is moved there
goes back with the next `git remote update` (docs/promoting.md#a-clone-that-is-a-mirror)."""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from shepherd.errors import SourceError, WrongValueError
from shepherd.git.program import cause, without_userinfo
from shepherd.git.repository import Git
from shepherd.settings import is_url
from shepherd.urls import check_repository
from shepherd.values import utc

UPDATED_WITHIN = 86_400
"""Seconds after which a clone that mirrors another repository is suspected to be forgotten."""


class OverwritingRemote(NamedTuple):
    """A remote of a repository whose fetch overwrites one of its refs."""

    name: str
    refspec: str
    """What says so, as git's configuration has it."""
    url: str
    """Where it fetches from, as `repository` of a branch may name it; empty: it may not stand there."""

    @property
    def kept(self) -> str:
        """What the shepherd does where the settings name that place."""
        return "fetches by itself" if not self.url or is_url(self.url) else "reads it there"


def overwriting_remote(git: Git, ref: str) -> OverwritingRemote | None:
    """Return the remote whose next fetch overwrites `ref`, a branch or a full name; None if no fetch does.

    Raises:
        SourceError: the repository's configuration cannot be read.
    """
    ref = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
    if not git.may_have_remotes:
        return None
    code, output, errors = git.attempt("config", "--null", "--get-regexp", r"^remote\..*\.fetch$")
    if code == 1:  # git's answer where there is no such key
        return None
    if code:
        raise SourceError(f"{git.name}: which remotes it has cannot be read: {cause(errors, code)}")
    refspecs: dict[str, list[str]] = {}
    for entry in output.decode("utf-8", "replace").split("\0"):
        key, _, refspec = entry.partition("\n")
        refspecs.setdefault(key.removeprefix("remote.").removesuffix(".fetch"), []).append(refspec)
    for name, theirs in refspecs.items():
        for refspec in theirs:
            source = _source_of(ref, refspec)
            if source and not any(_matches(other[1:], source) for other in theirs if other[:1] == "^"):
                return OverwritingRemote(name, refspec, _url_of(git, name))
    return None


class MirrorClone(NamedTuple):
    """A repository that mirrors another one, and that the shepherd does not keep up to date."""

    said: str
    """What it mirrors, and how old that is: a sentence without its end."""
    remedy: str
    forgotten: bool
    """Nobody has updated it within UPDATED_WITHIN."""


def mirror_clone(git: Git, ref: str, now: datetime) -> MirrorClone | None:
    """Return what is to be known where `git` is a clone that mirrors the branch `ref` of another repository.

    Raises:
        SourceError: the repository's configuration cannot be read. OSError: nor its files.
    """
    remote = overwriting_remote(git, ref)
    if remote is None:
        return None
    fetched = _last_fetch(git)
    said = f"{git.name} mirrors {remote.url or 'another repository'}, and was last updated on {utc(fetched)}"
    place = f"`repository = {json.dumps(remote.url, ensure_ascii=False)}`" if remote.url else "a URL"
    remedy = (
        f"set {place} in the settings, and the shepherd {remote.kept}; or run"
        f" `git -C {shlex.quote(git.name)} remote update --prune` before each run"
    )
    forgotten = (now - fetched).total_seconds() >= UPDATED_WITHIN
    return MirrorClone(f"{said}: what landed since then is missing" if forgotten else said, remedy, forgotten)


def _last_fetch(git: Git) -> datetime:
    """Return when something was last fetched into a clone; the time of the clone itself, if nothing was.

    Raises:
        OSError: its files cannot be looked at.
    """
    folder = Path(git.git_dir)
    # a fetch that brings nothing new writes FETCH_HEAD all the same
    files = [file for name in ("FETCH_HEAD", "packed-refs", "HEAD") if (file := folder / name).is_file()]
    return datetime.fromtimestamp(max(file.stat().st_mtime for file in files), UTC)


def _source_of(ref: str, refspec: str) -> str:
    """The ref of the remote that a refspec writes to our `ref`; empty if it does not write there."""
    source, _, destination = refspec.removeprefix("+").partition(":")
    source, destination = _full(source or "HEAD"), _full(destination)
    if not _matches(destination, ref):
        return ""
    before, _, after = destination.partition("*")
    return source.replace("*", ref[len(before) : len(ref) - len(after)], 1) if "*" in destination else source


def _full(name: str) -> str:
    """The name in a refspec as git expands it; patterns and what is left out (`^`) it takes as they are."""
    if not name or "*" in name or name == "HEAD" or name.startswith("refs/"):
        return name
    return f"refs/{name}" if name.startswith(("heads/", "tags/", "remotes/")) else f"refs/heads/{name}"


def _matches(pattern: str, ref: str) -> bool:
    before, star, after = pattern.partition("*")
    if not star:
        return ref == pattern
    return len(ref) >= len(before) + len(after) and ref.startswith(before) and ref.endswith(after)


def _url_of(git: Git, remote: str) -> str:
    # of several it fetches from the first
    code, output, _ = git.attempt("config", "--null", "--get-all", f"remote.{remote}.url")
    url = output.decode("utf-8", "replace").partition("\0")[0] if not code else ""
    if re.match(r"https?://", url, re.IGNORECASE):
        url = without_userinfo(url)
    try:
        check_repository(url)
        if not is_url(url):
            git_dir = Path(git.git_dir)
            url = str(((git_dir.parent if git_dir.name == ".git" else git_dir) / url).resolve())
            check_repository(url)
    except (WrongValueError, OSError):
        return ""
    return url
