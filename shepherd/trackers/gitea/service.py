"""What the shepherd asks of Gitea: lists, fifty in one answer, as long as they hold enough of what is wanted,
and the rest one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from urllib.parse import quote

import msgspec

from shepherd.errors import TrackerError
from shepherd.trackers.forge.items import Absent, ForgeItem, Issue, Request, UnreadablePart, no_such_item
from shepherd.trackers.forge.reading import number_of
from shepherd.trackers.gitea.answers import GiteaBranch, GiteaIssue, GiteaLabel, GiteaPull, GiteaUser
from shepherd.trackers.gitea.landed import PullSearch
from shepherd.trackers.gitea.rest import GiteaRest
from shepherd.trackers.http import RequestError
from shepherd.values import clean
from shepherd.words import Item, is_request


class GiteaService(GiteaRest):
    """See ForgeService: one repository on Gitea or Forgejo."""

    def requests_of(
        self, commits: Collection[str], base: str
    ) -> Iterator[tuple[str, Sequence[Request] | UnreadablePart]]:
        """See ForgeService."""
        return PullSearch(self, commits, base).requests()

    def items_of(self, items: Collection[Item], claimed: Collection[Item]) -> dict[Item, ForgeItem]:
        """See ForgeService. Issues and pull requests share one row of numbers here."""
        everything = {*items, *claimed}
        wanted = {number_of(item) for item in everything if is_request(item)}
        pulls = self.found("/pulls", {"state": "all", "sort": "recentupdate"}, GiteaPull, wanted)
        there: dict[Item, ForgeItem] = {f"#{number}": pull.request for number, pull in pulls.items()}
        left = everything - there.keys()
        try:
            wanted = {number_of(item) for item in left}
            issues = self.found("/issues", {"state": "all", "type": "issues"}, GiteaIssue, wanted)
        except RequestError as error:
            if error.status not in (403, 404):
                raise
            # a project may have no issues, or the token no right to them; is it there at all?
            self.get("", {}, msgspec.Raw)
            issues = {}
        for item in left:
            issue = issues.get(number_of(item))
            there[item] = Issue(issue.names) if issue else self._one(item)
        return there

    def _one(self, item: Item) -> ForgeItem:
        """What an item is that stood in no list."""
        number = number_of(item)
        try:
            if is_request(item) and (pull := self.get_if_there(f"/pulls/{number}", GiteaPull)):
                return pull.request
            issue = self.get_if_there(f"/issues/{number}", GiteaIssue)
        except RequestError as error:
            return UnreadablePart(str(self.alone(error)))
        return Issue(issue.names) if issue else Absent(no_such_item(item, self.project))

    def all_labels(self) -> list[GiteaLabel]:
        """Those of the project, and of the organization that it belongs to."""
        labels = [label for page in self.pages("/labels", {}, GiteaLabel) for label in page]
        try:
            path = f"/orgs/{quote(self.owner)}/labels"
            labels += [label for page in self.pages(path, {}, GiteaLabel, whole=True) for label in page]
        except RequestError as error:
            # the owner is a person, or the token gives no right to it
            if error.status not in (403, 404):
                raise
        return labels

    def labels(self) -> list[str]:
        """See ForgeService."""
        return [label.name for label in self.all_labels()]

    def deployed(self, environments: Collection[str]) -> str:
        """See ForgeService. Gitea knows of no deployments."""
        return ""

    def required_checks(self, branch: str) -> list[str]:
        """Patterns of the contexts that pull requests into a branch have to wait for. Raises TrackerError:
        Gitea does not say."""
        found = self.get_if_there(f"/branches/{quote(branch)}", GiteaBranch)
        if found is None:
            raise TrackerError(
                f"{self.project} has no branch {clean(branch, 100)}, or the token may not see it"
            )
        # where none is named, all that there are have to pass
        return list(found.status_check_contexts or ("*",)) if found.enable_status_check else []

    def probe(self) -> str:
        """See ForgeService."""
        self.get("/pulls", {"limit": 1}, list[GiteaIssue | None])
        if self.anonymous:
            return "anonymously"
        try:
            return f"as {self.get('/user', {}, GiteaUser, whole=True).login}"
        except RequestError as error:
            if error.status != 403:
                raise
            return "with a token that may not say whose it is"
