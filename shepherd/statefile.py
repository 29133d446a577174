"""A small JSON file under `state_dir`: what one process leaves for the next, or for those that look on."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from shepherd import plainfile
from shepherd.atomic import write_atomically
from shepherd.errors import StoreError
from shepherd.printable import replaced

LARGEST = 1_000_000
"""Bytes of the largest one that is read."""
_LONGEST_CAUSE = 100

T = TypeVar("T")


class StateFile(Generic[T]):
    """One such file. It is written whole or not at all; reading it never waits, and follows no link."""

    def __init__(self, path: Path, holds: type[T], *, mode: int = 0o600, largest: int = LARGEST) -> None:
        self.path = path
        self._holds = holds
        self._largest = largest
        self._mode = mode

    def read(self) -> T | None:
        """What it holds; None if there is no such file.

        Raises:
            plainfile.UnreadableFileError: something else is there.
        """
        try:
            content = plainfile.content(self.path, self._largest, follow=False)
            return msgspec.json.decode(content, type=self._holds)
        except plainfile.UnreadableFileError as why:
            if why.missing:
                return None
            raise
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            cause = replaced(str(error), " ")[:_LONGEST_CAUSE]
            raise plainfile.UnreadableFileError(self.path, f"is damaged ({cause})") from None

    def read_or(self, default: T) -> T:
        """What it holds; `default` if it holds nothing that can be read."""
        try:
            value = self.read()
        except plainfile.UnreadableFileError:
            return default
        return default if value is None else value

    def write(self, value: T) -> None:
        """Replace what it holds.

        Raises:
            StoreError: it cannot be written; what was there before is untouched.
        """
        write_atomically(self.path, self.encoded(value), self._mode)

    @staticmethod
    def encoded(value: object) -> bytes:
        """What the file is with this in it."""
        return msgspec.json.encode(value, enc_hook=str)

    def remove(self) -> None:
        """Remove the file, if it is there.

        Raises:
            StoreError: it stays there.
        """
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"{self.path}: cannot be removed ({error.strerror}); remove it by hand"
            ) from None
