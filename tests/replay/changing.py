"""A project over time: two mainlines that share bugs, people of all trades, and settings that change."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

from shepherd.errors import ShepherdError
from shepherd.plans.promotion import PromotionOrder
from shepherd.run import Run
from shepherd.snapshot import Snapshot
from shepherd.stages.find import NOTHING_ACCEPTED, Acceptance, find_branch
from shepherd.stages.judge import judge_branch
from shepherd.stages.promote import promote_branch
from shepherd.stages.statements import give_verdict, say_cover, say_snooze
from shepherd.trackers import Tracker, open_tracker
from shepherd.values import parse_rev
from shepherd.words import Item, TrackerData
from tests.project import Project
from tests.random_team import TAGS, a_day, message

VERDICTS = ("ok", "bad", "untestable", "needstesting", "withdraw")
BRANCH_LINES: dict[str, tuple[str, ...]] = {
    "orphans": ("", 'orphans = "pass"', 'orphans = "needs-qa"'),
    "exempt": ("", 'exempt_subjects = ["*number 3*", "Begin"]'),
    "marks": ("", "", "", 'marks = ["trailers"]', 'marks = ["brackets", "forge"]'),
    "checks": ("", "", 'checks = ["ci/build"]', 'checks = ["ci/*", "lint"]'),
    "limits": ("", "", 'limits = [{ paths = ["landed/*2.txt"], max = 1, reason = "slow" }]'),
    "notes": ("", 'verdict_notes = "refs/notes/qa"'),
    "qa": ("", 'qa = { ref = "qastaging" }'),
    "promote": ('promote = { ref = "released" }', 'promote = { ref = "released" }', ""),
    "url": ("", 'landing_url = "https://git.example.org/{id}"'),
    "compare": ("", 'compare_url = "https://git.example.org/{from}..{to}"'),
    "person": ("", 'person = "author"'),
    "freeze": ("", 'freeze = [{ days = "Fri 16:00 - Mon 08:00", reason = "weekend" }]'),
}
"""Lines of [branches.NAME], of which one of each row is in force."""
TOP_LINES: dict[str, tuple[str, ...]] = {
    "timezone": ("", 'timezone = "Asia/Kathmandu"', 'timezone = "America/New_York"'),
    "keep": ("", 'keep = "40d"'),
    "report": ("", '[report]\nexpected_every = "2h"'),
}
MAIL_LINES = (
    "",
    '[mail]\nsender = "qa@example.org"\nlist = "dev@example.org"',
    '[mail]\nsender = "qa@example.org"\nlist = "dev@example.org"\ngrace_days = 0\nweekend = true\n'
    'at = "17:30"',
    '[mail]\nsender = "qa@example.org"',
)
TRACKER_LINES = ("", 'words = { ok = ["qa-ok", "works"] }', 'bug_url = "https://bugs.example.org/{bug}"')


class ChangingProject(Project):
    """`stable`, called `main` once it was renamed, and `next`, in one repository and with one tracker."""

    def __init__(self, folder: Path, seed: int, pace: int = 1, *, renames: bool = True) -> None:
        """Args: pace: days' worth of landings in a day. With more than one, no weeks pass in between."""
        self.chance = random.Random(seed)
        self.pace = pace
        self.renames = renames
        self.name = "stable"
        self.ids: list[str] = []
        self.next_ids: list[str] = []
        self.requests: dict[str, Any] = {}
        self.unasked: dict[str, str] = {}
        """What a forge could not say, as `TrackerData` has it."""
        super().__init__(folder)

    def write_settings(self, branch: str = "", tracker: str = "", top: str = "") -> None:
        """Whatever the settings are from now on."""
        chance = self.chance
        tops = "\n".join(chance.choice(lines) for lines in TOP_LINES.values())
        main = "\n".join(chance.choice(lines) for lines in BRANCH_LINES.values())
        (self.folder / "shepherd.toml").write_text(
            f"{tops}\n{chance.choice(MAIL_LINES)}\n"
            f'[branches.{self.name}]\nrepository = "project.git"\nref = "stable"\n'
            f'deployed = {{ ref = "production" }}\n{main}\n'
            '[branches.next]\nrepository = "project.git"\nref = "next"\ndeployed = { ref = "next-live" }\n'
            f"{chance.choice(BRANCH_LINES['orphans'])}\n"
            f'[tracker]\ntype = "file"\npath = "bugs.json"\n{chance.choice(TRACKER_LINES)}\n'
        )

    def write_bugs(self) -> None:
        said = {"bugs": self.bugs, "requests": self.requests, "checks": self.checks}
        (self.folder / "bugs.json").write_text(json.dumps(said))

    def run(self, stage: str) -> Run:
        return replace(super().run(stage), code="0.4.0")

    @property
    def branches(self) -> tuple[str, str]:
        return self.name, "next"

    def renamed(self) -> None:
        file = self.folder / "shepherd.toml"
        file.write_text(file.read_text().replace(f"[branches.{self.name}]", "[branches.main]"))
        self.name = "main"

    def find_all(self, acceptance: Acceptance = NOTHING_ACCEPTED, why: str = "") -> None:
        """Both; what cannot be read is said by the next answer."""
        for branch in self.branches:
            run = self.run("find")
            run = replace(run, why=why)
            with suppress(ShepherdError):
                find_branch(self.settings, branch, run, acceptance)

    def judge_all(self, *, stored: bool = False) -> list[Snapshot]:
        found = []
        for branch in self.branches:
            with suppress(ShepherdError):
                found.append(judge_branch(self.settings, branch, self.run("judge"), stored=stored))
        return found

    def promote(self) -> None:
        """To whatever somebody names, if it may."""
        chance = self.chance
        to = parse_rev(f"r{chance.randint(1, len(self.ids))}") if chance.random() < 0.5 else None
        order = PromotionOrder(
            despite=chance.choice(("", "it burns")), drop_hotfix=chance.choice(("", "known"))
        )
        with suppress(ShepherdError):
            promote_branch(self.settings, self.name, self.run("promote"), to, order, lambda _plan: None)


class Forgelike:
    """The tracker of a project, which like a forge cannot always say which request brought a landing."""

    def __init__(self, inner: Tracker, project: ChangingProject) -> None:
        self._inner, self._project = inner, project

    def read(self, items: Collection[Item], revnos: Collection[int], memory: bytes = b"") -> TrackerData:
        read = self._inner.read(items, revnos, memory)
        doubts = dict.fromkeys(self._project.unasked, ("request #7 is not merged",))
        return replace(read, unasked=dict(self._project.unasked), doubts=doubts)

    def probe(self) -> str:
        return self._inner.probe()


def live(project: ChangingProject, days: int = 6) -> Iterator[None]:
    """Some days in the life of a team: it goes on after each run."""
    how = {"new": lambda settings, **how: Forgelike(open_tracker(settings, **how), project)}
    with patch("shepherd.stages.evidence.open_tracker", **how):
        yield from _lived(project, days)


def _lived(project: ChangingProject, days: int) -> Iterator[None]:
    project.ids += project.land("[no-qa] Begin", "[bug=1] One", "[bug=2] Two")
    for ref in ("production", "released", "qastaging"):
        project.repo.set_ref(ref, project.ids[0])
    _land_next(project, "Begin next")
    project.repo.set_ref("next-live", project.next_ids[0])
    for _ in range(days):
        yield from _one_day(project)


def _one_day(project: ChangingProject) -> Iterator[None]:
    chance = project.chance
    project.now += timedelta(days=chance.choice((0, 0, 1, 1, 3, 25, 50) if project.pace == 1 else (0, 0, 1)))
    for _ in range(project.pace):
        a_day(project, chance, project.ids)
    for _ in range(chance.randint(0, 2)):
        _land_next(project, message(chance, len(project.next_ids)))
    for event in chance.sample(EVENTS, chance.choice((1, 2, 2, 3))):
        event(project)
    project.find_all()
    project.judge_all()
    yield
    for _ in range(chance.choice((0, 0, 1, 2))):
        _somebody_speaks(project)
        project.judge_all(stored=True)
        yield
    if chance.random() < 0.3:
        project.promote()
        yield
    if chance.random() < 0.2:
        yield from chance.choice(FAILURES)(project)


def _land_next(project: ChangingProject, text: str) -> None:
    project.now += timedelta(minutes=5)
    at = int(project.now.timestamp())
    project.next_ids.append(project.repo.commit(text, branch="next", date=at))


def _merge(project: ChangingProject) -> None:
    at, chance = int(project.now.timestamp()), project.chance
    text = f"[bug={chance.randint(1, 6)}] On a branch"
    side = project.repo.commit(text, branch="side", date=at, parents=[project.ids[-1]])
    project.ids.append(project.repo.merge("[incr] Merge it", side, date=at))


def _revert(project: ChangingProject) -> None:
    at = int(project.now.timestamp())
    project.ids.append(project.repo.revert(project.chance.choice(project.ids[-3:]), date=at))


def _note(project: ChangingProject) -> None:
    word = project.chance.choice(("ok", "bad", "needstesting"))
    at = int(project.now.timestamp())
    project.repo.note(project.chance.choice(project.ids[-4:]), f"QA: {word} seen\n", date=at)


def _move(project: ChangingProject) -> None:
    ref = project.chance.choice(("released", "qastaging", "production"))
    project.repo.set_ref(ref, project.chance.choice(project.ids[-6:]))


def _production_goes_back(project: ChangingProject) -> None:
    project.deploy(project.ids[project.chance.randrange(max(1, len(project.ids) // 2))])


def _next_goes_live(project: ChangingProject) -> None:
    project.repo.set_ref("next-live", project.chance.choice(project.next_ids))


def _hotfix(project: ChangingProject) -> None:
    """Production runs a commit that the mainline lacks."""
    at = int(project.now.timestamp())
    made = project.repo.commit("Hot", branch="hot", date=at, parents=[project.chance.choice(project.ids)])
    project.deploy(made)


def _check(project: ChangingProject) -> None:
    for sha in project.ids[-5:]:
        said = project.chance.choice(("success", "success", "failed", "pending"))
        project.check(sha, ci_build=said, lint="success")


def _unreadable_bug(project: ChangingProject) -> None:
    project.bugs.pop(str(project.chance.randint(1, 6)), None)
    project.bugs[str(project.chance.randint(1, 6))] = {"private": True}
    project.write_bugs()


def _request(project: ChangingProject) -> None:
    number = project.chance.randint(7, 9)
    project.ids += project.land(f"Change of a request (#{number})")
    project.requests[str(number)] = {"labels": project.chance.sample(TAGS, project.chance.choice((0, 1)))}
    project.write_bugs()


def _forge_does_not_say(project: ChangingProject) -> None:
    some = project.chance.sample(project.ids[-5:], min(2, len(project.ids)))
    project.unasked = dict.fromkeys(some, "the forge did not say which request it is")
    if project.chance.random() < 0.5:
        project.unasked = {}


def _settings(project: ChangingProject) -> None:
    project.write_settings()


def _rename(project: ChangingProject) -> None:
    if project.renames and project.runs > 3:
        project.renamed()


def _forget(project: ChangingProject) -> None:
    with suppress(ShepherdError):
        project.drop_cache()


EVENTS: tuple[Callable[[ChangingProject], None], ...] = (
    *(_merge, _revert, _note, _move, _production_goes_back, _next_goes_live, _hotfix, _check),
    *(_check, _settings, _settings, _unreadable_bug, _rename, _forget, _request, _forge_does_not_say),
)


def _somebody_speaks(project: ChangingProject) -> None:
    chance, last = project.chance, len(project.ids)
    revno = chance.randint(max(1, last - 4), last)
    rev, settings = parse_rev(f"r{revno}"), project.settings
    with suppress(ShepherdError):
        match chance.randrange(6):
            case 0 if revno < last:
                undone, run = chance.random() < 0.7, project.run("cover")
                by = parse_rev(f"r{last}")
                say_cover(settings, project.name, rev, by, undone, "looked", run, anyway=undone)
            case 1:
                until = (project.now + timedelta(days=3)).date().isoformat()
                say_snooze(settings, project.name, rev, until, "on holiday", project.run("snooze"))
            case _:
                word, run = chance.choice(VERDICTS), project.run("verdict")
                give_verdict(settings, project.name, rev, word, "tried it", run)


def _tracker_is_away(project: ChangingProject) -> Iterator[None]:
    text = project.chance.choice(("", "<html>502", '{"bugs": 7}'))
    (project.folder / "bugs.json").write_text(text)
    for _ in range(project.chance.randint(1, 2)):
        project.land(message(project.chance, len(project.ids)))
        project.ids[:] = _mainline(project)
        project.find_all()
        project.judge_all()
        yield
    project.write_bugs()


def _mainline(project: ChangingProject) -> list[str]:
    return project.repo.git("rev-list", "--first-parent", "--reverse", "stable").split()


def _mainline_is_rewritten(project: ChangingProject) -> Iterator[None]:
    project.find_all()
    project.judge_all()
    yield
    project.repo.set_ref("stable", project.ids[-2])
    project.ids[-1:] = project.land("[bug=3] Not what was there before")
    project.find_all()
    project.judge_all()
    yield
    project.find_all(Acceptance(rewrite=True), "a secret was in it")
    project.judge_all()
    yield


def _merged_the_wrong_way_round(project: ChangingProject) -> Iterator[None]:
    """The newest landing, which is bad, is only brought in by another one from then on."""
    project.find_all()
    with suppress(ShepherdError):
        rev = parse_rev(project.ids[-1])
        give_verdict(project.settings, project.name, rev, "bad", "tried it", project.run("verdict"))
    project.judge_all(stored=True)
    yield
    old = project.ids[-1]
    at = int(project.now.timestamp())
    own = project.repo.commit("[no-qa] Mine", branch="mine", date=at, parents=[project.ids[-2]])
    project.repo.set_ref("stable", own)
    project.ids[-1:] = [own, project.repo.merge("[no-qa] Merge stable", old, date=at)]
    project.find_all()
    project.judge_all()
    yield
    project.find_all(Acceptance(rewrite=True), "it was merged the wrong way round")
    project.judge_all()
    yield


def _production_is_elsewhere(project: ChangingProject) -> Iterator[None]:
    """It runs what shares nothing with the mainline, or its ref is not there."""
    before = project.repo.git("rev-parse", "production")
    if project.chance.random() < 0.5:
        project.repo.git("update-ref", "-d", "refs/heads/production")
    else:
        project.deploy(project.repo.commit("Elsewhere", branch="strange", parents=[]))
    project.find_all()
    project.judge_all()
    yield
    project.deploy(before)


def _journal_is_lost(project: ChangingProject) -> Iterator[None]:
    for file in project.state.glob("shepherd.db*"):
        file.unlink()
    project.find_all()
    project.judge_all()
    yield
    project.find_all(Acceptance(new_journal=True), "the disk died")
    project.judge_all()
    yield


FAILURES: tuple[Callable[[ChangingProject], Iterator[None]], ...] = (
    _tracker_is_away,
    _tracker_is_away,
    _mainline_is_rewritten,
    _merged_the_wrong_way_round,
    _production_is_elsewhere,
    _journal_is_lost,
)
