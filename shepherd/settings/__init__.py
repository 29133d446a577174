"""shepherd.toml, strict: its keys (`model`), what their types cannot say (`checks`), and how it is read."""

from shepherd.settings.loading import load, parse, read
from shepherd.settings.model import (
    ALL_GRAMMARS,
    GRAMMARS_OF,
    BranchSettings,
    DeploySettings,
    Grammar,
    MailSettings,
    Pointer,
    Promote,
    Settings,
    TagStatus,
    TrackerSettings,
    is_url,
    project_of,
)

__all__ = [
    "ALL_GRAMMARS",
    "GRAMMARS_OF",
    "BranchSettings",
    "DeploySettings",
    "Grammar",
    "MailSettings",
    "Pointer",
    "Promote",
    "Settings",
    "TagStatus",
    "TrackerSettings",
    "is_url",
    "load",
    "parse",
    "project_of",
    "read",
]
