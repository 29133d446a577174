"""The keys of shepherd.toml, with the kinds of their values, defaults, and what their paths mean
(docs/settings.md)."""

# without `from __future__ import annotations`: msgspec and `checks` would evaluate them at each start

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args

from msgspec import Struct, field
from msgspec.structs import fields

from shepherd import plainfile
from shepherd.errors import WrongValueError
from shepherd.settings import kinds
from shepherd.settings.branch import ALL_GRAMMARS, BranchSettings, FreezeWindow, Grammar
from shepherd.settings.kinds import AddressIfAny
from shepherd.values import Duration

TrackerType = Literal["none", "file", "launchpad", "github", "gitlab", "gitea"]
LogLevel = Literal["info", "warning", "error"]
PersonalMail = Literal["qa", "live"]
"""The mails that go to single people, and that each can refuse (docs/mails.md#who-gets-which)."""
GRAMMARS_OF: Mapping[TrackerType, tuple[Grammar, ...]] = {
    "none": ALL_GRAMMARS,
    "file": ALL_GRAMMARS,
    "launchpad": ("brackets", "footers"),
    "github": ("forge",),
    "gitlab": ("forge",),
    "gitea": ("forge",),
}
"""Which grammars are read where a branch does not say so, by the tracker: a stranger may choose a title on a
forge, and `[no-qa]` in it must not pass QA unless the team chose that grammar (docs/rules.md#marks)."""

LARGEST_SECRET = 10_000
_LONG_SECRETS = ("tracker.credentials",)
"""Keys whose secret may have several lines, as launchpadlib writes it."""


class TagStatus(Struct, frozen=True, forbid_unknown_fields=True):
    """The statuses that the tagger gives a bug; "": it leaves them alone."""

    landed: kinds.BugStatus = "Fix Committed"
    rolled_back: kinds.BugStatus = "In Progress"


class TrackerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where people say what QA found, and what the tagger may write there."""

    type: TrackerType = "none"
    path: kinds.FilePath = ""
    project: str = ""
    """launchpad: the project, project group or distribution whose bugs are searched; github, gitea:
    "owner/name"; gitlab: "group/project", groups within groups too; file: the project on a forge whose
    requests it holds, where messages name one."""
    service_root: kinds.ServiceRoot = ""
    """URL of the tracker's web service; empty: the usual one of its type."""
    credentials_file: kinds.FilePath = ""
    credentials_env: str = ""
    bug_url: kinds.BugUrl = ""
    request_url: kinds.RequestUrl = ""
    words: dict[kinds.TagWord, tuple[kinds.TagText, ...]] = {}
    """Other texts of tags for `ok`, `bad`, `untestable`, `needstesting` (docs/rules.md#what-people-say)."""
    tag: bool = True
    """Whether the tagger writes."""
    cap: kinds.Cap = 100
    """Comments that it writes in one run at most."""
    status: TagStatus = field(default_factory=TagStatus)

    @property
    def sign(self) -> str:
        """What request numbers begin with, `#` or `!`; empty: there are no requests, or either kind."""
        return {"github": "#", "gitlab": "!", "gitea": "#"}.get(self.type, "")

    @property
    def writes(self) -> bool:
        """Whether the tagger may write, and can: where reading needs no token, writing does."""
        known = bool(self.credentials_file or self.credentials_env)
        anonymous = self.type in ("launchpad", "gitlab", "gitea") and not known
        return self.tag and self.type != "none" and not anonymous


class ReportSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The page: where it is written, where it is read, how soon it is stale."""

    directory: kinds.Directory = "var/report"
    url: kinds.WebUrl = ""
    expected_every: Duration = Duration("15m")
    publish: tuple[kinds.PublishTarget, ...] = ()
    known_hosts: kinds.PathForSsh = ""
    """For publishing by ssh: the file with the hosts' keys; empty: the user's own."""
    identity: kinds.PathForSsh = ""
    """The key file; empty: the user's own."""


class MailSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Reminders and escalations; without this table no mail is sent."""

    sender: kinds.Sender
    smtp: kinds.MailServer = "localhost:25"
    list: kinds.Address = ""
    operators: tuple[kinds.Address, ...] = ()
    at: kinds.TimeOfDay = "09:00"
    weekend: bool = False
    grace_days: kinds.GraceDays = 4
    cap: kinds.Cap = 200
    live: Literal["digest", "mail", "never"] = "digest"
    """How people hear that a landing of theirs went live."""
    starttls: bool = False
    login: str = ""
    password_file: kinds.FilePath = ""
    password_env: str = ""


class PersonSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the mail of one person goes, and which mails."""

    mail: AddressIfAny | None = None
    """None: to the address that stands in commits; "": nowhere."""
    kinds: tuple[PersonalMail, ...] = get_args(PersonalMail)


class RunSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How long a run may take, and when it is suspected to hang."""

    deadline: Duration = Duration("30m")
    stale_after: Duration = Duration("60m")
    at_once: kinds.AtOnce = 0
    """Branches that are read or judged at the same time; 0: as many as there are processors, 2 to 8."""


class MaintenanceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """When a maintenance switch that is still on is reported everywhere."""

    warn_after: Duration = Duration("4h")


class CronSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How often the block in the crontab calls `inv run`."""

    every: kinds.CronInterval = Duration("5m")


class BackupSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The backup that `run` makes once a day (docs/backups.md)."""

    daily: bool = True
    directory: kinds.FilePath = ""
    """Empty: `backups` in state_dir."""
    keep: kinds.BackupsKept = 7


class LogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The log: its form, where it goes, and the least that it tells (docs/log.md)."""

    format: Literal["text", "json"] = "text"
    to: Literal["file", "stderr", "syslog"] = "file"
    level: LogLevel = "info"


class PromotionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether `run` promotes by itself, and how long an answer must have stood before it does."""

    auto: bool = False
    settle: Duration = Duration("15m")


class DeploySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The hosts that `fab` deploys to."""

    hosts: tuple[kinds.SshHost, ...] = ()
    """`[USER@]HOST[:PORT]`, one after the other."""
    user: kinds.Login = "lpqateam"
    """The account that the shepherd runs in."""
    sudo: bool = False
    """Log in as yourself, and become `user` by `sudo -n`."""
    directory: kinds.PathOnHost = "shepherd"
    """Where releases/, current and shared/ are; relative to the home of `user`."""
    python: kinds.PathOnHost = "python3"
    """The host's interpreter, from which every release's environment is made."""
    known_hosts: kinds.FilePath = ""
    """The file with the hosts' keys; empty: the operator's own."""
    extras: tuple[kinds.Extra, ...] = ()


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. Its paths are relative to its real place: use `place` and the `..._path` properties."""

    branches: Annotated[dict[kinds.BranchName, BranchSettings], kinds.Branches]
    state_dir: kinds.Directory = "var"
    timezone: kinds.TimeZone = "UTC"
    keep: Duration = Duration("90d")
    freeze: tuple[FreezeWindow, ...] = ()
    """Standing windows of all branches, in `timezone`."""
    freeze_warn_after: Duration = Duration("7d")
    """A freeze without an end that is on for longer is called overdue."""
    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    report: ReportSettings = field(default_factory=ReportSettings)
    mail: MailSettings | None = None
    people: dict[kinds.Address, AddressIfAny | PersonSettings] = {}
    """By the address in commits; a text alone is the `mail` of such a table."""
    run: RunSettings = field(default_factory=RunSettings)
    maintenance: MaintenanceSettings = field(default_factory=MaintenanceSettings)
    promote: PromotionSettings = field(default_factory=PromotionSettings)
    cron: CronSettings = field(default_factory=CronSettings)
    log: LogSettings = field(default_factory=LogSettings)
    deploy: DeploySettings = field(default_factory=DeploySettings)
    backup: BackupSettings = field(default_factory=BackupSettings)
    database: kinds.DatabaseUrl = ""
    """SQLAlchemy URL of the tagger's database; empty: SQLite in state_dir."""
    database_password_file: kinds.FilePath = ""
    """For a server; empty: as libpq finds one (PGPASSFILE, ~/.pgpass)."""
    file: Path = Path()
    """Where the settings were read from, links resolved; relative paths start there. Not a key."""

    def place(self, location: str) -> str:
        """Return a URL as it stands, a path made absolute."""
        return location if is_url(location) else str(self.file.parent / location)

    @property
    def state_path(self) -> Path:
        return self.file.parent / self.state_dir

    @property
    def report_path(self) -> Path:
        return self.file.parent / self.report.directory

    @property
    def backup_path(self) -> Path:
        """Where the daily backups are."""
        return (
            self.file.parent / self.backup.directory if self.backup.directory else self.state_path / "backups"
        )

    @property
    def tracker_path(self) -> Path:
        """The file of the tracker `file`."""
        return self.file.parent / self.tracker.path

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the tagger's database, with an absolute path where it is SQLite."""
        if not self.database:
            return f"sqlite:///{self.state_path / 'shepherd.db'}"
        if relative := re.fullmatch(r"(sqlite(?:\+\w+)?:///)([^/:?].*)", self.database, re.DOTALL):
            return f"{relative[1]}{self.file.parent / relative[2]}"
        return self.database

    @property
    def database_password(self) -> str:
        """What `database_password_file` holds; empty if it is not set. Raises SettingsError."""
        if not self.database_password_file:
            return ""
        try:
            return plainfile.read(
                self.file.parent / self.database_password_file, LARGEST_SECRET, private=True
            ).rstrip("\r\n")
        except plainfile.UnreadableFileError as why:
            raise WrongValueError(str(why), "database_password_file", file=self.file) from None

    def branch_to_name(self, branch: str) -> str:
        """Return what `--branch` must say in a printed command; empty if there is only one branch."""
        return branch if len(self.branches) > 1 else ""

    @property
    def secret_keys(self) -> list[str]:
        """The keys of the secrets that are not here but in a file or an environment variable:
        "mail.password" for `mail.password_file`."""
        keys = []
        for table in fields(self):
            holder = getattr(self, table.name)
            for each in fields(holder) if isinstance(holder, Struct) else ():
                name, _, kind = each.name.rpartition("_")
                if kind in ("file", "env") and getattr(holder, each.name):
                    keys.append(f"{table.name}.{name}")
        return keys

    def secret(self, key: str, environ: Mapping[str, str]) -> str:
        """Return the secret that `KEY_file` or `KEY_env` names ("mail.password"), empty if neither is set
        (docs/settings.md).

        Raises:
            SettingsError: it cannot be read, is empty or no text, or its file is open to others.
        """
        table, name = key.split(".")
        path, variable = (getattr(getattr(self, table), f"{name}_{source}") for source in ("file", "env"))
        if not path and not variable:
            return ""
        file = self.file.parent / path
        try:
            if path:
                secret = plainfile.read(file, LARGEST_SECRET, private=True).rstrip("\r\n")
            else:
                secret = environ.get(variable, "")
            lines = secret.splitlines() if key in _LONG_SECRETS else [secret]
            if secret and all(map(str.isprintable, lines)):
                return secret
            what = "text" if key in _LONG_SECRETS else "one line of text"
            problem = f"{file if path else f'the environment variable {variable}'} does not hold {what}"
        except plainfile.UnreadableFileError as why:
            problem = str(why)
            if why.missing:
                make = f"(umask 077; cat >{shlex.quote(str(file))})"
                problem += f"; create it with {make}: paste what belongs into it, then Enter and Ctrl-D"
        if key == "tracker.credentials":
            problem += f'; or set type = "none" in [tracker] of {self.file}'
        raise WrongValueError(problem, table, f"{name}_{'file' if path else 'env'}", file=self.file)


def is_url(location: str) -> bool:
    """Return whether git fetches from `location` (`scheme://`, `host:path`); otherwise it is a path."""
    return bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]*://|[^/:]+:", location))


def project_of(settings: Settings, branch: BranchSettings) -> str | None:
    """Return the project ("owner/name") whose requests belong to this branch, where a message names one
    (docs/rules.md#marks).

    That of a URL begins with a slash: a server may keep projects in folders. Empty: it is not known. None: it
    is not known either, but makes no difference, since this tracker has no requests.
    """
    tracker = settings.tracker
    if "/" in tracker.project:
        return tracker.project
    if not tracker.sign and is_url(branch.repository) and not branch.repository.startswith("file:"):
        place = branch.repository.partition("://")[2].partition("/")[2] or branch.repository.partition(":")[2]
        return "/" + place.strip("/").removesuffix(".git")
    return None if tracker.type in ("none", "launchpad") else ""
