"""Kill -9 amid `notify`, with a receiver that fails in every way: nothing is told twice without a mark, and
each change is told within one run after the trouble ends (docs/notices.md#never-twice)."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from shepherd.act import chat as chats
from shepherd.act import webhook
from shepherd.plans.notice_layout import document_of
from shepherd.plans.notices import Notice
from shepherd.running.tasking import ROOT
from shepherd.store import Database, JournalEntry
from tests.campaigns import times
from tests.campaigns.killing import killed_after, undisturbed
from tests.notify.receiver import PATIENCE, TRICKS, Chat, chatting
from tests.notify.team import Team
from tests.promoting import PROMOTE
from tests.running.host import Host

pytestmark = pytest.mark.long

PLACES = '[[notify]]\nname = "chat"\nurl_file = "chat.url"\nquiet = "1s"\n'
IN_PEACE = 30.0
"""Seconds for which a run that nobody disturbs waits for an answer."""
NOWHERE = "http://127.0.0.1:1/"


class Mattermost:
    """What a Mattermost was told, with the document that each message was made of."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self.url = f"{chat.url.replace('http:', 'mmost:')}3ccdd113474722377935511fc85d3dd4"

    @property
    def told(self) -> list[dict[str, Any]]:
        texts = [each["text"] for each in self._chat.told]
        return [json.loads(text.rpartition("\n")[2]) for text in texts]

    @staticmethod
    def lines_of(notice: Notice, _longest: int) -> str:
        return f"\n{json.dumps(document_of(notice, notice.changes[0].at))}"


class Trouble:
    """A team whose branch changes all the time, and a chat that is told of it by runs that are killed."""

    def __init__(self, folder: Path, receiver: Chat, chance: random.Random, by: str) -> None:
        self.receiver = receiver
        self.chat: Chat | Mattermost = receiver if by == "webhook" else Mattermost(receiver)
        self.chance = chance
        place: Any = self.chat
        self.team = Team(folder, place, PLACES, branch=PROMOTE)
        self.team.repo.set_ref("released", self.team.repo.git("rev-parse", "stable~1"))
        self.team.look()
        self.team.notify()
        receiver.told.clear()
        self.began = self._last_seq()
        self.frozen = 0

    def _last_seq(self) -> int:
        with Database.of(self.team.settings) as database, database.branch("stable") as store:
            return store.journal.next_seq() - 1

    def something_happens(self) -> None:
        team = self.team
        for happens in self.chance.sample(
            [self._lands, self._is_bad, self._is_good, self._freezes, self._promotes, self._goes_live], 3
        ):
            team.later(minutes=7)
            happens()
        team.later(minutes=7).look()

    def _lands(self) -> None:
        self.team.land("[no-qa] More")

    def _tip(self) -> str:
        return f"r{self.team.repo.git('rev-list', '--count', 'stable')}"

    def _is_bad(self) -> None:
        self.team.look()
        self.team.verdict(self._tip(), "bad")

    def _is_good(self) -> None:
        self.team.look()
        self.team.verdict(self._tip(), "ok")

    def _goes_live(self) -> None:
        self.team.deploy(self.team.repo.tip())

    def _promotes(self) -> None:
        self.team.land("[no-qa] To be promoted")
        self._is_good()
        self.team.repo.set_ref("released", self.team.repo.tip())

    def _freezes(self) -> None:
        on = self.frozen % 2 == 0
        entry = JournalEntry("freeze", f"f{self.frozen // 2}", {"on": on, "of": "ann"}, "ann", "disks")
        self.frozen += 1
        with Database.of(self.team.settings) as database:
            database.append("stable", [entry], self.team.run("freeze"))

    def goes_wrong(self) -> str:
        """What is wrong with the chat now; empty: nothing."""
        trick = self.chance.choice((*TRICKS, "", "", "nobody listens"))
        address = self.team.folder / "chat.url"
        address.write_text(NOWHERE if trick == "nobody listens" else self.chat.url)
        self.receiver.trick = "" if trick == "nobody listens" else trick  # type: ignore[assignment]  # one of those
        return trick

    def ends(self) -> None:
        self.receiver.trick = ""
        (self.team.folder / "chat.url").write_text(self.chat.url)

    def run(self) -> Callable[[], Any]:
        """What a process does; the clock and the names of runs go on here."""
        self.team.later(minutes=5)
        self.team.runs += 10
        return self.team.notify

    def run_in_peace(self) -> Callable[[], None]:
        """The same, of a run that must tell all: it waits for the chat, however busy the machine is."""
        run = self.run()

        def patient() -> None:
            webhook.ANSWERING = chats.SILENCE = IN_PEACE
            failures = run().failures
            assert not failures, failures

        return patient

    def check(self, where: str) -> None:
        """After a run that nobody disturbed."""
        told = [(change["key"], change["again"]) for each in self.chat.told for change in each["changes"]]
        counted = Counter(told)
        twice = [key for (key, again), number in counted.items() if number > 1 and not again]
        assert not twice, f"twice without a mark: {twice}, {where}"
        keys = {key for key, _ in told}
        lost = self._happened() - keys
        assert not lost, f"never told: {lost}, {where}"
        freezes = {
            key.split()[1]: key.split()[2]
            for key, _ in told
            if key.startswith("freeze ") and "over" not in key
        }
        on = {name for name, what in freezes.items() if what == "on"}
        now_on = {f"f{self.frozen // 2}"} if self.frozen % 2 else set()
        assert on == now_on, where

    def _happened(self) -> set[str]:
        """The keys of all events, by the journal."""
        found = {
            f"alarm {each.seq} {each.run_id}" for each in self.team.entries("alarm") if each.seq > self.began
        }
        moves = self.team.entries("promoted")
        for before, move in pairwise(moves):
            changed = "from" in move.data and move.data["id"] != before.data["id"]
            if move.seq > self.began and changed and not move.data.get("kept"):
                found.add(f"promotion {move.seq} {move.run_id}")
        return found

    def answer_is_known(self, where: str) -> None:
        """The last answer that was told is the one that there is."""
        last = self.team.entries("answer")[-1]
        keys = [
            change["key"]
            for each in self.chat.told
            for change in each["changes"]
            if change["kind"] == "answer"
        ]
        told = [each for each in self.team.entries("meant") if each.data.get("act") == "notice"]
        if told:
            what = told[-1].data["after"]["answer"]["what"]
            now = [str(last.data.get(name) or "") for name in ("answer", "id", "stopped", "waits")]
            assert what == now, where
            assert not keys or keys[-1] == told[-1].data["after"]["answer"]["key"], where


@pytest.mark.parametrize("by", ["webhook", "apprise"])
def test_at_any_moment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.setattr(webhook, "ANSWERING", PATIENCE)
    monkeypatch.setattr(chats, "SILENCE", PATIENCE)
    monkeypatch.setattr(chats, "lines_of", Mattermost.lines_of)
    import apprise  # noqa: F401  # once, and not in each process that is killed

    chance = random.Random(2211)
    fell: Counter[str] = Counter()
    runs = 0
    with chatting() as chat:
        trouble = Trouble(tmp_path, chat, chance, by)
        trouble.something_happens()
        began = time.monotonic()
        undisturbed(trouble.run_in_peace())
        # a run that tells something, and one that waits for an answer
        lasts = time.monotonic() - began + PATIENCE
        while fell.total() < times(200):
            trouble.something_happens()
            for _ in range(chance.randint(1, 3)):
                tricky = trouble.goes_wrong() or "all well"
                runs += 1
                step, _ = killed_after([("notify", trouble.run())], "notify", chance.random() * lasts)
                fell[tricky] += bool(step)
            trouble.ends()
            undisturbed(trouble.run_in_peace())
            where = f"after {fell.total()} kills, the last with {tricky}"
            trouble.check(where)
            trouble.answer_is_known(where)
            undisturbed(trouble.run_in_peace())
            trouble.check(f"{where}, once more")
        told = [change["again"] for each in trouble.chat.told for change in each["changes"]]
    with capsys.disabled():
        print(f"\n{by}: {fell.total()} kills in {runs} runs: {dict(fell)}")
        print(f"{len(told)} changes told, {sum(told)} of them marked as perhaps told before")
    assert sum(told) and not all(told)


def test_the_program_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`inv run`, killed at any moment from its first stage on."""
    chance = random.Random(7)
    with chatting() as chat:
        host = Host(tmp_path, tracker=PLACES)
        address = host.project.folder / "chat.url"
        address.write_text(chat.url)
        address.chmod(0o600)
        assert host.inv("run")[0] == 0
        began = time.monotonic()
        assert _program(host).wait() == 0
        lasts = time.monotonic() - began
        kills = 0
        for number in range(max(times(30), 3)):
            host.project.land(f"[no-qa] Number {number}")
            chat.trick = chance.choice(("", "take it and reset", "500", "503"))
            process = _program(host)
            time.sleep(lasts * chance.uniform(0.3, 1.0))
            process.kill()
            kills += process.wait() < 0
            chat.trick = ""
            # `quiet` may hold back what a message of this second allows no more
            time.sleep(1.0)
            assert host.inv("run")[0] == 0
            told = Counter((c["key"], c["again"]) for each in chat.told for c in each["changes"])
            assert max([n for (_, again), n in told.items() if not again], default=0) <= 1, told
            assert chat.told[-1]["answer"] == f"deploy r{number + 3}"
    with capsys.disabled():
        print(
            f"\n{kills} kills of inv run, {sum(again for _, again in told)} of {len(told)} told again, marked"
        )


def _program(host: Host) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "invoke", "run", "--cron"],
        cwd=ROOT,
        env=os.environ
        | {"SHEPHERD_CONFIG": str(host.project.folder / "shepherd.toml"), "SHEPHERD_WHO": "tester"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
