"""The maintenance switch of an upgrade: at work it is left alone, killed it says what repairs it
(docs/running.md#maintenance)."""

from __future__ import annotations

import pytest

from shepherd.errors import RefusedError, SettingsError
from shepherd.running import gate, maintenance
from tests.running.host import Host, banner_of
from tests.running.switching import entries, of_an_upgrade, turn_off, turn_on

REPAIRS = "inv upgrade --resume finishes it, inv upgrade --undo takes it back"


def test_the_switch_of_an_upgrade_at_work_is_left_to_it(host: Host) -> None:
    assert host.inv("run")[0] == 0
    of_an_upgrade(host, "at work")
    for of in (None, "upgrade"):
        with pytest.raises(RefusedError, match=r"under way: to 0002-x .*by olga since .*it ends by itself$"):
            turn_off(host, "olga", of=of)
    assert host.inv("run", "--cron") == (3, "", "")
    for text in (host.inv("maintenance.status")[1], host.inv("find")[2], banner_of(host.page())):
        assert "maintenance.off" not in text
        assert "upgrade to 0002-x" in text


@pytest.mark.parametrize("how", ["killed", "lost", "unreadable"])
def test_the_switch_of_a_killed_upgrade_names_what_repairs_it(host: Host, how: str) -> None:
    assert host.inv("run")[0] == 0
    of_an_upgrade(host, how)
    with pytest.raises(RefusedError, match=f"was killed.*{REPAIRS}.*inv maintenance.off --of upgrade$"):
        turn_off(host, "olga")
    with pytest.raises(SettingsError, match="not by olga: by upgrade"):
        turn_off(host, "ann", of="olga")
    code, _, err = host.inv("run", "--cron")
    assert code == 3
    for text in (err, host.inv("maintenance.status")[1], host.inv("find")[2], banner_of(host.page())):
        assert "maintenance.off" not in text
        assert REPAIRS in text
    # where neither can be done
    assert turn_off(host, "ann", of="upgrade")[1].startswith("maintenance is off; ")


def test_an_upgrade_without_a_record_that_holds_its_lock_is_at_work(host: Host) -> None:
    of_an_upgrade(host, "lost")
    with gate.upgrading(host.state), pytest.raises(RefusedError, match=r"it ends by itself$"):
        turn_off(host, "ann", of="upgrade")


def test_an_upgrade_takes_away_its_own_and_leaves_what_was_added(host: Host) -> None:
    of_an_upgrade(host, "at work")
    turn_on(host, who="bob", reason="his disk")
    assert turn_off(host, "bob")[1].startswith("taken away: since 2")
    turn_on(host, who="bob", reason="his disk")
    maintenance.switch_off(host.state, "a token")
    assert entries(host) == [("bob", "his disk")]
