"""`current`, moved by a rename, which every reader sees before or after, never between
(docs/operator-every-day.md#when-an-upgrade-or-a-deploy-fails)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from shepherd.errors import StoreError
from shepherd.running.releases import Site


class Links:
    """Both links that an upgrade may need, made beforehand: then the switch is only a rename."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._there = {"next": "", "back": ""}

    def make(self, forward: str, back: str) -> None:
        """Make both, with these texts; an empty text stands for no link at all. Raises StoreError."""
        self._there = {"next": forward, "back": back}
        for name, text in self._there.items():
            path = self._path(name)
            try:
                path.unlink(missing_ok=True)
                if text:
                    path.symlink_to(text)
            except OSError as error:
                raise StoreError(f"{path}: cannot be made ({error.strerror}); nothing was changed") from None

    def forward(self) -> None:
        """Point `current` to the new release. Raises StoreError."""
        self._move("next")

    def back(self) -> None:
        """Point `current` to where it pointed before. Raises StoreError."""
        self._move("back")

    def drop(self) -> None:
        """Remove the links that were not needed."""
        for name in self._there:
            with suppress(OSError):
                self._path(name).unlink(missing_ok=True)

    def _move(self, name: str) -> None:
        current = self._site.current
        try:
            if self._there[name]:
                self._path(name).replace(current)
            else:
                current.unlink(missing_ok=True)
            folder = os.open(self._site.root, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise StoreError(f"{current}: cannot be moved ({error.strerror})") from None

    def _path(self, name: str) -> Path:
        return self._site.root / f".current.{name}"
