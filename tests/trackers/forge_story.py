"""Plays a story of a team on a forge, line by line: a real repository, a local forge, the real library.

squash 12 Title             a request landed; the message is the forge's own
merge 12 Title | Second     by a merge commit that brought these commits in
rebase 12 Title | Second    each of them a landing, none of which names the request
push Title                  landed without any request
own 12 Title                by one landing whose message is all somebody's own
claim 12 Title              a landing without any request, whose message names that one as the forge would
byhand 12 Title             a merge by hand: the forge notices that the request's head has arrived
closed 12 qa-ok             a request that was not merged, with these labels
elsewhere 12 main qa-ok     one that was merged into another branch
revert 12 as 13             the forge's button, landed as the request it undoes landed (on GitHub by squash)
label 12 qa-ok ui           the request has these labels now, and no others
issue 12 qa-bad                   an issue of that number, with these labels
rename qa-ok QA Pass        a label is called something else from now on
delete-branch 12            its branch is gone
robot                       who makes the next request
deploy r2, run
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shepherd.snapshot import Snapshot
from tests.project import Project
from tests.trackers import github_server, gitlab_server
from tests.trackers.conftest import forge_settings
from tests.trackers.forge_server import Forge
from tests.trackers.github_server import GitHub
from tests.trackers.gitlab_server import GitLab

ANN, ROBOT = "Ann <ann@example.org>", "renovate[bot] <bot@example.org>"


class Story:
    """`snapshot` is the last answer; r1 begins every story, and is live."""

    def __init__(self, folder: Path, forge: Forge, tracker: str = "", branch: str = "") -> None:
        self.forge = forge
        self.project = Project(
            folder, branch=f'orphans = "needs-qa"\n{branch}', tracker=forge_settings(forge, tracker)
        )
        self.repo = self.project.repo
        self.landed = self.project.land("Begin")
        self.known(self.landed[0])
        self.project.deploy(self.landed[0])
        self.requests: dict[int, tuple[str, list[str], list[str]]] = {}
        """Number -> how it landed, its titles, its landings."""
        self.author = ANN
        self.snapshot: Snapshot | None = None

    def tell(self, lines: list[str]) -> None:
        for line in lines:
            self._tell(line)

    def _tell(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        number, _, said = rest.partition(" ")
        match word:
            case "squash" | "merge" | "rebase":
                self._land(word, int(number), said.split(" | "))
            case "own":
                self._own(int(number), said)
            case "claim":
                self._tell(f"push {self._claiming(int(number), said)}")
            case "byhand":
                brought = self._topic(int(number), [said], self.author)
                message = self._of_merge(int(number), said)
                self._landing(self.repo.merge(message, brought[-1], date=self._date()))
                self._noticed(int(number), brought)
            case "closed":
                self.things[int(number)] = self._request(*said.split(), merged=False)
            case "elsewhere":
                base, *labels = said.split()
                self.things[int(number)] = self._request(*labels, base=base)
            case "revert":
                self._revert(int(number), int(said.removeprefix("as ")))
            case "push":
                self._landing(
                    self.repo.commit(rest.replace("\\n", "\n"), author=self.author, date=self._date())
                )
                self.known(self.landed[-1])
            case "label":
                self.things[int(number)].labels = said.split()
            case "issue":
                self.issues[int(number)] = self._issue(*said.split())
            case "rename":
                for thing in self.things.values():
                    thing.labels = [said if label == number else label for label in thing.labels]
            case "delete-branch":
                self.repo.git("update-ref", "-d", f"refs/heads/topic-{number}")
            case "robot":
                self.author = ROBOT
            case "deploy":
                self.project.deploy(self.landed[int(rest.removeprefix("r")) - 1])
            case "run":
                self.snapshot = self.project.full_run()
            case _:
                raise ValueError(f"no step of a story: {line}")

    @property
    def things(self) -> dict[int, Any]:
        return self.forge.things if isinstance(self.forge, GitHub) else self.merges

    @property
    def issues(self) -> dict[int, Any]:
        return self.forge.things if isinstance(self.forge, GitHub) else self.lab.issues

    @property
    def lab(self) -> GitLab:
        assert isinstance(self.forge, GitLab)
        return self.forge

    @property
    def merges(self) -> dict[int, Any]:
        return self.lab.merges

    def known(self, sha: str) -> None:
        """The forge has this commit."""
        assert isinstance(self.forge, GitHub | GitLab)
        self.forge.commits.add(sha)

    def _issue(self, *labels: str) -> Any:
        forge = github_server if isinstance(self.forge, GitHub) else gitlab_server
        return forge.issue(*labels)

    def _request(self, *labels: str, merged: bool = True, base: str = "stable") -> Any:
        """One whose commits are none of ours."""
        if isinstance(self.forge, GitHub):
            return github_server.pull(*labels, base=base, merged=merged, commits=("dead" * 10,))
        state = "merged" if merged else "closed"
        return gitlab_server.merge(*labels, base=base, state=state, commits=("dead" * 10,))

    def _claiming(self, number: int, title: str) -> str:
        if isinstance(self.forge, GitHub):
            return f"{title} (#{number})"
        return f"{title}\n\nSee merge request {self.forge.project}!{number}"

    def _own(self, number: int, message: str) -> None:
        self._landing(self.repo.commit(message.replace("\\n", "\n"), author=self.author, date=self._date()))
        self._merged("squash", number, [message], [], self.landed[-1:])

    def _noticed(self, number: int, brought: list[str]) -> None:
        if isinstance(self.forge, GitHub):
            self.forge.things[number] = github_server.pull(head=brought[-1])
        else:
            self.lab.merges[number] = gitlab_server.merge(commits=tuple(brought), updated=number)

    def _date(self) -> int:
        from datetime import timedelta

        self.project.now += timedelta(minutes=10)
        return int(self.project.now.timestamp())

    def _landing(self, sha: str) -> None:
        self.landed.append(sha)
        self.author = ANN

    def _land(self, how: str, number: int, titles: list[str], messages: list[str] | None = None) -> None:
        """`messages`: of the commits, where they are more than titles."""
        author, before = self.author, len(self.landed)
        messages = messages or titles
        if how == "merge":
            brought = self._topic(number, messages, author)
            self._landing(self.repo.merge(self._of_merge(number, titles[0]), brought[-1], date=self._date()))
        elif how == "squash":
            brought = []
            title = f"{titles[0]} (#{number})" if isinstance(self.forge, GitHub) else titles[0]
            message = title + messages[0].removeprefix(titles[0])
            self._landing(self.repo.commit(message, author=author, date=self._date()))
        else:
            for message in messages:
                self._landing(self.repo.commit(message, author=author, date=self._date()))
            brought = self.landed[before:]
        self._merged(how, number, titles, brought, self.landed[before:])

    def _topic(self, number: int, messages: list[str], author: str) -> list[str]:
        tip, made = [self.landed[-1]], []
        for message in messages:
            sha = self.repo.commit(
                message, author=author, parents=tip, branch=f"topic-{number}", date=self._date()
            )
            made.append(sha)
            tip = [sha]
        return made

    def _of_merge(self, number: int, title: str) -> str:
        if isinstance(self.forge, GitHub):
            return f"Merge pull request #{number} from ann/topic-{number}\n\n{title}"
        return (
            f"Merge branch 'topic-{number}' into 'stable'\n\n{title}\n\n"
            f"See merge request {self.forge.project}!{number}"
        )

    def _merged(
        self, how: str, number: int, titles: list[str], brought: list[str], landed: list[str]
    ) -> None:
        self.requests[number] = (how, titles, landed)
        if isinstance(self.forge, GitHub):
            self.forge.things[number] = github_server.pull(commits=(*brought, *landed))
            return
        extra = {"merge": {"merge_commit": landed[-1]}, "squash": {"squash_commit": landed[-1]}}.get(how, {})
        self.lab.merges[number] = gitlab_server.merge(commits=tuple(brought), updated=number, **extra)

    def _revert(self, number: int, new: int) -> None:
        how, titles, landed = self.requests[number]
        if how == "rebase":
            before = len(self.landed)
            for sha in reversed(landed):
                self._landing(self.repo.revert(sha, date=self._date()))
            names = [f'Revert "{title}"' for title in reversed(titles)]
            self._merged("rebase", new, names, self.landed[before:], self.landed[before:])
            return
        if isinstance(self.forge, GitHub):
            named = f"{titles[0]} (#{number})" if how == "squash" else titles[0]
            title = f'Revert "{named}"'
            message = f"{title} (#{new})\n\nReverts {self.forge.project}#{number}\n"
            self._landing(self.repo.revert(landed[-1], message, date=self._date()))
            self._merged("squash", new, [title], [], [self.landed[-1]])
            return
        title = f'Revert "{titles[0]}"'
        if how == "squash":
            self._landing(self.repo.revert(landed[-1], f"{title}\n", date=self._date()))
            self._merged("squash", new, [title], [], [self.landed[-1]])
            return
        base = self.landed[-1]
        self.repo.set_ref(f"refs/heads/topic-{new}", base)
        told = f"{title}\n\nThis reverts merge request !{number}\n"
        undone = self.repo.revert(landed[-1], told, branch=f"topic-{new}", date=self._date())
        self._landing(self.repo.merge(self._of_merge(new, title), undone, date=self._date()))
        self._merged("merge", new, [title], [undone], [self.landed[-1]])
