"""shepherd.toml, strict: its keys (`model`, `branch`, `tracker`), the kinds of their values (`kinds`), what
keys must say together (`checks`), and how it is read (`loading`), also from several files and with what
branches share (`layers`)."""

from shepherd.settings.branch import ALL_GRAMMARS, BranchSettings, Grammar, Pointer, Promote
from shepherd.settings.loading import load, parse, read
from shepherd.settings.model import (
    DeploySettings,
    MailSettings,
    PersonalMail,
    PersonSettings,
    Settings,
    is_url,
    keys_of,
    project_of,
)
from shepherd.settings.tracker import GRAMMARS_OF, TagStatus, TrackerSettings

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
    "keys_of",
    "load",
    "parse",
    "project_of",
    "read",
]
