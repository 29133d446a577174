"""What a pointer goes by: a ref, the newest release, or what a file, a URL or the record says
(docs/settings.md#deployed).

A text is a REV, or holds one that the pointer's pattern finds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from shepherd import limits, plainfile
from shepherd.errors import SourceError
from shepherd.git.program import without_userinfo
from shepherd.git.versions import UnorderedError, newest_release
from shepherd.people import matches
from shepherd.settings import Pointer
from shepherd.values import quoted

if TYPE_CHECKING:
    from http.client import HTTPMessage
    from urllib.request import Request

LARGEST = 1_000_000
"""Bytes of the largest file or answer that is read."""
URL_LIMIT = 20.0
"""Seconds that a URL may take to answer, from first to last byte."""


def described(pointer: Pointer, ref: str = "") -> str:
    """Where the pointer looks, for sentences; `ref` is what `ref_of` found."""
    if pointer.ref:
        return f"ref {pointer.ref}"
    if pointer.tags:
        tag = ref.removeprefix("refs/tags/")
        return f"tag {tag}, the newest of {pointer.tags}" if tag else f"tags {pointer.tags}"
    return pointer.file or without_userinfo(pointer.url) or "as recorded"


def ref_of(pointer: Pointer, what: str, git_name: str, tags: Callable[[], Sequence[str]]) -> str:
    """The ref that the pointer goes by: its own, or the newest release; empty where a text says the revision.

    `what` ("production") is who is asked about, `tags` gives the tags of the repository `git_name`. Raises
    SourceError if no release matches, or nobody can tell which one is the newest.
    """
    if not pointer.tags:
        return pointer.ref
    names = tags()
    key = "deployed" if what == "production" else "qa"
    try:
        tag = newest_release(names, pointer.tags)
    except UnorderedError as both:
        raise SourceError(
            f"what {what} runs is not known: of the tags of {git_name} that match {quoted(pointer.tags)}"
            f" {quoted(both.dated)} is a date and {quoted(both.small)} is none, so nothing says which is"
            f" newer; narrow the pattern of `{key}` in shepherd.toml, as in {quoted(both.narrower)}"
        ) from None
    if tag:
        return f"refs/tags/{tag}"
    wrong = f"no tag of {git_name} matches {quoted(pointer.tags)}"
    if other := next((name for name in names if matches((pointer.tags,), name)), None):
        wrong += f" ({quoted(other)} only where case is ignored)"
    if matching := [name for name in names if matches((pointer.tags,), name, case=True)]:
        wrong = (
            f"of the tags of {git_name} that match {quoted(pointer.tags)} none is a final version that begins"
        )
        wrong += f" at the * ({quoted(matching[-1])} is not)"
    remedy = f"tag a release, or change the pattern of `{key}` in shepherd.toml"
    raise SourceError(f"what {what} runs is not known: {wrong}; {remedy}")


def text_of(pointer: Pointer, what: str, base: Path, recorded: str | None, limit: float = URL_LIMIT) -> str:
    """The REV that a pointer to a file, a URL or the record names, without white space around it.

    `what` ("production") is who is asked about, `base` the folder that a relative file starts from. Raises
    SourceError.
    """
    if pointer.recorded:
        if recorded is None:
            raise SourceError(f"what {what} runs has never been recorded: inv deployed REV --reason …")
        return recorded
    if pointer.file:
        try:
            text = plainfile.read(base / pointer.file, LARGEST)
        except plainfile.UnreadableFileError as why:
            raise SourceError(f"what {what} runs is not known: {why}") from None
    else:
        late = TimeoutError(f"no whole answer in {limit:g} seconds")
        try:
            with limits.limited(min(limit, limits.share()), late, described(pointer)):
                text = _get(pointer.url, limit)
        except OSError as error:
            raise SourceError(
                f"what {what} runs is not known: {described(pointer)} does not answer "
                f"({without_userinfo(_reason(error))})"
            ) from None
    if not pointer.pattern:
        return text.strip()
    match = re.search(pointer.pattern, text)
    if not match or not (group := match[1] if match.re.groups else match[0]):
        raise SourceError(
            f"what {what} runs is not known: {described(pointer)} has nothing like {quoted(pointer.pattern)}"
        )
    return group.strip()


def _reason(error: OSError) -> str:
    return str(getattr(error, "reason", None) or error.strerror or error)


def _get(url: str, limit: float) -> str:
    """The body of an HTTP answer. Raises OSError, also for one that is too large or no HTTP.

    Args:
        limit: seconds of silence.
    """
    # Heavy, and most pointers are refs.
    from http.client import HTTPException
    from urllib.parse import urlsplit
    from urllib.request import (
        HTTPDefaultErrorHandler,
        HTTPErrorProcessor,
        HTTPHandler,
        HTTPRedirectHandler,
        HTTPSHandler,
        OpenerDirector,
        ProxyHandler,
    )

    if urlsplit(url).scheme not in ("http", "https"):
        raise OSError("neither http nor https")

    class SameHost(HTTPRedirectHandler):
        def redirect_request(
            self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
        ) -> Request | None:
            target, source = urlsplit(newurl), urlsplit(req.full_url)
            if target.hostname != source.hostname or (source.scheme == "https" != target.scheme):
                raise OSError("it redirects to another host, or to plain http")
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    opener = OpenerDirector()
    handlers: list[Any] = [
        ProxyHandler,
        HTTPHandler,
        HTTPSHandler,
        HTTPDefaultErrorHandler,
        HTTPErrorProcessor,
    ]
    for handler in (*handlers, SameHost):
        opener.add_handler(handler())
    body = b""
    try:
        with opener.open(url, timeout=limit) as answer:
            while chunk := answer.read1(65536):
                body += chunk
                if len(body) > LARGEST:
                    raise OSError("the answer is larger than 1 MB")
    except (HTTPException, ValueError) as error:
        raise OSError(f"no proper answer: {type(error).__name__}") from None
    return body.decode("utf-8", "replace").removeprefix(plainfile.BYTE_ORDER_MARK)
