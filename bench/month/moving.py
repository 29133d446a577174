"""The state lost and restored, and a shepherd that moves to another host, by the commands of the guides."""

from __future__ import annotations

import subprocess

from bench.month.checks import Expected
from bench.month.hosts import Done
from bench.month.month import Month, Slots
from bench.month.ticks import SHARED


def backup_and_restore(month: Month) -> Slots:
    """state_dir is lost, and comes back from a backup of the same hour."""
    cron, expect = month.crons["qa1"], month.ledger.expect
    host = cron.host
    host.shell("mkdir kept")
    done = host.inv("backup", f"/home/{host.account}/kept")
    if not expect(month.name, done.code == 0, f"inv backup: {done.text[-300:]}"):
        return
    month.ledger.say(month.name, done.out)
    host.shell("mv shepherd/shared/var var.lost")
    plan = host.inv("restore", f"/home/{host.account}/kept", "--dry-run")
    expect(month.name, plan.code == 0, f"inv restore --dry-run: {plan.text[-300:]}")
    done = host.inv("restore", f"/home/{host.account}/kept")
    month.ledger.say(month.name, done.out)
    if not expect(month.name, done.code == 0, f"inv restore: {done.text[-300:]}"):
        host.shell("rm -rf shepherd/shared/var; mv var.lost shepherd/shared/var")
    yield {"qa1": Expected(cron="(?i)restore|journal")}


def moving(month: Month) -> Slots:
    """qa1 becomes qa3, by the guide; people see the same answer, and nobody is mailed twice."""
    world, expect = month.world, month.ledger.expect
    old, new, operator = world.hosts["qa1"], world.spare, world.operator
    team, before = world.teams["qa1"], month.crons["qa1"].status()

    def step(done: Done, what: str) -> bool:
        return expect(month.name, done.code == 0, f"{what}: {done.text}")

    step(old.inv("maintenance.on", "--reason", "moving", "--wait", "300"), "quiet on the old host")
    if not step(old.shell("cd shepherd/current && .venv/bin/inv backup ~/moving.zip"), "inv backup"):
        old.inv("maintenance.off")
        return
    step(old.inv("cron.remove"), "cron.remove on the old host")
    world.hosts["qa1"] = new
    world.write_settings()
    step(operator.fab("-H", new.name, "setup"), "fab setup of the new host")
    places = [f"lpqateam@{each.name}:moving.zip" for each in (old, new)]
    subprocess.run(["scp", "-q", "-3", "-F", world.ssh_config, *places], check=True)
    for port, other in ((world.git_host.port, "git"), (world.web.port, "web")):
        new.shell(f"ssh-keyscan -p {port} {other}.example.org >> ~/.ssh/known_hosts")
    assert team.tracker is not None
    bugs = new.home / SHARED / "bugs.json"
    bugs.write_text(team.tracker.read_text())
    new.own(bugs)
    team.tracker = bugs
    state = "shepherd/shared/var"
    new.shell(f"mkdir -p -m 711 {state} && touch {state}/maintenance.txt")
    step(operator.fab("-H", new.name, "deploy", "--start-cron"), "fab deploy of the new host")
    month.move("qa1", new)
    step(new.shell("cd shepherd/current && .venv/bin/inv restore ~/moving.zip"), "inv restore")
    step(new.inv("maintenance.off"), "maintenance.off")
    step(new.inv("run"), "inv run")
    after = month.crons["qa1"].status()
    same = all(before.get(each) == after.get(each) for each in ("answer", "deployable", "deployed"))
    expect(month.name, same, f"the answer is the old one: {before.get('answer')} {after.get('answer')}")
    expect(month.name, month.crons["qa1"].command(), "the crontab of the new host has its block")
    expect(month.name, "run --cron" not in old.shell("crontab -l").out, "that of the old one has none")
    month.crons["qa1"].new_runs()
    yield {}
