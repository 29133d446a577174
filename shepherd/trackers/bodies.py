"""What a tracker answered: whether it is of the kind that was asked for, whole, and of a size that can be."""

from __future__ import annotations

import zlib

import msgspec

from shepherd.trackers import failures
from shepherd.trackers import http as network
from shepherd.trackers.http import GarbledError


def unpacked(body: bytes, encoding: str) -> bytes:
    """`body` decompressed; urllib3 would do it whatever the size.

    Args:
        encoding: what Content-Encoding says.

    Raises:
        GarbledError: it cannot be unpacked, or would be larger than anybody needs.
    """
    encoding = encoding.strip().lower()
    if not body or encoding in ("", "identity"):
        return body
    # "deflate" means zlib's format, but some servers send the bare stream
    for window in {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}.get(encoding, ()):
        packed = zlib.decompressobj(window)
        try:
            content = packed.decompress(body, network.LARGEST + 1)
        except zlib.error:
            continue
        if len(content) > network.LARGEST:
            raise too_large()
        if packed.eof and not packed.unused_data:
            return content
    raise GarbledError("gave an answer that cannot be unpacked", passing=True)


def too_large() -> GarbledError:
    return GarbledError(f"sent more than {network.LARGEST // 1_000_000} MB")


def check_kind(content: bytes, kind: str, accept: str) -> None:
    """Raises GarbledError for what is not of the media type that was asked for, or JSON that is none.

    Args:
        kind: what Content-Type says.
        accept: the media type.
    """
    given = kind.partition(";")[0].strip().lower()
    if not content or given != accept:
        # a server behind a balancer that has just died answers with nothing; a page says the same next time
        raise GarbledError(failures.unexpected_kind(content, given), passing=not content)
    if accept == "application/json":
        check_json(content)


def check_json(content: bytes) -> None:
    """Raises GarbledError for what is not JSON."""
    try:
        msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise GarbledError("answered with JSON that is damaged", passing=True) from None
    except RecursionError:
        raise GarbledError("answered with JSON that is nested too deeply") from None
