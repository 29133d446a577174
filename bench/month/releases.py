"""Ten releases, each in another way, by the commands of the operator's guide."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import psutil

from bench.month.checks import Expected
from bench.month.hosts import Done
from bench.month.month import Happening, Month, Slots
from bench.month.world import HOSTS
from tests.waiting import until

NOTHING: Mapping[str, str] = {}
_BROKEN = """

def _broken(_context: object) -> object:
    raise ValueError("broken on purpose")


CHECKS = (*CHECKS, ("broken", _broken))
"""
_DOCTOR = "shepherd/running/doctor/__init__.py"
_STEP = re.compile(
    r"^\s*(look|wheels|unpack|environment|install|compile|try|prepare|quiet|switch|check|clear)\b.*\d s$"
)


def live(month: Month, name: str) -> str:
    """The release that a host runs."""
    return (month.crons[name].home / "shepherd/current").readlink().name


def _deploy(month: Month, *words: str, well: bool = True, more: Mapping[str, str] = NOTHING) -> Done:
    """`fab deploy` to both hosts; whether it went well is expected."""
    done = month.world.operator.fab("deploy", *words, more=more)
    month.releases += 1
    sentence = (done.err.strip() or done.out.strip())[-400:]
    month.ledger.expect(
        month.name, (done.code == 0) == well, f"fab deploy ended with {done.code}: {sentence}"
    )
    if well and done.code == 0:
        commit = month.world.operator.git("rev-parse", "--short=12", "HEAD")
        for name in HOSTS:
            month.ledger.expect(month.name, commit in live(month, name), f"{name} runs {live(month, name)}")
    return done


def first(month: Month) -> Slots:
    """Bare accounts; the git server's key is not known to them at first, as on any new host."""
    world, expect = month.world, month.ledger.expect
    for name, host in world.hosts.items():
        done = world.operator.fab("-H", host.name, "setup", settings=world.desk / f"{name}.toml")
        expect(month.name, done.code == 0, f"fab setup: {done.text}")
    done = world.operator.fab("deploy")
    month.ledger.say("unknown host key", done.text)
    expect(
        "unknown host key",
        re.search("(?i)host key.*not known|ssh-keyscan", done.text),
        f"fab deploy says so: {done.text[-400:]}",
    )
    for name, host in world.hosts.items():
        if (month.crons[name].home / "shepherd/current").exists():
            doctor = host.inv("doctor").text
            expect(
                "unknown host key",
                re.search("(?i)host key", doctor),
                f"doctor says so on {name}: {doctor[-600:]}",
            )
            empty = month.crons[name].command() == ""
            expect("unknown host key", empty, f"cron does not start on {name}, which cannot read")
        for port, other in ((world.git_host.port, "git"), (world.web.port, "web")):
            host.shell(f"ssh-keyscan -p {port} {other}.example.org >> ~/.ssh/known_hosts")
    if _deploy(month).code:
        raise SystemExit("the first release is not live: the month cannot begin")
    for name, cron in month.crons.items():
        if not expect(month.name, cron.command(), f"the crontab of {name} has its block"):
            cron.host.inv("cron.install")
    yield {name: Expected(cron="first run") for name in HOSTS}


def plain(month: Month) -> Slots:
    month.world.operator.commit()
    _deploy(month)
    yield {}


def bad(month: Month) -> Slots:
    """Its doctor fails: nothing is switched."""
    operator, before = month.world.operator, live(month, "qa1")
    sound = (operator.clone / _DOCTOR).read_text()
    operator.commit({_DOCTOR: sound + _BROKEN})
    done = _deploy(month, well=False)
    month.ledger.say(month.name, done.err)
    month.ledger.expect(month.name, "broken" in done.text, f"fab names the check: {done.text[-300:]}")
    month.ledger.expect(month.name, live(month, "qa1") == before, "the release before stays live")
    operator.commit({_DOCTOR: sound})
    yield {}


def rolled_back(month: Month) -> Slots:
    """After a roll-back the same commit comes again only with a reason."""
    month.world.operator.commit()
    _deploy(month)
    after = live(month, "qa1")
    done = month.world.operator.fab("rollback", "--reason", "mails look odd")
    month.ledger.expect(month.name, done.code == 0, f"fab rollback: {done.text[-300:]}")
    yield {}
    done = _deploy(month, well=False)
    month.ledger.say(month.name, done.err)
    month.ledger.expect(
        month.name, "mails look odd" in done.text, f"fab says why it was marked: {done.text[-300:]}"
    )
    if done.code:
        _deploy(month, "--again", "the odd mails were ours")
    month.ledger.say(month.name, f"{after} was left, {live(month, 'qa1')} is live")
    yield {}


def by_hand(month: Month) -> Slots:
    """`.venv/bin/inv upgrade` on the host, with a bare PATH."""
    operator, expect = month.world.operator, month.ledger.expect
    operator.commit()
    _deploy(month)
    newest = {name: live(month, name) for name in HOSTS}
    operator.fab("rollback", "--reason", "trying by hand")
    for name, host in month.world.hosts.items():
        operator.fab("-H", host.name, "releases", "--good", newest[name])
        done = host.inv("upgrade")
        expect(month.name, done.code == 0, f"inv upgrade on {name}: {done.text[-300:]}")
        if not expect(month.name, live(month, name) == newest[name], f"{name} runs {live(month, name)}"):
            operator.fab("-H", host.name, "deploy")
    yield {}


def _killed_at(process: subprocess.Popen[str], number: int) -> str:
    """Read what it prints, and `kill -9` it and its children right after its step `number`; the line."""
    assert process.stdout is not None
    steps = (line.strip() for line in process.stdout if _STEP.match(line))
    line = next(islice(steps, number - 1, None), "")
    if line:
        _kill(process)
    process.communicate()
    return line or "its end"


def _killed_under_the_switch(process: subprocess.Popen[str], memory: Path) -> str:
    """`kill -9` an upgrade as soon as its memory says that it is past `prepare`; what the memory says."""
    until(lambda: memory.exists() or process.poll() is not None, 120, "the switch of an upgrade")
    _kill(process)
    process.communicate()
    return memory.read_text() if memory.exists() else "its end"


def _kill(process: subprocess.Popen[str]) -> None:
    """`kill -9` of a program and all that it has started."""
    if process.poll() is None:
        root = psutil.Process(process.pid)
        for each in (*root.children(recursive=True), root):
            each.kill()


def fab_killed(month: Month) -> Slots:
    """`kill -9` of fab at a step of its own; then what the guide says."""
    operator = month.world.operator
    operator.commit()
    number = month.world.random.randint(1, 9)
    line = _killed_at(operator.start("deploy"), number)
    month.ledger.say(month.name, f"killed at: {line}")
    yield {name: Expected("old", "", frozenset({0, 3}), cron="upgrade", runs=False) for name in HOSTS}
    for again in range(4):
        done = operator.fab("deploy")
        if done.code != 4:
            break
        month.ledger.say(month.name, f"again {again}: {done.err}")
    month.releases += 1
    month.ledger.expect(month.name, done.code == 0, f"fab deploy repairs it: {done.text[-300:]}")
    yield {}


def upgrade_killed(month: Month) -> Slots:
    """`kill -9` of `inv upgrade` at a step of its own, on both hosts; one resumes, one undoes."""
    operator, expect = month.world.operator, month.ledger.expect
    operator.commit()
    _deploy(month)
    newest = {name: live(month, name) for name in HOSTS}
    operator.fab("rollback", "--reason", "to kill an upgrade")
    for name, host in month.world.hosts.items():
        operator.fab("-H", host.name, "releases", "--good", newest[name])
        words = host.by_account(".venv/bin/inv", "upgrade", folder="shepherd/current")
        process = subprocess.Popen(words, cwd="/", text=True, stdout=-1, stderr=-2)
        memory = month.crons[name].state / "run" / "upgrade.json"
        if name == "qa2":
            line = _killed_under_the_switch(process, memory)
        else:
            line = _killed_at(process, month.world.random.randint(1, 4))
        month.ledger.say(month.name, f"{name} killed at: {line}")
    yield {name: Expected("old", "", frozenset({0, 3}), cron="upgrade", runs=False) for name in HOSTS}
    for (name, host), how in zip(month.world.hosts.items(), ("--resume", "--undo"), strict=True):
        done = host.inv("upgrade", how)
        month.ledger.say(month.name, f"{how}: {done.text[-200:]}")
        left = (month.crons[name].state / "maintenance.txt").exists()
        expect(month.name, not left, f"no switch is left on {name} after {how}: {done.text[-300:]}")
    done = operator.fab("deploy")
    expect(month.name, done.code == 0, f"fab deploy after it: {done.text[-300:]}")
    yield {}


def amid_a_tick(month: Month) -> Slots:
    """A deploy while both hosts are at work."""
    month.world.operator.commit()
    running = [cron.begin() for cron in month.crons.values()]
    done = _deploy(month)
    codes = [each.end().code for each in running]
    month.ledger.expect(month.name, codes == [0, 0], f"the ticks ended well: {codes}")
    month.ledger.say(month.name, " ".join(re.findall(r".*still at work.*|.*waiting.*", done.out)))
    yield {}


def with_a_switch(month: Month) -> Slots:
    """A person's switch is on, and stays on."""
    host = month.crons["qa1"].host
    host.inv("maintenance.on", "--reason", "new disk", "--as", "ann")
    month.world.operator.commit()
    _deploy(month)
    status = host.inv("maintenance.status").text
    month.ledger.expect(month.name, "ann" in status, f"ann's switch stays on: {status}")
    yield {"qa1": Expected("old", "", frozenset({3}), runs=False)}
    host.inv("maintenance.off", "--as", "ann")
    yield {}


def without_index(month: Month) -> Slots:
    """Every wheel is cached, and no index answers."""
    month.world.operator.commit()
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": "/dev/null"}
    nowhere |= {"UV_NO_INDEX": "1", "UV_OFFLINE": "1", "UV_FIND_LINKS": "", "UV_NO_CACHE": "1"}
    _deploy(month, more=nowhere)
    yield {}


RELEASES = [
    Happening("release: the first", first, 2),
    Happening("release: plain", plain, 2),
    Happening("release: bad", bad, 2),
    Happening("release: rolled back", rolled_back, 3),
    Happening("release: by hand", by_hand, 2),
    Happening("release: kill -9 of fab", fab_killed, 3),
    Happening("release: kill -9 of inv upgrade", upgrade_killed, 3),
    Happening("release: amid a tick", amid_a_tick, 2),
    Happening("release: with a person's switch", with_a_switch, 3),
    Happening("release: without an index", without_index, 2),
]
