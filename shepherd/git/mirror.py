"""Repositories that lie behind a URL: mirrored under state_dir, fetched into, and never otherwise changed.

A fetch either brings the mirror up to date or raises: an old state is never taken for the present one.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from shepherd import limits
from shepherd.children import finish
from shepherd.errors import SourceError
from shepherd.git.program import LIMIT, NOTHING_RUNS, GitError, environment, run, without_userinfo
from shepherd.git.repository import Git, lines_of, open_repository
from shepherd.locks import locked
from shepherd.settings import is_url
from shepherd.ssh_failures import server_of

FETCH_LIMIT = 600.0
"""Seconds that a fetch may take; the first one brings everything."""

SILENCE = 60
"""Seconds after which a server that says nothing at all is given up: other repositories wait for this one.
While it packs, it says so every five seconds (uploadpack.keepAlive)."""

_SSH = f"ssh -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval={SILENCE // 4} -oServerAliveCountMax=4"
"""ssh that asks no question, not even a terminal that is not there, and gives up in time."""

# How the operator reaches servers is his own affair: keys, proxies and helpers that he has set are used.
_OPERATORS_OWN = (
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_ASKPASS",
    "GIT_PROXY_COMMAND",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "GIT_SSL_NO_VERIFY",
)


def shown(url: str) -> str:
    """The URL as it may be shown: without user and password."""
    return without_userinfo(url) if "://" in url else url.rpartition("@")[2]


def mirror_path(url: str, mirrors: Path) -> Path:
    """Where the mirror of `url` lies: a name that people recognise, and no two URLs share."""
    readable = re.sub(r"[^A-Za-z0-9._]+", "-", shown(url)).strip("-.")[-60:].strip("-.")
    return mirrors / f"{readable}-{hashlib.sha256(url.encode()).hexdigest()[:10]}.git"


def open_source(
    repository: str,
    mirrors: Path,
    refs: Iterable[str] = (),
    *,
    fetch: bool = True,
    limit: float = FETCH_LIMIT,
) -> Git:
    """The repository at a path, or an up-to-date mirror of one behind a URL.

    `refs` are those that will be asked for; a mirror holds all branches and tags, and these. With `fetch`
    False the mirror is taken as it is. Raises SourceError.
    """
    # mirrors/ lies in state_dir, and so does run/
    scratch = str(mirrors.parent / "run")
    if not is_url(repository):
        return open_repository(repository, scratch=scratch)
    name = shown(repository)
    mirror = mirror_path(repository, mirrors)
    if fetch:
        _fetch(repository, mirror, name, refs, limit)
    elif not is_fetched(repository, mirrors):
        raise SourceError(f"nothing has been fetched from {name} yet: inv find")
    return open_repository(str(mirror), name, scratch=scratch)


def is_fetched(url: str, mirrors: Path) -> bool:
    """Whether the mirror of `url` holds anything: one whose first fetch failed is there, and is empty."""
    mirror = mirror_path(url, mirrors)
    return (mirror / "packed-refs").exists() or any(each.is_file() for each in mirror.glob("refs/**/*"))


def remote_refs(url: str, refs: Iterable[str], limit: float = 30.0) -> dict[str, str]:
    """Which of these refs the repository behind `url` has now, and their commits; nothing is kept.

    Raises SourceError if it does not answer.
    """
    return commits_in(remote_listing(url, limit), refs)


def remote_listing(url: str, limit: float = 30.0) -> dict[str, str]:
    """All refs of the repository behind `url` by their full names; behind that of an annotated tag stands one
    with `^{}` for its commit. Raises SourceError if it does not answer.
    """
    name = shown(url)
    if url.startswith("-") or not url.isprintable():
        raise SourceError(f"{name!r} cannot be the URL of a repository")
    limit = min(limit, limits.share())
    command = ["git", "ls-remote", "--quiet", *_upload_pack(url), "--end-of-options", url]
    remote = {}
    for line in lines_of(run(command, name=name, env=operators_environment(url), limit=limit)):
        sha, _, full = line.partition("\t")
        remote[full] = sha
    return remote


def commits_in(remote: Mapping[str, str], refs: Iterable[str]) -> dict[str, str]:
    """Which of these refs there are in a listing, and their commits."""
    shas = {}
    for ref in refs:
        places = (ref,) if ref.startswith("refs/") else (f"refs/heads/{ref}", f"refs/tags/{ref}")
        if place := next((place for place in places if place in remote), None):
            shas[ref] = remote.get(f"{place}^{{}}", remote[place])
    return shas


def _upload_pack(url: str) -> list[str]:
    """A local repository is read in place, and may be another user's: what it names to be run is not, and it
    fetches nothing from anywhere else."""
    alone = "GIT_ALLOW_PROTOCOL=none GIT_NO_LAZY_FETCH=1"
    command = shlex.join(["git", "-c", "safe.directory=*", *NOTHING_RUNS, "upload-pack"])
    return [f"--upload-pack={alone} {command}"] if urlsplit(url).scheme == "file" else []


def _fetch(url: str, mirror: Path, name: str, refs: Iterable[str], limit: float) -> None:
    if url.startswith("-") or not url.isprintable():
        raise SourceError(f"{name!r} cannot be the URL of a repository")
    options = ["--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no"]
    # Else git leaves out what a shallow source has, and calls that success; so the mirror shows it.
    options.append("--update-shallow")
    options += _upload_pack(url)
    command = [
        "git",
        "--bare",
        f"--git-dir={mirror}",
        # Packing must be over when the fetch is, or it would outlive the lock.
        *("-c", "gc.autoDetach=false", "-c", "maintenance.autoDetach=false", *NOTHING_RUNS),
        *("-c", "http.lowSpeedLimit=1", "-c", f"http.lowSpeedTime={SILENCE}"),
        *("fetch", *options, "--end-of-options", url, *_refspecs(refs)),
    ]
    limit = min(limit, limits.share())
    try:
        mirror.parent.mkdir(parents=True, exist_ok=True)
        # held by its descriptor until a fetch has ended, also one that ends because we were killed
        with locked(mirror.with_suffix(".lock"), wait=limit, poll=0.1) as lock:
            if lock < 0:
                raise SourceError(f"{name}: an earlier fetch has not ended in {limit:g} seconds")
            fetch = partial(
                run,
                command,
                name=name,
                env=operators_environment(url, mirror),
                limit=limit,
                tied=True,
                lock=lock,
            )
            _prepare(mirror, name)
            try:
                fetch()
            except GitError as error:
                other = re.search(rb"mismatched algorithms: client \w+; server (sha1|sha256)\b", error.errors)
                if not other:
                    raise
                # ids of another length: nothing in the mirror can serve any more
                shutil.rmtree(mirror)
                _prepare(mirror, name, other[1].decode())
                fetch()
    except OSError as error:
        raise SourceError(f"{name}: its mirror {mirror} cannot be used: {error.strerror or error}") from None


def _refspecs(refs: Iterable[str]) -> list[str]:
    """Branches, tags, and refs elsewhere; with a star, so that a ref that does not exist yet does no harm."""
    wanted = ["refs/heads/", "refs/tags/"]
    wanted += [
        ref for ref in dict.fromkeys(refs) if ref.startswith("refs/") and not ref.startswith(tuple(wanted))
    ]
    return [f"+{ref}*:{ref}*" for ref in wanted]


def operators_environment(url: str, git_dir: str | Path = os.devnull) -> dict[str, str]:
    """The environment of a git that goes to a server: with the operator's own keys, helpers and proxies.

    Args:
        git_dir: the repository that it works in, whose configuration counts; by default none.
    """
    extra = {"GIT_ALLOW_PROTOCOL": "http:https:ssh:git:file", "SSH_ASKPASS_REQUIRE": "never"}
    if "GIT_ASKPASS" not in os.environ:
        extra["GIT_ASKPASS"] = ""
    own = environment(extra, keep=_OPERATORS_OWN)
    if (
        server_of(url)
        and not own.keys() & {"GIT_SSH", "GIT_SSH_COMMAND"}
        and not _configured_ssh(own, git_dir)
    ):
        own["GIT_SSH_COMMAND"] = _SSH
    return own


def _configured_ssh(env: Mapping[str, str], git_dir: str | Path) -> bool:
    """Whether the operator's git has an ssh of its own, which the environment would outrank. The clone that
    one happens to stand in does not count."""
    command = ["git", f"--git-dir={git_dir}", "config", "--get", "core.sshCommand"]
    code, _, _ = finish(command, name="git config", env=env, limit=LIMIT)
    return code == 0


def _prepare(mirror: Path, name: str, object_format: str = "sha1") -> None:
    """Make an empty mirror where there is none, and clear away what a killed git left; the lock is held."""
    if (mirror / "shallow").exists():
        # Its source was shallow; no fetch repairs that.
        shutil.rmtree(mirror)
    if mirror.is_dir():
        for stale in (*mirror.glob("*.lock"), *mirror.glob("refs/**/*.lock"), mirror / "gc.pid"):
            stale.unlink(missing_ok=True)
        for half in mirror.glob("objects/pack/tmp_*"):
            half.unlink(missing_ok=True)
        return
    fresh = mirror.with_name(f".new-{mirror.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    isolated = environment({"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"})
    run(
        ["git", "init", "--quiet", "--bare", "--template=", f"--object-format={object_format}", str(fresh)],
        name=name,
        env=isolated,
    )
    fresh.rename(mirror)
