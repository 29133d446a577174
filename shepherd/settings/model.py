"""The keys of shepherd.toml, with the kinds of their values, defaults, and what their paths mean
(docs/settings.md)."""

# without `from __future__ import annotations`: msgspec and `checks` would evaluate them at each start

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args

from msgspec import Struct, field
from msgspec.structs import fields, replace

from shepherd import plainfile
from shepherd.errors import WrongValueError, dotted
from shepherd.settings import kinds
from shepherd.settings.branch import BranchSettings, FreezeWindow
from shepherd.settings.kinds import AddressIfAny
from shepherd.settings.tracker import TrackerSettings
from shepherd.values import Duration

LogLevel = Literal["info", "warning", "error"]
PersonalMail = Literal["qa", "live"]
"""The mails that go to single people, and that each can refuse (docs/mails.md#who-gets-which)."""
NO_KEYS = ("file", "included")
"""What is noted beside the keys when the settings are read."""
LARGEST_SECRET = 10_000
_LONG_SECRETS = ".credentials"
"""How keys end whose secret may have several lines, as launchpadlib writes it."""


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


GRACE_DAYS = 4
"""After so many days a landing that blocks is told of: where there is no [mail], to chats."""


class MailSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Reminders and escalations; without this table no mail is sent."""

    sender: kinds.Sender
    smtp: kinds.MailServer = "localhost:25"
    list: kinds.Address = ""
    operators: tuple[kinds.Address, ...] = ()
    at: kinds.TimeOfDay = "09:00"
    weekend: bool = False
    grace_days: kinds.GraceDays = GRACE_DAYS
    cap: kinds.Cap = 200
    live: Literal["digest", "mail", "never"] = "digest"
    """How people hear that a landing of theirs went live."""
    promotions: kinds.AddressIfAny = ""
    """Who gets a mail about each promotion; empty: nobody."""
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


NoticeKind = Literal["answer", "alarm", "hang", "promotion", "freeze", "escalation"]
"""What chats and webhooks are told of (docs/notices.md)."""


class NotifySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One table [[notify]]: a chat or a webhook, and what it is told."""

    name: kinds.NoticeName
    """Which one it is, in journal and log: a URL may hold a secret."""
    url_file: kinds.FilePath
    """The file with the URL: https:// is a webhook of ours, any other goes to apprise (docs/notices.md)."""
    on: tuple[NoticeKind, ...] = get_args(NoticeKind)
    branches: tuple[kinds.BranchName, ...] = ()
    """Empty: all."""
    quiet: Duration = Duration("10m")
    """One message at most in so long; what is held back is summed up in the next."""
    secret_file: kinds.FilePath = ""
    """Signs a webhook's body by HMAC-SHA256; empty: it is not signed."""


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
    keep_inputs: Duration = Duration("400d")
    freeze: tuple[FreezeWindow, ...] = ()
    """Standing windows of all branches, in `timezone`."""
    freeze_warn_after: Duration = Duration("7d")
    """A freeze without an end that is on for longer is called overdue."""
    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    """Of the branches that name none of `trackers`; see `tracker_of`."""
    trackers: dict[kinds.TrackerName, TrackerSettings] = {}
    include: kinds.IncludePatterns = ()
    """Patterns of files with more branches and trackers, which are in those two tables."""
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
    """URL of the tagger's database, of SQLite or PostgreSQL; empty: SQLite in state_dir."""
    database_password_file: kinds.FilePath = ""
    """For a server; empty: as libpq finds one (PGPASSFILE, ~/.pgpass)."""
    notify: tuple[NotifySettings, ...] = ()
    file: Path = Path()
    """Where the settings were read from, links resolved; relative paths start there. Not a key."""
    included: tuple[Path, ...] = ()
    """The files that `include` brought. Not a key either."""

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
        """The file of `tracker`, where its type is `file`."""
        return self.file.parent / self.tracker.path

    @property
    def database_url(self) -> str:
        """URL of the tagger's database, with an absolute path where it is SQLite."""
        if not self.database:
            return f"sqlite:///{self.state_path / 'shepherd.db'}"
        if relative := re.fullmatch(r"(sqlite(?:\+\w+)?:///)([^/:?].*)", self.database, re.DOTALL):
            return f"{relative[1]}{self.file.parent / relative[2]}"
        return self.database

    @property
    def on_server(self) -> bool:
        """Whether the database is one of PostgreSQL, which other hosts may use, too."""
        return kinds.is_postgresql(self.database)

    @property
    def database_password(self) -> str:
        """What `database_password_file` holds; empty if it is not set. Raises SettingsError."""
        return self.secret("database_password", {})

    def tracker_of(self, branch: str) -> TrackerSettings:
        """The tracker of a branch: the one that it names, or `[tracker]`."""
        name = self.branches[branch].tracker
        return self.trackers[name] if name else self.tracker

    def with_tracker(self, name: str) -> "Settings":
        """These settings as its branches have them: `tracker` is `[trackers.NAME]`; "": `[tracker]`. What
        other branches have is to be asked of the original."""
        return replace(self, tracker=self.trackers[name]) if name else self

    def for_branch(self, branch: str) -> "Settings":
        """These settings as one branch has them: `tracker` is its own."""
        return self.with_tracker(self.branches[branch].tracker)

    @property
    def tracker_table(self) -> tuple[str, ...]:
        """Where `tracker` stands in the file: ("tracker",) or ("trackers", NAME)."""
        name = next((name for name, each in self.trackers.items() if each is self.tracker), "")
        return ("trackers", name) if name else ("tracker",)

    @property
    def tracker_key(self) -> str:
        """The same as a text: "trackers.NAME"."""
        return dotted(self.tracker_table)

    @property
    def by_tracker(self) -> dict[str, list[str]]:
        """The trackers that branches name, "" for `[tracker]`, each with its branches."""
        branches: dict[str, list[str]] = {}
        for name, branch in self.branches.items():
            branches.setdefault(branch.tracker, []).append(name)
        return branches

    def sharing_bugs_with(self, branch: str) -> list[str]:
        """The other branches for which a number names the same bug or request as for this one."""
        here = self.tracker_of(branch).numbers
        return [each for each in self.branches if each != branch and self.tracker_of(each).numbers == here]

    def branch_to_name(self, branch: str) -> str:
        """Return what `--branch` must say in a printed command; empty if there is only one branch."""
        return branch if len(self.branches) > 1 else ""

    @property
    def secret_keys(self) -> list[str]:
        """The keys of the secrets that are not here but in a file or an environment variable:
        "mail.password" for `mail.password_file`, "notify.NAME.url" for a [[notify]]. Of tables that name the
        same secret, the first stands for all."""
        keys: dict[tuple[str, str, str], str] = {}
        tables = [(table.name, getattr(self, table.name)) for table in fields(self)]
        tables += [(f"trackers.{name}", tracker) for name, tracker in self.trackers.items()]
        tables += [(f"notify.{place.name}", place) for place in self.notify]
        for table, holder in tables:
            for each in fields(holder) if isinstance(holder, Struct) else ():
                name, _, kind = each.name.rpartition("_")
                if kind in ("file", "env") and getattr(holder, each.name):
                    key = f"{table}.{name}"
                    keys.setdefault((name, *self.secret_sources(key)), key)
        return [*(["database_password"] if self.database_password_file else []), *keys.values()]

    def secret_sources(self, key: str) -> tuple[str, str]:
        """The file and the environment variable that a secret may be in, "" where it is not."""
        if key == "database_password":
            return self.database_password_file, ""
        table, _, name = key.rpartition(".")
        kind, _, which = table.partition(".")
        if kind == "notify":
            holder: Struct = next(place for place in self.notify if place.name == which)
        else:
            holder = self.trackers[which] if kind == "trackers" else getattr(self, table)
        return getattr(holder, f"{name}_file"), getattr(holder, f"{name}_env", "")

    def secret(self, key: str, environ: Mapping[str, str]) -> str:
        """Return the secret that `KEY_file` or `KEY_env` names ("mail.password"), empty if neither is set
        (docs/settings.md).

        Raises:
            SettingsError: it cannot be read, is empty or no text, or its file is open to others.
        """
        path, variable = self.secret_sources(key)
        if not path and not variable:
            return ""
        file, long = self.file.parent / path, key.endswith(_LONG_SECRETS)
        try:
            if path:
                secret = plainfile.read(file, LARGEST_SECRET, private=True).rstrip("\r\n")
            else:
                secret = environ.get(variable, "")
            lines = secret.splitlines() if long else [secret]
            if secret and all(map(str.isprintable, lines)):
                return secret
            what = "text" if long else "one line of text"
            problem = f"{file if path else f'the environment variable {variable}'} does not hold {what}"
        except plainfile.UnreadableFileError as why:
            problem = str(why)
            if why.missing:
                make = f"(umask 077; cat >{shlex.quote(str(file))})"
                problem += f"; create it with {make}: paste what belongs into it, then Enter and Ctrl-D"
        table, _, name = key.rpartition(".")
        where = self.tracker_table if table == "tracker" else tuple(table.split(".", 1) if table else ())
        if long:
            problem += f'; or set type = "none" in [{dotted(where)}] of {self.file}'
        raise WrongValueError(problem, *where, f"{name}_{'file' if path else 'env'}", file=self.file)


def is_url(location: str) -> bool:
    """Return whether git fetches from `location` (`scheme://`, `host:path`); otherwise it is a path."""
    return bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]*://|[^/:]+:", location))


def project_of(settings: Settings, branch: BranchSettings) -> str | None:
    """Return the project ("owner/name") whose requests belong to this branch, where a message names one
    (docs/rules.md#marks).

    That of a URL begins with a slash: a server may keep projects in folders. Empty: it is not known. None: it
    is not known either, but makes no difference, since this tracker has no requests.
    """
    tracker = settings.trackers[branch.tracker] if branch.tracker else settings.tracker
    if "/" in tracker.project:
        return tracker.project
    if not tracker.sign and is_url(branch.repository) and not branch.repository.startswith("file:"):
        place = branch.repository.partition("://")[2].partition("/")[2] or branch.repository.partition(":")[2]
        return "/" + place.strip("/").removesuffix(".git")
    return None if tracker.type in ("none", "launchpad") else ""


def keys_of(settings: Settings, branch: BranchSettings) -> tuple[str, ...]:
    """Return the projects whose keys messages of this branch name; empty where the grammar `keys` is not read
    (docs/rules.md#keys)."""
    tracker = settings.trackers[branch.tracker] if branch.tracker else settings.tracker
    return tracker.keys if "keys" in branch.marks else ()
