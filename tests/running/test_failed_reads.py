"""A failed attempt to read a branch holds its answer back at once, whichever command met it
(docs/rules.md#answer)."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable

import pytest

from shepherd.stages import judge as judging
from tests.gitrepo import Repo
from tests.running.host import Host, end
from tests.waiting import until

pytestmark = pytest.mark.real


def answers(host: Host, branch: str = "stable") -> tuple[int, bool, bool]:
    """Exit code of `status --sha`, whether it printed a SHA, and whether there is one in the file."""
    code, out, _ = host.inv("status", "--sha", "--branch", branch)
    return code, bool(out), bool((host.state / "report" / f"{branch}.sha").read_bytes())


GOES = (0, True, True)
HELD = (5, False, False)


@pytest.fixture
def ready(host: Host) -> Host:
    assert host.inv("run")[0] == 0
    assert answers(host) == GOES
    return host


def force_pushed(host: Host) -> None:
    repo = host.project.repo
    repo.commit("[bug=3] another history", parents=[repo.git("rev-parse", "production")])


def renamed(host: Host) -> None:
    host.project.repo.git("branch", "-m", "stable", "main")


def unreachable(host: Host) -> None:
    (host.project.folder / "project.git").rename(host.project.folder / "elsewhere.git")


def production_gone(host: Host) -> None:
    host.project.repo.git("update-ref", "-d", "refs/heads/production")


@pytest.mark.parametrize("happens", [force_pushed, renamed, unreachable, production_gone])
@pytest.mark.parametrize(
    "command",
    [("find",), ("report", "--fresh"), ("promote",), ("run",), ("find", "judge", "report")],
    ids=" ".join,
)
def test_whichever_command_meets_it_no_output_gives_a_revision(
    ready: Host, happens: Callable[[Host], None], command: tuple[str, ...]
) -> None:
    happens(ready)
    code, _, err = ready.inv(*command)
    assert code == 5 and err.startswith("stable:" if happens is force_pushed else "")
    assert answers(ready) == HELD
    page, report = ready.page(), ready.state / "report"
    assert '<header id="situation" class="no-data' in page and "data-copy=" not in page
    assert "no data" in (report / "stable.svg").read_text()
    assert "qa_shepherd_deployable_revno" not in (report / "shepherd.prom").read_text()
    assert json.loads((report / "stable.json").read_text())["cautions"][0]["stops"] is True
    assert "no data" in (report / "index.html").read_text()
    assert ready.inv("status")[0] == 5


def test_it_holds_until_a_good_attempt(ready: Host) -> None:
    unreachable(ready)
    assert ready.inv("find")[0] == 5
    assert "no data: find failed at" in ready.inv("status")[1]
    (ready.project.folder / "elsewhere.git").rename(ready.project.folder / "project.git")
    assert ready.inv("find")[0] == 0
    assert ready.inv("status", "--sha")[0] == 0
    assert ready.inv("report")[0] == 0
    assert answers(ready) == GOES
    assert not list((ready.state / "snapshots" / "stable").glob("failed-reads*"))


def test_a_judge_that_breaks_is_a_failed_attempt(ready: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(judging, "judgement_of", broken)
        code, _, err = ready.inv("judge")
    assert code == 1 and "KeyError" in err
    assert answers(ready) == HELD
    assert "no data: judge failed at" in ready.page()
    code, out, _ = ready.inv("verdict", "r2", "ok", "--reason", "tried")
    assert code == 0 and "no data: judge failed" in " ".join(out.split()), "stored words are no reading"
    assert ready.inv("find")[0] == 0
    assert answers(ready) == HELD, "finding is not judging"
    assert ready.inv("judge")[0] == 0
    assert ready.inv("report")[0] == 0
    assert answers(ready) == GOES


def test_a_tracker_that_is_down_takes_the_file_away_too(ready: Host) -> None:
    (ready.project.folder / "bugs.json").unlink()
    assert ready.inv("judge")[0] == 5
    assert answers(ready) == HELD


def with_devel(host: Host) -> None:
    """A second branch in a repository of its own."""
    other = Repo(host.project.folder / "other.git")
    first = other.commit("[no-qa] one", date=int(host.project.now.timestamp()))
    other.set_ref("production", first)
    other.commit("[no-qa] two", date=int(host.project.now.timestamp()))
    settings = host.project.folder / "shepherd.toml"
    text = settings.read_text()
    table = '[branches.devel]\nrepository = "other.git"\nref = "stable"\ndeployed = { ref = "production" }\n'
    settings.write_text(text.replace("[tracker]", f"{table}[tracker]"))


def test_one_branch_that_cannot_be_read_holds_no_other_back(host: Host) -> None:
    with_devel(host)
    assert host.inv("run")[0] == 0
    unreachable(host)
    assert host.inv("find")[0] == 5
    assert answers(host) == HELD
    assert answers(host, "devel") == GOES
    assert host.inv("find", "--branch", "devel")[0] == 0
    assert answers(host) == HELD, "a good attempt at one is none at the other"


def test_a_killed_find_holds_every_branch_back_that_it_may_have_been_at(host: Host) -> None:
    with_devel(host)
    assert host.inv("run")[0] == 0
    end(host.working("find"))
    for branch in ("stable", "devel"):
        assert answers(host, branch)[:2] == HELD[:2]
        assert "crashed at find" in " ".join(host.inv("status", "--branch", branch)[1].split())
    assert host.inv("maintenance.status")[0] == 0
    assert host.inv("snooze", "r2", "--until", "2999-01-01", "--reason", "x", "--branch", "stable")[0] == 0
    assert answers(host)[:2] == HELD[:2], "cleaned up, and not forgotten"
    assert host.inv("run")[0] == 0
    assert (answers(host), answers(host, "devel")) == (GOES, GOES)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_an_attempt_that_somebody_stops_is_one_that_failed(ready: Host, number: signal.Signals) -> None:
    process = ready.working("find")
    process.send_signal(number)
    process.communicate(timeout=60)
    until(lambda: answers(ready) == HELD)


def test_a_note_that_cannot_be_read_counts_as_a_failure(ready: Host) -> None:
    note = ready.state / "snapshots" / "stable" / "failed-reads"
    note.write_text("{")
    assert answers(ready)[:2] == HELD[:2]
    assert ready.inv("find")[0] == 0
    assert answers(ready)[:2] == HELD[:2], "which one failed is not known: each has to run well"
    assert ready.inv("judge")[0] == 0
    assert answers(ready)[:2] == GOES[:2]
    assert not note.exists()


def test_whoever_can_read_the_answer_can_read_that_it_does_not_hold(ready: Host) -> None:
    unreachable(ready)
    ready.inv("find")
    folder = ready.state / "snapshots" / "stable"
    assert {(folder / name).stat().st_mode & 0o777 for name in ("latest.json", "failed-reads")} == {0o644}


def test_before_the_first_answer_nothing_is_noted(host: Host) -> None:
    unreachable(host)
    assert host.inv("find")[0] == 5
    assert not (host.state / "snapshots" / "stable").exists()
    code, _, err = host.inv("status", "--sha")
    assert code == 5 and "no answer yet" in err


def test_a_dry_run_leaves_no_trace(ready: Host) -> None:
    unreachable(ready)
    for command in ("find", "judge", "promote"):
        ready.inv(command, "--dry-run")
    assert answers(ready) == GOES


def test_a_refused_promotion_is_no_failed_attempt(ready: Host) -> None:
    ready.project.land("[bug=3] three")
    assert ready.inv("promote", "--to", "r3")[0] == 8
    assert answers(ready) == GOES


def test_pages_that_cannot_be_written_hide_no_failure(ready: Host) -> None:
    unreachable(ready)
    report = ready.state / "report"
    report.rename(ready.state / "was")
    report.write_text("no directory")
    code, _, err = ready.inv("find")
    assert code == 5 and "is not there" in err
    assert ready.inv("status", "--sha")[0] == 5


def test_a_page_that_breaks_takes_the_sha_away(ready: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> str:
        raise KeyError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr("shepherd.stages.report.branch_page_pieces", broken)
        with pytest.raises(KeyError):
            ready.inv("report")
    assert (ready.state / "report" / "stable.sha").read_bytes() == b""
