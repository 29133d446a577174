"""Properties of the whole tool, at high counts, which SHEPHERD_CAMPAIGN (default 1.0) scales."""

from __future__ import annotations

import os


def times(count: int) -> int:
    """How often to do what an issue wants done `count` times; at least once."""
    return max(1, round(count * float(os.environ.get("SHEPHERD_CAMPAIGN", "1.0"))))
