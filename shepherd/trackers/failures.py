"""Why a request failed, in words that follow the tracker's name.

They say what to do where somebody has to do something. Nothing that a server sent, and no header, gets into
them: it could hold a secret.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator

from shepherd.values import age

_KNOWN = (
    ssl.SSLCertVerificationError,
    socket.gaierror,
    TimeoutError,
    ConnectionError,
    http.client.HTTPException,
)


def never_sent(error: Exception) -> bool:
    """Whether no server can have seen the request."""
    return isinstance(error, ConnectionRefusedError | socket.gaierror | ssl.SSLCertVerificationError)


def without_answer(error: Exception, silence: float, whole: float) -> str:
    """Why there was no answer.

    Args:
        silence, whole: seconds that a server may keep silent, and that one request may take.
    """
    match error:
        case TimeoutError():
            return (
                f"did not answer in time ({silence:.0f} s of silence, {whole:.0f} s for all of it, at most)"
            )
        case ssl.SSLCertVerificationError():
            return "shows a certificate that cannot be verified"
        case socket.gaierror():
            return "could not be found by that name"
        case ConnectionRefusedError():
            return "accepts no connection"
        case http.client.IncompleteRead():
            return "broke off in the middle of its answer"
        case ConnectionError() | http.client.RemoteDisconnected():
            return "closed the connection without an answer"
        case http.client.HTTPException():
            return "gave an answer that is not HTTP"
        case OSError():
            return f"cannot be reached ({error.strerror or type(error).__name__})"
        case _:
            return f"cannot be reached ({type(error).__name__})"


def refused(status: int, wait: float) -> str:
    """What a status from 400 on means.

    Args:
        wait: seconds that the server asks to be left alone.
    """
    match status:
        case 400:
            return "answered 400: it does not accept this request"
        case 401:
            return "answered 401: the credentials are missing, or not accepted"
        case 403:
            return "answered 403: the credentials give no right to this"
        case 404:
            return "answered 404: it has no such thing; is tracker.project right?"
        case 410:
            return "answered 410: it is gone for good"
        case 407:
            return "answered 407: the proxy before it wants other credentials (HTTPS_PROXY, HTTP_PROXY)"
        case 412:
            return "answered 412: it was changed meanwhile"
        case 429:
            wanted = f" and asks to wait {age(wait)}" if wait else ""
            return f"answered 429: too many requests{wanted}; the next run tries again"
        case 451:
            return "answered 451: it is withheld for legal reasons; ask those who run it"
        case _ if status >= 500:
            return f"answered {status}: it has trouble of its own; the next run tries again"
        case _:
            return f"answered {status}"


def redirected(status: int, *, reads: bool) -> str:
    """Why a redirect on the same host is not followed.

    Args:
        reads: the request changes nothing.
    """
    which = "a second redirect in a row" if reads else "a redirect"
    return (
        f"answered {status}: {which}, which is not followed;"
        " are tracker.project and tracker.service_root right?"
    )


def unexpected_kind(content: bytes, kind: str) -> str:
    """Why an answer of success is none.

    Args:
        kind: its media type.
    """
    if not content:
        return "answered 200 with nothing in it: a proxy may have cut it off; the next run tries again"
    if kind in ("text/html", "application/xhtml+xml"):
        return (
            "answered with a web page: a log-in page, or a proxy, stands before it;"
            " is tracker.service_root right?"
        )
    return (
        "answered with something other than what was asked for, so it is perhaps no such tracker;"
        " is tracker.service_root right?"
    )


def not_asked() -> str:
    """Why one of many requests is left for the next run."""
    return "was not asked, since too many requests like this one failed; the next run tries again"


def known(error: Exception) -> Exception:
    """The standard library's error behind one of urllib3, without what that holds: it may name a header."""
    from urllib3 import exceptions

    if isinstance(error, exceptions.NewConnectionError) and isinstance(error.__cause__, OSError):
        return error.__cause__
    if isinstance(error, exceptions.TimeoutError):
        return TimeoutError()
    if isinstance(error, exceptions.IncompleteRead):
        return http.client.IncompleteRead(b"")
    for behind in _behind(error, set()):
        if isinstance(behind, _KNOWN):
            return type(behind)() if isinstance(behind, ConnectionError) else behind
    return ConnectionError()


def _behind(error: object, met: set[int]) -> Iterator[BaseException]:
    """Everything that an error was made of, outermost first."""
    if not isinstance(error, BaseException) or id(error) in met:
        return
    met.add(id(error))
    yield error
    for inner in (getattr(error, "reason", None), error.__cause__, error.__context__, *error.args):
        yield from _behind(inner, met)
