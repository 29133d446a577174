"""Each kind of failure that a month brings, and what the shepherd has to say of it."""

from __future__ import annotations

import os
import signal
from collections import Counter

from bench.month.checks import Expected
from bench.month.month import Happening, Month, Slots
from bench.month.moving import backup_and_restore, moving
from bench.month.ticks import SHARED, kill
from tests.waiting import until

NO_DATA = frozenset({5})
PARTLY = frozenset({0, 7})
_UNREAD = "find|no data"


def changed_host_key(month: Month) -> Slots:
    """The git server shows another key: a machine in between would be believed otherwise."""
    git, pattern = month.world.git_host, "(?i)host key"
    git.change_host_key()
    month.idle |= {"qa1", "qa2"}
    for day in range(3):
        yield {
            name: Expected("no-data", pattern, NO_DATA, cron=pattern, must_mail=day == 0)
            for name in month.crons
        }
    for host in month.world.hosts.values():
        place = f"'[git.example.org]:{git.port}'"
        done = host.shell(
            f"ssh-keygen -R {place} && ssh-keyscan -p {git.port} git.example.org >> ~/.ssh/known_hosts"
        )
        month.ledger.expect(month.name, done.code == 0, f"the remedy works on {host.name}: {done.text}")
    month.world.know_hosts()
    month.idle.clear()
    yield {}


def publickey_denied(month: Month) -> Slots:
    """Somebody removed the hosts' keys at the git server."""
    git = month.world.git_host
    keys = git.keys.read_text()
    git.keys.write_text(keys.splitlines()[0] + "\n")
    pattern = r"(?i)publickey|its key|no key"
    for day in range(2):
        yield {
            name: Expected("no-data", pattern, NO_DATA, cron=pattern, must_mail=day == 0)
            for name in month.crons
        }
    done = month.crons["qa1"].host.inv("doctor")
    month.ledger.expect(month.name, "publickey" in done.text, f"doctor names the cause: {done.text[-300:]}")
    git.keys.write_text(keys)
    yield {}


def web_host_down(month: Month) -> Slots:
    """Pages cannot be published; the answer is as good as ever."""
    month.world.web.stop_sshd()
    for tick in range(3):
        yield {
            name: Expected(codes=frozenset({7}), cron="publish", must_mail=tick == 0, publishes=False)
            for name in month.crons
        }
    month.world.web.start_sshd()
    yield {}


def mail_host_down(month: Month) -> Slots:
    """No mail goes at nine; what is left goes when the server is back, once."""
    yield from month.at(8)
    month.world.mail.stop()
    for _ in range(2):
        yield {name: Expected(codes=PARTLY, cron="(?i)mail|remind|escalate") for name in month.crons}
    month.world.mail.start()
    yield {}


def disk_full(month: Month) -> Slots:
    """The disk of qa2's state_dir has not a byte left."""
    cron = month.crons["qa2"]
    filler = cron.state / "filler"
    with filler.open("wb") as file:
        try:
            while True:
                os.write(file.fileno(), bytes(1 << 16))
        except OSError:
            pass
    pattern = "(?i)no space left|disk is full|cannot be written"
    days: Counter[int] = Counter()
    for _ in range(3):
        full = Expected("old", pattern, frozenset({1, 2, 5, 7}), cron=pattern, publishes=False, runs=False)
        yield {"qa2": full}
        days[month.world.clock.day.day] += bool(month.last["qa2"].output.strip())
    month.ledger.expect(month.name, set(days.values()) == {1}, f"cron mails a full disk once a day: {days}")
    filler.unlink()
    yield {"qa2": Expected(cron="(?i)crashed|space", runs=False)}


def broken_settings(month: Month) -> Slots:
    """Somebody saved half a settings file."""
    file = month.crons["qa1"].home / SHARED / "shepherd.toml"
    text = file.read_text()
    file.write_text(f"{text}\noops = [\n")
    days: Counter[int] = Counter()
    for _ in range(4):
        pattern = "(?i)shepherd.toml"
        broken = Expected("no-data", pattern, frozenset({2}), cron=pattern, publishes=False, runs=False)
        yield {"qa1": broken}
        days[month.world.clock.day.day] += bool(month.last["qa1"].output.strip())
    month.ledger.expect(month.name, set(days.values()) == {1}, f"cron mails it once a day: {days}")
    file.write_text(text)
    yield {}


def tracker_unreadable(month: Month) -> Slots:
    """The file with the bugs is half written."""
    tracker = month.world.teams["qa1"].tracker
    assert tracker is not None
    text = tracker.read_text()
    tracker.write_text(text[: len(text) // 2])
    month.idle.add("qa1")
    for tick in range(2):
        yield {
            "qa1": Expected("no-data", "bugs.json", frozenset({5, 7}), cron="bugs.json", must_mail=tick == 0)
        }
    tracker.write_text(text)
    month.idle.clear()
    yield {}


def forgotten_switch(month: Month) -> Slots:
    """Ann sets the switch and goes on holiday; cron says so once a day, over two days."""
    host = month.crons["qa1"].host
    done = host.inv("maintenance.on", "--reason", "new disk", "--as", "ann")
    month.ledger.expect(month.name, done.code == 0, done.text)
    days: Counter[int] = Counter()
    for _ in range(30):
        yield {"qa1": Expected("old", "", frozenset({3}), cron="ann.*OVERDUE|OVERDUE.*ann", runs=False)}
        days[month.world.clock.day.day] += bool(month.last["qa1"].output.strip())
    whole = list(days.values())[1:-1]
    month.ledger.expect(month.name, all(each == 1 for each in whole), f"told once a day: {days}")
    done = host.inv("maintenance.off", "--as", "ann")
    month.ledger.expect(month.name, done.code == 0, f"maintenance.off: {done.text}")
    yield {}


def colleagues_switch(month: Month) -> Slots:
    """Two people need quiet at once, and each takes away their own switch alone."""
    host, expect = month.crons["qa2"].host, month.ledger.expect
    host.inv("maintenance.on", "--reason", "new disk", "--as", "ann")
    done = host.inv("maintenance.on", "--reason", "backup", "--as", "bob")
    month.ledger.say(month.name, done.text)
    expect(month.name, "ann" in done.text, f"maintenance.on over ann's switch says whose it is: {done.text}")
    yield {"qa2": Expected("old", "", frozenset({3}), runs=False)}
    month.ledger.say(month.name, host.inv("maintenance.off", "--as", "bob").text)
    done = host.inv("maintenance.status")
    expect(month.name, "ann" in done.text and "bob" not in done.text, f"bob took only his own: {done.text}")
    host.inv("maintenance.off", "--as", "ann")
    done = host.inv("maintenance.status")
    expect(month.name, "ann" not in done.text, f"nothing is left: {done.text}")
    yield {}


def hang(month: Month) -> Slots:
    """A run stops amid its work, and nobody ends it."""
    cron = month.crons["qa1"]
    file = cron.home / SHARED / "shepherd.toml"
    text = file.read_text()
    file.write_text(text.replace('"90s"', '"5s"').replace('"60s"', '"4s"'))
    running = cron.begin()
    process = running.at_work("find", "tag", "judge", "report")
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    # its age is measured by a clock that nothing bends
    until(lambda: "hang" in cron.host.inv("lock.status").text, 60, "the suspicion of a hang")
    for tick in range(2):
        pattern = "(?i)suspected hang"
        yield {"qa1": Expected("old", pattern, frozenset({4}), cron=pattern, must_mail=tick == 0, runs=False)}
    told = [each for each in month.world.mail.received() if "hang" in each.subject]
    month.ledger.expect(month.name, len(told) == 1, f"one mail to the operators, not {len(told)}")
    kill(process)
    running.end()
    file.write_text(text)
    yield {"qa1": Expected(cron="(?i)crashed", runs=False)}


def killed_run(month: Month) -> Slots:
    """`kill -9` of a run, three times, at whatever it is at."""
    for stage in ("find", "judge", "report"):
        for cron in month.crons.values():
            running = cron.begin()
            process = running.at_work(stage)
            if process is not None:
                kill(process)
                month.ledger.say(month.name, cron.host.inv("lock.status").text)
            running.end()
        yield {name: Expected(cron="(?i)crashed") for name in month.crons}


def two_at_once(month: Month) -> Slots:
    """Somebody calls `inv run` by hand while cron does."""
    for cron in month.crons.values():
        first, second = cron.begin(), cron.begin()
        codes = sorted([first.end().code, second.end().code])
        month.ledger.expect(
            month.name, codes in ([0, 4], [0, 0]), f"one works, one waits or is refused: {codes}"
        )
    yield {}


TROUBLES = [
    Happening("publickey denied", publickey_denied, 4),
    Happening("two runs at once", two_at_once, 2),
    Happening("web host down", web_host_down, 5),
    Happening("kill -9 of a run", killed_run, 4),
    Happening("mail host down", mail_host_down, 12),
    Happening("changed host key", changed_host_key, 5),
    Happening("disk full", disk_full, 5),
    Happening("broken settings", broken_settings, 6),
    Happening("tracker unreadable", tracker_unreadable, 4),
    Happening("forgotten switch", forgotten_switch, 32),
    Happening("colleague's switch", colleagues_switch, 3),
    Happening("suspected hang", hang, 4),
    Happening("backup and restore", backup_and_restore, 2),
    Happening("moving", moving, 2),
]
