"""What Ctrl-C of `fab` says it leaves: no more than is so (docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ops import deploy
from ops.deploy.host import Host
from ops.deploy.openssh import Route
from shepherd.limits import StoppedError
from shepherd.settings import DeploySettings, read
from tests.project import Project

ROUTE = Route("qa1", "qa1", 22, "lpqateam", (), "", "qa1", (), "", (), 5)
LIVE_STILL = "what was live there is live still"


class StoppedHost(Host):
    """A host without a connection, during whose command somebody presses Ctrl-C."""

    @contextmanager
    def opened(self) -> Iterator[Host]:
        yield self

    def _channel(self, command: str, limit: float) -> Any:
        raise KeyboardInterrupt

    def ask(self, do: str, *_: Any, **__: Any) -> dict[str, Any]:
        raise KeyboardInterrupt


def test_between_the_command_and_its_first_line_the_upgrade_may_have_begun() -> None:
    host = StoppedHost(ROUTE, DeploySettings())
    with pytest.raises(StoppedError, match="how it ended: fab releases") as stopped, deploy._opened(host):
        host.run(["true"], print, 5.0)
    assert LIVE_STILL not in str(stopped.value)


def before(host: Host) -> None:
    pass


def after(host: Host) -> None:
    host.upgrading = True


@pytest.mark.parametrize(("moment", "live_still"), [(before, True), (after, False)])
def test_what_is_live_is_only_claimed_before_an_upgrade(
    moment: Callable[[Host], None], live_still: bool
) -> None:
    host = StoppedHost(ROUTE, DeploySettings())
    with pytest.raises(StoppedError, match="fab releases") as stopped, deploy._opened(host):
        moment(host)
        raise KeyboardInterrupt
    assert (LIVE_STILL in str(stopped.value)) is live_still


def test_of_settings_it_says_how_to_see_which_are_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project(tmp_path)
    settings = read(tmp_path / "shepherd.toml")
    monkeypatch.setattr(deploy, "hosts", lambda *_: [StoppedHost(ROUTE, settings.deploy)])
    with pytest.raises(StoppedError, match="what is in force there: fab settings;") as stopped:
        deploy.settings(None, settings, "ann", push=True)
    assert "deploy is refused" not in str(stopped.value)
