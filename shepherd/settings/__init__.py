"""shepherd.toml, strict: its keys (`model`), what their types cannot say (`checks`), and how it is read."""

from shepherd.settings.loading import NAME, load, parse, read
from shepherd.settings.model import (
    ALL_GRAMMARS,
    GRAMMARS_OF,
    Branch,
    Deploy,
    Grammar,
    Mail,
    Pointer,
    Promote,
    Settings,
    TagStatus,
    Tracker,
    is_url,
    project_of,
)

__all__ = [
    "ALL_GRAMMARS",
    "GRAMMARS_OF",
    "NAME",
    "Branch",
    "Deploy",
    "Grammar",
    "Mail",
    "Pointer",
    "Promote",
    "Settings",
    "TagStatus",
    "Tracker",
    "is_url",
    "load",
    "parse",
    "project_of",
    "read",
]
