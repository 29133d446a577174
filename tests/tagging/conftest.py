from __future__ import annotations

from tests.running.conftest import _same_umask, host

__all__ = ["_same_umask", "host"]
