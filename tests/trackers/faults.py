"""One fault of one tracker at a time, played through `inv find judge`: the rows of
tests/cases/tracker_faults.toml.

Four landings, all qa-ok: r1 is live, the messages of r2 and r3 name their requests, r4's names none and a
forge is asked for it by its SHA (Launchpad: each names a bug). Without a fault the answer is "deploy r4".
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from shepherd.trackers import http
from tests.inv import inv_here
from tests.project import Project
from tests.trackers import gitea_server, github_checks, github_server, gitlab_server, launchpad_server
from tests.trackers.fault_rows import Fault, Outcome
from tests.trackers.faulty import at_work
from tests.trackers.gitea_server import Gitea
from tests.trackers.github_server import GitHub
from tests.trackers.gitlab_pipelines import Job
from tests.trackers.gitlab_server import GitLab
from tests.trackers.jira_server import EMAIL, Jira
from tests.trackers.launchpad_server import Bug
from tests.trackers.redmine_server import Redmine

TOKEN = "forge-token-4711"
_SERVERS: dict[str, Callable[[], Any]] = {
    "github": GitHub,
    "gitlab": GitLab,
    "gitea": Gitea,
    "launchpad": launchpad_server.Server,
    "jira": Jira,
    "redmine": Redmine,
}
_REAL = {
    "(0 s of silence, 0 s for": "(30 s of silence, 120 s for",
    "sent more than 2 MB": "sent more than 64 MB",
}
"""Limits that are smaller here, and what people read."""
_STATES = {"needstesting": "needs testing"}


def played(fault: Fault, tracker: str, folder: Path) -> Outcome:
    """Run it; the time that it waits is not spent."""
    with at_work(_SERVERS[tracker]()) as server, _quick(fault.what in ("hang", "drip")) as waited:
        project, shas = _project_on(server, tracker, folder, fault.tracker, fault.branch)
        if fault.world:
            _WORLDS[fault.world](server)
        if fault.what != "":
            on = fault.on if isinstance(fault.on, str) else fault.on.get(tracker, "")
            now = datetime.now(UTC)
            if fault.headers:
                server.clock = lambda: now
            server.fail(fault.what, on, fault.times, **_more(fault, tracker, shas, int(now.timestamp())))
        code, out, err = inv_here(project.folder, *fault.command.split())
        told = out + err
        assert TOKEN not in told and "Traceback" not in told and code != 1, told
        snapshot = json.loads(inv_here(project.folder, "status", "--json").out or "{}")
    answer, sentence = _answer(snapshot, told)
    if "tag" in fault.command.split():
        lines = [line.removeprefix("stable: ") for line in told.splitlines() if " for r" in line]
        sentence = " ".join(filter(None, [*lines, sentence]))
    host = server.root.removeprefix("http://").rstrip("/")
    sentence = sentence.replace(host, "HOST").replace("127.0.0.1:9", "HOST")
    sentence = re.sub(r", since \S+ \S+ UTC: ", ", since TIME: ", sentence)
    sentence = re.sub(r"\((GET|POST|PUT|PATCH|DELETE) [^ ),]*", "(REQUEST", sentence)
    for ours, real in _REAL.items():
        sentence = sentence.replace(ours, real)
    return Outcome(answer, code, sentence, round(sum(waited)))


def _answer(snapshot: dict[str, Any], told: str) -> tuple[str, str]:
    """In few words, and what is said of the first landing that is not good."""
    if not snapshot or not snapshot["complete"]:
        lines = [line.partition(": ")[2] for line in told.splitlines() if "no data: " in line]
        return "no data", lines[0].removeprefix("no data: ") if lines else told.strip()
    deployable = snapshot["deployable"]
    answer = f"deploy r{deployable['revno']}" if deployable else "nothing new"
    bad = [each for each in snapshot["landings"] if each["state"] not in ("ok", "untestable")]
    answer += "".join(f", r{each['revno']} {_STATES.get(each['state'], each['state'])}" for each in bad)
    if bad or not snapshot["checks"]:
        return answer, bad[0]["reason"] if bad else ""
    waiting = [each["conditions"][0] for each in snapshot["landings"] if each["conditions"]]
    return answer, "; ".join((*snapshot["problems"], *waiting[-1:])[:1])


def _more(fault: Fault, tracker: str, shas: list[str], now: int) -> dict[str, Any]:
    """A header that ends with -Reset names seconds from now on; in a body PULL3 stands for the third request,
    NOLABELS3 and NULLLABEL3 for the same with null where its labels, or one of them, should be."""
    headers = {
        name: str(now + int(value)) if name.endswith("-Reset") else value
        for name, value in fault.headers.items()
    }
    if fault.body is None:
        return {"headers": headers}
    body = "[" * 200_000 + "]" * 200_000 if fault.body == "DEEP" else fault.body
    for number, sha in enumerate(shas, 1):
        for name, labels in _LABELS.items():
            body = body.replace(
                f"{name}{number}", json.dumps(_PULL | {"labels": labels, "merge": {"oid": sha}})
            )
    as_bytes = fault.what == "say" or tracker == "launchpad"
    return {"headers": headers, "body": body.encode() if as_bytes else json.loads(body)}


def _project_on(server: Any, tracker: str, folder: Path, more: str, branch: str) -> tuple[Project, list[str]]:
    lines = f'type = "{tracker}"\nproject = "{server.project}"\nservice_root = "{server.root}"\n'
    if isinstance(server, Jira):
        lines = f'type = "jira"\nservice_root = "{server.root}"\nkeys = ["ABC"]\nlogin = "{EMAIL}"\n'
    elif isinstance(server, Redmine):
        lines = f'type = "redmine"\nservice_root = "{server.root}"\n'
        more += '\n[tracker.statuses]\nok = ["QA passed"]\nbad = ["QA failed"]\nneedstesting = ["In QA"]\n'
    for key in ("project", "service_root", "login"):
        if f"{key} = " in more:
            lines = re.sub(f"(?m)^{key} = .*\n", "", lines)
    if tracker != "launchpad":
        (folder / "token").write_text(f"{TOKEN}\n")
        (folder / "token").chmod(0o600)
        if isinstance(server, Jira):
            server.account.token = TOKEN
        else:
            server.token = TOKEN
        lines += f'credentials_file = "{folder / "token"}"\n'
    project = Project(folder / "project", f'orphans = "needs-qa"\n{branch}', lines + more)
    title = "[bug={0}] Change {0}" if tracker == "launchpad" else "Change {0} (#{0})"
    if tracker == "gitlab":
        title = "Change {0}\n\nSee merge request acme/web/shop!{0}"
    if tracker == "jira":
        title = "ABC-{0}: Change {0}"
    last = title if tracker in ("launchpad", "jira", "redmine") else "Change {0}"
    shas = project.land(*(title.format(number) for number in (1, 2, 3)), last.format(4))
    project.deploy(shas[0])
    for number, sha in enumerate(shas, 1):
        if tracker == "github":
            server.things[number] = github_server.pull("qa-ok", commits=(sha,))
            server.runs[sha] = [github_checks.run("ci/build")]
        elif tracker == "gitea":
            server.things[number] = gitea_server.pull("qa-ok", commits=(sha,))
            server.statuses.say(sha, "ci/build")
        elif tracker == "gitlab":
            # the last one is not in the list of those that were merged into this branch
            base = "main" if number == 4 else "stable"
            server.merges[number] = gitlab_server.merge("qa-ok", base=base, merge_commit=sha)
            server.pipelines.add(sha, "success", Job("ci/build"))
        elif tracker == "jira":
            server.issue(f"ABC-{number}", "qa-ok")
        elif tracker == "redmine":
            server.issue(number, "QA passed")
        else:
            server.bugs[number] = Bug(["qa-ok"])
    return project, shas


_PULL = {"__typename": "PullRequest", "merged": True, "base": "stable", "head": "feed" * 10}
_LABELS: dict[str, Any] = {
    "PULL": {"nodes": [{"name": "qa-ok"}]},
    "NOLABELS": None,
    "NULLLABEL": {"nodes": [None, {"name": "qa-ok"}]},
}


def _forbid(server: Any) -> None:
    server.things[3].forbidden = True


def _forbid_all(server: Any) -> None:
    for thing in server.things.values():
        thing.forbidden = True


def _remove(server: Any) -> None:
    rows = server.merges if isinstance(server, GitLab) else getattr(server, "things", None)
    del (server.bugs if rows is None else rows)[3]


def _rename(server: Any) -> None:
    server.known_as = "acme/store"


def _lock(server: Any) -> None:
    (server.merges if isinstance(server, GitLab) else server.things)[3].locked = True


def _hide(server: Any) -> None:
    server.bugs[3].private = True


def _untag(server: Any) -> None:
    server.bugs[3].tags = ["qa-bad"]


def _hide_issue(server: Any) -> None:
    server.issues["ABC-3"].level = "secret"


def _hide_project(server: Any) -> None:
    server.account.rights["ABC"] = ()


def _move_issue(server: Any) -> None:
    server.move("ABC-3", "XYZ")


def _other_token(server: Any) -> None:
    server.account.token = "another"


def _data_center(server: Any) -> None:
    server.cloud = False


def _another_key(server: Any) -> None:
    server.token = "another"


def _no_rest(server: Any) -> None:
    server.rest = False


def _hide_redmine(server: Any) -> None:
    server.issues[3].hidden = True


def _delete_redmine(server: Any) -> None:
    del server.issues[3]


def _poison(server: Any) -> None:
    server.issues[3].poison = True


def _close_project(server: Any) -> None:
    server.issues[3].closed_project = True


def _no_notes(server: Any) -> None:
    server.may.discard("note")


def _here(server: Any) -> None:
    server.elsewhere = f"{server.root.rstrip('/')}/elsewhere"


def _no_graphql(server: Any) -> None:
    server.graphql = False


def _hide_checks(server: Any) -> None:
    server.hides_checks = True


def _forbid_one_check(server: Any) -> None:
    server.spoil("Commit.statusCheckRollup", of=_newest(server), kind="FORBIDDEN")


def _break_one_check(server: Any) -> None:
    server.spoil("Commit.statusCheckRollup", of=_newest(server), kind="SOMETHING_NEW")


def _null_one_check(server: Any) -> None:
    server.spoil("StatusCheckRollupContextConnection.nodes", of=_newest(server), value=[None])


def _new_conclusion(server: Any) -> None:
    server.spoil("CheckRun.conclusion", of=_newest(server))


def _hide_pipelines(server: Any) -> None:
    server.pipelines.hidden = True


def _hide_jobs(server: Any) -> None:
    server.pipelines.jobs_hidden = True


def _lose_pipelines(server: Any) -> None:
    server.pipelines.lost = {server.pipelines.rows[-1].sha}


def _skip_ci(server: Any) -> None:
    server.pipelines.rows[-1].status = "skipped"


def _new_state(server: Any) -> None:
    server.statuses.say(list(server.statuses.of)[-1], "ci/build", "shiny")


def _newest(server: Any) -> str:
    """SHA of the newest landing."""
    return str(list(server.runs)[-1])


_WORLDS: dict[str, Callable[[Any], None]] = {
    "forbidden": _forbid,
    "all forbidden": _forbid_all,
    "gone": _remove,
    "renamed": _rename,
    "locked": _lock,
    "private": _hide,
    "hidden": _hide_issue,
    "project hidden": _hide_project,
    "moved": _move_issue,
    "another token": _other_token,
    "data center": _data_center,
    "another key": _another_key,
    "no REST": _no_rest,
    "issue hidden": _hide_redmine,
    "issue deleted": _delete_redmine,
    "issue broken": _poison,
    "project closed": _close_project,
    "no notes": _no_notes,
    "same host": _here,
    "no graphql": _no_graphql,
    "bad": _untag,
    "checks hidden": _hide_checks,
    "the checks of r4 forbidden": _forbid_one_check,
    "the checks of r4 broken": _break_one_check,
    "a check of r4 null": _null_one_check,
    "a conclusion of r4 null": _new_conclusion,
    "pipelines hidden": _hide_pipelines,
    "jobs hidden": _hide_jobs,
    "the pipelines of r4 null": _lose_pipelines,
    "the pipeline of r4 skipped": _skip_ci,
    "a new state": _new_state,
}
"""What is otherwise than in the story, by name."""


@contextmanager
def _quick(silent: bool) -> Iterator[list[float]]:
    """Waits that are asked for are only counted, growing ones are short, and silence is noticed at once, if
    the server is silent: else a busy machine would end requests that do not hang."""
    waited: list[float] = []
    given = http.HttpSession.__init__.__kwdefaults__
    assert given is not None
    clock = {"sleep": waited.append, "clock": lambda: time.monotonic() + sum(waited)}
    changed: dict[str, Any] = {"_RESTS": {}, "FIRST_WAIT": 0.001, "LARGEST": 2_000_000, "WRITE_EVERY": 0.0}
    if silent:
        changed |= {"LIMIT": 0.3, "WHOLE": 0.4}
    with (
        patch.dict(given, clock),
        patch.multiple(http, **changed),
    ):
        yield waited
