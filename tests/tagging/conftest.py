from __future__ import annotations

from tests.running.conftest import host

__all__ = ["host"]
