"""A notice, and settings with one place that it goes to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from shepherd.act.notice import deliver
from shepherd.plans.notices import Change, Notice
from shepherd.settings import Settings, read
from shepherd.snapshot import Rev

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT = datetime(2026, 11, 29, 10, 5, tzinfo=UTC)
CHANGE = Change("answer", "answer:r123", AT, "r123 may be deployed: 5 landings are good")
NOTICE = Notice(
    "n-20261129-1",
    "team",
    "stable",
    (CHANGE,),
    "deploy r123",
    "https://qa.example.org/stable.html",
    Rev(123, "0123456789" * 4),
)


def settings_of(folder: Path, url: str, secret: str = "", *, more: str = "") -> Settings:
    """Settings with one [[notify]], whose files are written with their rights."""
    private(folder / "team.url", url)
    if secret:
        private(folder / "team.secret", secret)
    file = folder / "shepherd.toml"
    file.write_text(
        '[branches.stable]\nrepository = "/srv/git/x.git"\nref = "main"\ndeployed = { ref = "production" }\n'
        '[[notify]]\nname = "team"\nurl_file = "team.url"\n'
        + ('secret_file = "team.secret"\n' if secret else "")
        + more
    )
    return read(file)


def private(file: Path, text: str) -> None:
    file.touch(0o600)
    file.write_text(text + "\n")


def send(settings: Settings, notice: Notice = NOTICE) -> None:
    """Deliver it to the one place. Raises NoticeError, UnsureError, SettingsError."""
    deliver(notice, settings.notify[0], settings)
