"""Whether a release would lack what the host's settings need is said before anything is sent
(docs/settings.md#deploy)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from ops.deploy import deployment, wheels
from ops.deploy.deployment import Deployment
from ops.deploy.host import Host
from ops.deploy.needing import extras_needed
from ops.deploy.shelf import Wheel
from shepherd.errors import SettingsError
from shepherd.running.releases import Site
from tests.act.delivery import settings_of
from tests.ops.wheelhouse import Index

PLACE = '[[notify]]\nname = "{0}"\nurl_file = "{0}.url"\n'


def needs(folder: Path, settings: str, **addresses: str) -> dict[str, str]:
    site = Site(folder / "shepherd")
    site.shared.mkdir(parents=True)
    site.settings.write_text(settings)
    for name, address in addresses.items():
        (site.shared / f"{name}.url").write_text(f"{address}\n")
    return extras_needed(site)


def test_a_chat_needs_an_extra_and_a_webhook_none(tmp_path: Path) -> None:
    settings = "".join(PLACE.format(name) for name in ("team", "slack", "hook", "gone"))
    assert needs(
        tmp_path,
        settings,
        team="mmosts://chat.example.org/3ccdd113474722377935511fc85d3dd4",
        slack="https://hooks.slack.com/services/A/B/C",
        hook="https://example.org/hooks/qa",
    ) == {"notify": "[[notify]] team, slack are chats"}


@pytest.mark.parametrize(
    ("settings", "needed"),
    [
        ('[tracker]\ntype = "jira"\n', {"jira": "tracker.type is jira"}),
        ('[tracker]\ntype = "file"\n[trackers.a]\ntype = "none"\n', {}),
        ('[trackers.forge]\ntype = "gitea"\n', {"gitea": "trackers.forge.type is gitea"}),
        ('database = "postgresql+psycopg://db/qa"\n', {"postgresql": "database is on PostgreSQL"}),
        ('database = "sqlite:///var/qa.db"\n', {}),
        ("tracker = 1\ntrackers = 2\nnotify = [3, {}]\ninclude = 4\n", {}),
        ("this is no TOML", {}),
    ],
)
def test_what_the_settings_name(tmp_path: Path, settings: str, needed: dict[str, str]) -> None:
    assert needs(tmp_path, settings) == needed


def test_included_trackers_count(tmp_path: Path) -> None:
    site = Site(tmp_path / "shepherd")
    (site.shared / "more").mkdir(parents=True)
    (site.shared / "more" / "a.toml").write_text('[trackers.a]\ntype = "redmine"\n')
    assert needs_of(site, 'include = "more/*.toml"\n') == {"redmine": "trackers.a.type is redmine"}


def needs_of(site: Site, settings: str) -> dict[str, str]:
    site.settings.write_text(settings)
    return extras_needed(site)


def test_settings_that_are_nested_too_deeply_need_nothing(tmp_path: Path) -> None:
    assert needs(tmp_path, f"a = {'[' * 5000}{']' * 5000}\n") == {}


def test_a_host_without_settings_needs_nothing(tmp_path: Path) -> None:
    assert extras_needed(Site(tmp_path / "shepherd")) == {}


class _ProbedHost:
    """A host that is set up, and is asked for nothing but that."""

    name = "qa1"

    def __init__(self, root: Path, needed: dict[str, str]) -> None:
        self.asked: list[str] = []
        self._probed = {
            **{"set_up": True, "settings": True, "root": str(root), "live": {"kind": "none"}},
            **{"now": datetime.now(UTC).timestamp(), "bad_commit": "", "wheels": {}, "releases": []},
            **{"needs": needed, "free": 10**12, "python": ["3.11.2", "/usr/bin/python3"]},
            **{"machine": "x86_64", "libc": ["glibc", "2.36"], "system": "Linux"},
        }

    def ask(self, do: str, **_: Any) -> dict[str, Any]:
        self.asked.append(do)
        return self._probed


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    made = Index(tmp_path)
    for name, value in made.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(deployment, "cache", lambda: tmp_path / "cache")
    return made


def test_a_deploy_that_would_lack_one_is_refused_with_the_line_to_write(tmp_path: Path, index: Index) -> None:
    settings = settings_of(tmp_path, "mmosts://chat.example.org/x")
    host = _ProbedHost(tmp_path, {"more": "[[notify]] team is a chat", "unknown to the commit": "whatever"})
    with pytest.raises(SettingsError) as caught:
        Deployment(cast("Host", host), settings, index.source(), "olga", "").run("60s")
    assert str(caught.value) == (
        "qa1: its settings need what deploy.extras does not name ([[notify]] team is a chat):"
        f' write extras = ["more"] into [deploy] of {settings.file}, and deploy again; nothing was changed'
    )
    assert host.asked == ["probe"]


def test_a_deploy_that_has_them_goes_on(tmp_path: Path, index: Index) -> None:
    settings = settings_of(tmp_path, "mmosts://chat.example.org/x", more='[deploy]\nextras = ["more"]\n')
    host = _ProbedHost(tmp_path, {"more": "[[notify]] team is a chat"})
    assert Deployment(cast("Host", host), settings, index.source(), "olga", "").run("60s", dry=True) == 0


def test_what_another_extra_brings_is_not_lacking(index: Index) -> None:
    def wheel(name: str) -> Wheel:
        return Wheel(index.folder / name, "")

    house = wheels.Wheelhouse("", [wheel("Extra-1.0-py3-none-any.whl")], wheel("pip-1.0-py3-none-any.whl"))
    assert wheels.lacking(house, index.source(), ["more"]) == []
    assert wheels.lacking(house._replace(wheels=[]), index.source(), ["more"]) == ["more"]
