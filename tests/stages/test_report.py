"""`inv report` as those see it who read the files it writes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest
from prometheus_client.parser import text_string_to_metric_families

from shepherd.atomic import write_atomically
from shepherd.errors import NoAnswerError
from shepherd.report_files import ENDINGS
from tests.project import Project
from tests.running.host import SCALE

FILES = [
    *("index.atom", "index.html", "index.json", "shepherd.prom"),
    *(f"stable.{ending}" for ending in sorted(ENDINGS)),
]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path, top='report = { url = "https://qa.example.org" }')
    first, *_ = made.land("[bug=1] One", "[bug=2] Two", "[bug=3] Three <b>")
    made.deploy(first)
    for bug, tag in ((1, "qa-ok"), (2, "qa-ok"), (3, "qa-needstesting")):
        made.tag(bug, tag)
    made.look()
    made.report()
    return made


def content(project: Project, name: str) -> bytes:
    return (project.state / "report" / name).read_bytes()


def titles(project: Project) -> list[str]:
    feed = feedparser.parse(content(project, "stable.atom"))
    assert not feed.bozo
    return [entry.title for entry in feed.entries]


def test_every_file_is_there_for_everybody(project: Project) -> None:
    folder = project.state / "report"
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}


def test_the_sha_is_the_one_to_deploy(project: Project) -> None:
    deployable = json.loads(content(project, "stable.json"))["deployable"]
    assert content(project, "stable.sha") == f"{deployable['id']}\n".encode()
    assert project.repo.git("rev-parse", "stable~1").strip() == deployable["id"]


def test_an_answer_that_is_no_data_keeps_no_sha_and_no_notes(project: Project) -> None:
    assert b"\nr2  Two (Ann, bug 2)\n" in content(project, "stable.notes.txt")
    (project.folder / "bugs.json").unlink()
    project.look()
    project.report()
    assert content(project, "stable.sha") == b""
    assert "no data" in content(project, "stable.svg").decode()
    assert titles(project)[0] == "no data"


def test_a_page_that_breaks_while_it_is_written_stays_as_it_was(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> Iterator[str]:
        yield "<!doctype html>\n"
        raise KeyError("a bug")

    page = content(project, "stable.html")
    monkeypatch.setattr("shepherd.stages.report.branch_page_pieces", breaks)
    with pytest.raises(KeyError):
        project.report()
    assert content(project, "stable.html") == page
    assert content(project, "stable.sha") == b""
    assert not list((project.state / "report").glob(".*"))


def test_a_snapshot_that_cannot_be_read_takes_sha_and_notes_away(project: Project) -> None:
    (project.state / "snapshots" / "stable" / "latest.json").write_text("{")
    page = content(project, "stable.html")
    with pytest.raises(NoAnswerError):
        project.report()
    assert content(project, "stable.sha") == b""
    assert content(project, "stable.html") == page
    left = {path.name for path in (project.state / "report").iterdir()}
    assert {*FILES} - left == {
        "index.json",
        *(f"stable.{ending}" for ending in ("answer.json", "notes.txt", "shields.json")),
    }


def test_the_feed_tells_answers_and_states_newest_first(project: Project) -> None:
    assert titles(project) == [
        "deploy r2",
        "r3: needs testing · Three <b>",
        "r2: QA ok · Two",
        "r1: QA ok · One",
    ]
    project.tag(3, "qa-bad", "bad-commit-3")
    project.look()
    project.report()
    assert titles(project)[0] == "r3: bad, was: needs testing · Three <b>"
    feed = feedparser.parse(content(project, "stable.atom"))
    assert feed.entries[0].link == "https://qa.example.org/stable.html#r3"
    assert feed.entries[0].summary.splitlines()[0] == "bug 3 has bad-commit-3"


def test_the_feed_tells_wrapped_titles_whole(project: Project) -> None:
    project.land("[bug=3] Four is\n wrapped.\n\nMore")
    project.look()
    project.report()
    assert "r4: needs testing · Four is wrapped." in titles(project)


def test_the_feed_stays_where_the_journal_cannot_be_read(project: Project) -> None:
    before = content(project, "stable.atom")
    (project.state / "shepherd.db").write_bytes(b"no database")
    project.report()
    assert content(project, "stable.atom") == before


def test_same_data_same_bytes(project: Project) -> None:
    before = {name: content(project, name) for name in FILES}
    project.report()
    assert {name: content(project, name) for name in FILES} == before


def test_files_of_a_branch_that_is_followed_no_more_are_gone(project: Project) -> None:
    settings = project.folder / "shepherd.toml"
    settings.write_text(settings.read_text().replace("[branches.stable]", "[branches.devel]"))
    project_dir = project.state / "snapshots"
    (project_dir / "devel").mkdir()
    (project_dir / "devel" / "latest.json").write_bytes((project_dir / "stable/latest.json").read_bytes())
    project.report()
    assert not list((project.state / "report").glob("stable.*"))


WHOLE: dict[str, Callable[[bytes], bool]] = {
    "index.html": lambda text: text.startswith(b"<!DOCTYPE html>") and text.endswith(b"</html>\n"),
    "stable.help.html": lambda text: text.startswith(b"<!DOCTYPE html>") and text.endswith(b"</html>\n"),
    "stable.trends.html": lambda text: text.startswith(b"<!DOCTYPE html>") and text.endswith(b"</html>\n"),
    "stable.html": lambda text: text.startswith(b"<!DOCTYPE html>") and text.endswith(b"</html>\n"),
    "stable.json": lambda text: bool(json.loads(text)),
    "stable.atom": lambda text: bool(ElementTree.fromstring(text)),
    "stable.answer.json": lambda text: bool(json.loads(text)),
    "stable.shields.json": lambda text: bool(json.loads(text)),
    "index.json": lambda text: bool(json.loads(text)),
    "index.atom": lambda text: bool(ElementTree.fromstring(text)),
    "stable.svg": lambda text: bool(ElementTree.fromstring(text)),
    "stable.sha": lambda text: text == b"" or len(text) == 41,
    "stable.notes.txt": lambda text: text == b"" or text.splitlines()[-1].startswith(b"Revision: "),
    "shepherd.prom": lambda text: bool(list(text_string_to_metric_families(text.decode()))),
}


def _read_while_rewriting(project: Project, *, reads: int, rewrites: int) -> None:
    """Read all files in turn while they are rewritten with answers that differ in length."""
    snapshots = project.state / "snapshots" / "stable" / "latest.json"
    answers = []
    for number, tag in enumerate(("qa-ok", "qa-bad", "qa-needstesting")):
        project.tag(3, tag, title="x" * 100 * number)
        project.land(*["[no-qa] More"] * number * 5)
        project.look()
        answers.append(snapshots.read_bytes())
    written, failures = 0, []

    def rewrite() -> None:
        nonlocal written
        try:
            for number in range(rewrites):
                write_atomically(snapshots, answers[number % len(answers)])
                project.report()
                written += 1
        except BaseException as error:
            failures.append(error)

    writer = threading.Thread(target=rewrite)
    writer.start()
    done, seen = 0, set()
    while done < reads or writer.is_alive():
        for name, whole in WHOLE.items():
            text = content(project, name)
            assert whole(text), (name, text[-200:])
            seen.add((name, len(text)))
            done += 1
    writer.join()
    assert (failures, written) == ([], rewrites)
    assert done >= reads
    # the readers did see them change
    assert len(seen) > 2 * len(WHOLE)


def test_no_reader_ever_sees_half_a_file(project: Project) -> None:
    _read_while_rewriting(project, reads=200, rewrites=10)


@pytest.mark.long
def test_ten_thousand_reads_during_five_hundred_rewrites(project: Project) -> None:
    _read_while_rewriting(project, reads=int(10_000 * SCALE), rewrites=int(500 * SCALE))
