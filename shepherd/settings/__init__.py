"""shepherd.toml, strict: its keys (`model`, `branch`), the kinds of their values (`kinds`), what keys must
say together (`checks`), and how it is read (`loading`)."""

from shepherd.settings.branch import ALL_GRAMMARS, BranchSettings, Grammar, Pointer, Promote
from shepherd.settings.loading import load, parse, read
from shepherd.settings.model import (
    GRAMMARS_OF,
    DeploySettings,
    MailSettings,
    PersonalMail,
    PersonSettings,
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
    "PersonSettings",
    "PersonalMail",
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
