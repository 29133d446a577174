from __future__ import annotations

from tests.ops.conftest import _same_umask, host

__all__ = ["_same_umask", "host"]
