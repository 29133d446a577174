"""Moving to another host, step by step as docs/operator-last-day.md says it."""

from __future__ import annotations

import subprocess

import pytest

from tests.real.site import Operator, Place
from tests.real.world import World

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]


def test_the_answer_and_all_that_was_said_move_along(deployed: World) -> None:
    old, name = deployed.place, f"{deployed.place.root.name}-new"
    new = Place(deployed.user, name)  # one account stands for both hosts
    folder = deployed.folder / "moving"
    folder.mkdir()
    assert old.inv("verdict", "r2", "ok", "--reason", "tried on the old host").code == 0
    answer = old.inv("status")
    try:
        on = old.inv("maintenance.on", "--reason", "moving", "--wait", "300")
        assert on.code == 0, on
        assert old.inv("cron.remove").code == 0
        operator = Operator(folder, deployed.sshd, deployed.folder / "project.git", name)
        assert operator.fab("setup").code == 0
        source, target = f"{old.root}/shared/", f"{new.root}/shared/"
        subprocess.run([*old.as_user(), "rsync", "-a", source, target], check=True)
        done = operator.fab("deploy")
        assert done.code == 0, done
        assert (new.state / "maintenance.txt").exists(), "the person's switch came along and stayed on"
        assert new.inv("run").code == 3
        assert new.inv("maintenance.off").code == 0
        assert new.inv("run").code == 0
        assert new.inv("status").out.splitlines()[0] == answer.out.splitlines()[0]
        assert "tried on the old host" in " ".join(new.inv("history", "--rev", "r2").out.split())
        assert f"{new.root}/" in new.inv("cron.show").out
        checks = new.inv("doctor", "--offline")
        assert checks.code in (0, 7), checks
        assert "cron" in checks.out and "fail" not in checks.out, checks
        assert old.inv("run").code == 3, "the old one stays quiet"
    finally:
        new.inv("cron.remove")
        old.inv("maintenance.off")
        subprocess.run(["rm", "-rf", "--", str(new.root)], check=False)
