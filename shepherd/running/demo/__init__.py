"""`inv demo`: a small made-up project, taken through every stage, as a team's week would."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stderr, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shepherd.errors import PartlyError, SettingsError
from shepherd.running.log import now
from shepherd.running.tasking import CLONE, TaskOptions, complain, say

if TYPE_CHECKING:
    from shepherd.settings import Settings

MARKER = ".made-by-inv-demo"

SETTINGS = """\
# Made by `inv demo`. docs/settings.md says what each key means.
state_dir = "var"

[branches.stable]
repository = "project.git"
ref = "stable"
deployed = { ref = "production" }
promote = { ref = "released" }
qa = { ref = "qastaging" }
marks = ["brackets"]
exempt_subjects = ["Merging *"]
robots = ["* Robot"]

[tracker]
type = "file"
path = "bugs.json"
bug_url = "https://bugs.example.org/{bug}"

[report]
directory = "var/report"
"""


def demo(directory: str) -> int:
    """Make the project under `directory` (again, if the last demo made it) and take it through its days.

    Raises:
        SettingsError: the directory holds something that no demo made.
    """
    place = Path(directory).absolute()
    try:
        _clear(place)
    except OSError as error:
        raise SettingsError(f"{place}: no demo can be made there ({error.strerror})") from None
    story = tomllib.loads((Path(__file__).parent / "story.toml").read_text(encoding="utf-8"))
    (place / "shepherd.toml").write_text(SETTINGS, encoding="utf-8")
    for number, day in enumerate(days(story, place, now()), 1):
        _tasks(place, day)
        say(f"day {number}: r{day['upto']} landed, production runs r{day['production']}")
    say("")
    from shepherd.running import reading
    from shepherd.running.demo.written import write_bugs, write_mails
    from shepherd.settings import read
    from shepherd.store.snapshots import Snapshots

    settings = read(place / "shepherd.toml")
    reading.status(TaskOptions(settings))
    write_bugs(place / "bugs.txt", place / "bugs.json")
    snapshot = Snapshots(settings.state_path / "snapshots", "stable").latest()
    assert snapshot is not None
    mails = write_mails(place / "mails", settings, snapshot, now())
    _say_where(place, settings.report_path, [mail.stem for mail in mails])
    return 0


def _say_where(place: Path, report: Path, kinds: list[str]) -> None:
    """What there is to look at, each on a line that can be copied whole."""
    from shepherd.running.demo.written import MADE_UP

    say("\nThe page, and what somebody who lands code has to know:")
    say(f"  {os.path.relpath(report / 'stable.html')}")
    say(f"  {os.path.relpath(report / 'stable.help.html')}")
    say("What the tagger wrote on which bug:")
    say(f"  {os.path.relpath(place / 'bugs.txt')}")
    say(f"A mail of each kind ({', '.join(kinds[:3])}, …):")
    say(f"  {os.path.relpath(place / 'mails')}")
    say(f"  (none is sent; what {', '.join(MADE_UP)} say is made up)")
    say("More:")
    say(f"  export SHEPHERD_CONFIG={os.path.relpath(place / 'shepherd.toml')}")
    say(f"  {'.venv/bin/inv' if CLONE else 'inv'} explain r29")
    say("  (or status, landings, history, whatif --ok r29, waits,")
    say("  and of what was: audit promoted, replay, trends)")


def days(story: dict[str, Any], place: Path, today: datetime) -> Iterator[dict[str, Any]]:
    """Take repository and tracker of a story from day to day; each time before the stages should run."""
    repository = place / "project.git"
    _git(place, "init", "-q", "--bare", "-b", "stable", str(repository))
    bugs: dict[str, Any] = {}
    landed = 0
    first = today - timedelta(days=len(story["day"]))
    for number, day in enumerate(story["day"]):
        arriving = story["landing"][landed : day["upto"]]
        start = first + timedelta(days=number)
        _land(repository, arriving, landed, start)
        landed = day["upto"]
        for ref in ("production", "released", "qastaging"):
            if ref in day:
                _git(repository, "branch", "-f", ref, f"stable~{landed - day[ref]}")
        for bug, said in day["bugs"].items():
            bugs[bug] = {**bugs.get(bug, {}), **said}
        file = place / "bugs.json"
        file.write_text(json.dumps({"bugs": bugs}, indent=1), encoding="utf-8")
        yield day
        # with what the tagger wrote
        bugs = json.loads(file.read_text(encoding="utf-8"))["bugs"]


def _tasks(place: Path, day: dict[str, Any]) -> None:
    from shepherd.running import stages
    from shepherd.running.promote import promote
    from shepherd.settings import read

    settings = read(place / "shepherd.toml")
    quiet = stages.quietly  # the reports of single stages would hide the story
    options = TaskOptions(settings, "demo")
    with redirect_stderr(io.StringIO()) as said:  # that this was the first run is no news here
        code = quiet(stages.find, options)
    if code:
        complain(said.getvalue().rstrip())
    _tag(settings, day["upto"])
    quiet(stages.judge, options)
    for verdict in day.get("verdict", ()):
        person = TaskOptions(settings, verdict["who"])
        quiet(stages.verdict, person, f"r{verdict['rev']}", verdict["word"], verdict["why"])
    if "promote" in day:
        quiet(promote, TaskOptions(settings, "Mia Holt"), to=f"r{day['promote']}")
    quiet(stages.report, options)


def _tag(settings: Settings, landed: int) -> None:
    """What the tagger does, without a record: that bug 1011 cannot be read is its failure each time, and
    would stand at the top of everything."""
    from shepherd.run import Run, no_telling
    from shepherd.stages.tag import carry_out, plan_branch

    run = Run(f"demo-{landed}", now(), "demo", no_telling)
    with suppress(PartlyError):
        carry_out(settings, "stable", plan_branch(settings, "stable", run), run)


def _land(repository: Path, arriving: list[dict[str, Any]], landed: int, start: datetime) -> None:
    """Add landings to the mainline, with the commits that they merged."""
    stream: list[bytes] = []
    for number, landing in enumerate(arriving, landed + 1):
        at = int(start.timestamp()) + (number - landed) * 1800
        parent = b"from refs/heads/stable^0\n" if number == landed + 1 and landed else b""
        if number > landed + 1:
            parent = b"from :%d\n" % (2 * (number - 1))
        merge = b""
        if "merged" in landing:
            stream.append(
                _commit(b"refs/demo/merged", 2 * number - 1, landing["who"], at - 600, landing["merged"])
            )
            stream.append(parent)
            stream.append(_file(number, number))
            merge = b"merge :%d\n" % (2 * number - 1)
        stream.append(_commit(b"refs/heads/stable", 2 * number, landing["who"], at, landing["message"]))
        stream.append(parent + merge)
        stream.append(_file(landing.get("file", number), number))
    _git(repository, "fast-import", "--quiet", "--force", stdin=b"".join(stream))


def _commit(ref: bytes, mark: int, who: str, at: int, message: str) -> bytes:
    name = f"{who} <{who.split()[0].lower()}@example.org> {at} +0000".encode()
    text = message.encode()
    return b"commit %s\nmark :%d\nauthor %s\ncommitter %s\ndata %d\n%s\n" % (
        ref,
        mark,
        name,
        name,
        len(text),
        text,
    )


def _file(part: int, number: int) -> bytes:
    content = f"change {number}\n".encode()
    return b"M 100644 inline src/part%d.txt\ndata %d\n%s\n" % (part, len(content), content)


def _git(where: Path, *args: str, stdin: bytes = b"") -> None:
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    done = subprocess.run(
        ["git", *args], cwd=where, input=stdin, capture_output=True, env=environment, check=False
    )
    if done.returncode:
        raise SettingsError(
            f"git {args[0]} failed in {where}: {done.stderr.decode(errors='replace').strip()}"
        )


def _clear(place: Path) -> None:
    if place.exists():
        if not (place / MARKER).is_file():
            raise SettingsError(
                f"{place} exists and was not made by a demo: choose another with --directory NAME"
            )
        shutil.rmtree(place)
    place.mkdir(parents=True)
    (place / MARKER).touch()
