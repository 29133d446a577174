"""shepherd.toml, strict: its keys (`model`), what their types cannot say (`checks`), and how it is read."""

from shepherd.settings.loading import load, parse, read
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
from shepherd.settings.places import NAME

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
