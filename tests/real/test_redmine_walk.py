"""The first day of docs/redmine.md, done in the web pages of a real Redmine: what is clicked there, what is
written into shepherd.toml, and the commands are those of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.guides import blocks
from tests.inv import ROOT, inv_here
from tests.project import Project
from tests.trackers.redmine_site import RedmineSite, running_redmine

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.real, pytest.mark.timeout(1200)]

GUIDE = ROOT / "docs" / "redmine.md"
PASSWORD = "a long password"


@pytest.fixture(scope="module")
def first_day() -> Iterator[RedmineSite]:
    with running_redmine(Path(__file__).with_name("redmine_first_day.rb")) as site:
        yield site


@pytest.fixture
def page(browser: Browser, first_day: RedmineSite) -> Iterator[Page]:
    context = browser.new_context(base_url=first_day.root, locale="en")
    context.set_default_timeout(200_000)  # milliseconds: it writes hundreds of transitions one by one
    yield context.new_page()
    context.close()


class Clicking:
    """Follows the guide: whatever it clicks stands there, in italics, and whatever it types, as code."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._guide = " ".join(GUIDE.read_text("utf-8").split())

    def log_in(self, login: str, password: str) -> None:
        self.page.goto("/logout")
        if self.page.locator("form[action='/logout'] input[type=submit]").count():
            self.page.locator("form[action='/logout'] input[type=submit]").click()
        self.page.goto("/login")
        self.page.fill("#username", login)
        self.page.fill("#password", password)
        self.page.click("#login-submit")
        self.page.get_by_role("link", name="My account", exact=True).wait_for()

    def go(self, *path: str) -> None:
        assert f"*{', '.join(path)}*" in self._guide, path
        for name in path:
            self.page.get_by_role("link", name=name, exact=True).first.click()

    def tick(self, label: str) -> None:
        self.page.get_by_label(self.named(label), exact=True).first.check()

    def type(self, field: str, text: str) -> None:
        assert all(f"`{line}`" in self._guide for line in text.split("\n")), text
        self.page.fill(field, text)

    def named(self, label: str) -> str:
        assert f"*{label}*" in self._guide, label
        return label

    def press(self, button: str) -> None:
        """It is followed by another page, with a notice that it worked."""
        self.page.locator("#content").get_by_role("button", name=button, exact=True).first.click()
        self.page.locator("#flash_notice").wait_for()


def test_the_first_day(first_day: RedmineSite, page: Page, tmp_path: Path) -> None:
    clicking = Clicking(page)
    clicking.log_in("admin", "admin")
    an_administrator_sets_it_up(clicking)
    key = the_key(clicking)
    assert re.fullmatch(r"[0-9a-f]{40}", key)
    by_status, by_field = [each.text for each in blocks(GUIDE, "toml") if 'type = "redmine"' in each.text]
    (commands,) = [each.text.splitlines() for each in blocks(GUIDE) if "inv doctor" in each.text]
    for team, settings in (("status", by_status), ("field", by_field)):
        a_day(first_day, tmp_path / team, settings, commands, key)


def an_administrator_sets_it_up(clicking: Clicking) -> None:
    page = clicking.page
    clicking.go("Administration", "Settings", "API")
    clicking.tick("Enable REST web service")
    page.locator("#tab-content-api").get_by_role("button", name="Save").click()
    page.locator("#flash_notice").wait_for()
    for name in ("In QA", "QA passed", "QA failed", "Not testable"):
        clicking.go("Administration", "Issue statuses", "New status")
        clicking.type("#issue_status_name", name)
        clicking.press("Create")
    clicking.go("Administration", "Custom fields", "New custom field")
    page.get_by_label(clicking.named("Issues"), exact=True).check()
    page.get_by_role("button", name="Next").click()
    page.select_option("#custom_field_field_format", label=clicking.named("List"))
    page.locator("#custom_field_possible_values").wait_for()
    clicking.type("#custom_field_name", "QA result")
    clicking.type("#custom_field_possible_values", "untested\npassed\nfailed\nuntestable")
    clicking.tick("For all projects")
    page.get_by_label("Bug", exact=True).check()
    clicking.press("Create")
    clicking.go("Administration", "Roles and permissions", "New role")
    clicking.type("#role_name", "QA shepherd")
    page.select_option("#role_issues_visibility", label=clicking.named("All issues"))
    for label in ("View Issues", "Edit issues", "Add notes"):
        page.locator("#permissions").get_by_label(clicking.named(label), exact=True).check()
    clicking.press("Create")
    clicking.go("Administration", "Workflow")
    if page.get_by_role("link", name="Edit", exact=True).count():
        page.get_by_role("link", name="Edit", exact=True).first.click()
    page.select_option("#role_id", label=clicking.named("all"))
    page.select_option("#tracker_id", label="Bug")
    page.get_by_label(clicking.named("Only display statuses that are used by this tracker")).uncheck()
    page.get_by_role("button", name=clicking.named("Edit"), exact=True).click()
    page.locator("#workflow_form").wait_for()
    page.evaluate(
        "document.querySelectorAll(\"#workflow_form input[type=checkbox][name$='[always]']\")"
        ".forEach(each => each.checked = true)"
    )
    clicking.press("Save")
    clicking.go("Administration", "Users", "New user")
    clicking.type("#user_login", "qa-shepherd")
    for field, text in (("firstname", "QA"), ("lastname", "Shepherd"), ("mail", "qa@example.org")):
        page.fill(f"#user_{field}", text)
    page.fill("#user_password", PASSWORD)
    page.fill("#user_password_confirmation", PASSWORD)
    clicking.press("Create")
    page.goto("/projects/shop")
    clicking.go("Settings", "Members", "New member")
    page.get_by_label("QA Shepherd", exact=True).check()
    page.locator(".roles-selection").get_by_label("QA shepherd", exact=True).check()
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator("#tab-content-members").get_by_role("link", name="QA Shepherd").wait_for()


def the_key(clicking: Clicking) -> str:
    """What the guide says is to be pasted."""
    clicking.log_in("qa-shepherd", PASSWORD)
    for name in ("My account", "API access key", "Show"):
        clicking.named(name)
    clicking.page.get_by_role("link", name="My account", exact=True).click()
    # the other key there is for feeds
    clicking.page.locator("a[href='/my/api_key'][data-remote]").click()
    shown = clicking.page.locator("#api-access-key")
    shown.wait_for()
    return shown.inner_text().strip()


def a_day(site: RedmineSite, folder: Path, settings: str, commands: list[str], key: str) -> None:
    """With these settings a team's landing goes from untested to deployable."""
    ann = site.person("ann")
    issue = ann.report("Login fails")
    project = Project(folder)
    text = (folder / "shepherd.toml").read_text().partition("[tracker]")[0]
    lines = settings.replace("https://redmine.example.org", site.root)
    (folder / "shepherd.toml").write_text(f"{text}\n{lines}\n")
    (folder / "redmine-key").write_text(f"{key}\n")
    (folder / "redmine-key").chmod(0o600)
    project.now = datetime.now(UTC)
    ids = project.land("Begin", f"Log in\n\nFixes #{issue}")
    project.deploy(ids[0])
    told = {}
    for command in commands:
        code, out, err = inv_here(folder, *command.removeprefix(".venv/bin/inv ").split(), SHEPHERD_WHO="ann")
        told[command.split()[1]] = out + err
        assert code in (0, 7) or "doctor" in command, (command, code, out, err)
    assert "as qa-shepherd" in told["doctor"]
    assert f"bug {issue}" in told["tag"]
    assert inv_here(folder, "tag")[0] == 0
    after = site.rows(
        "SELECT name FROM issues JOIN issue_statuses s ON s.id = status_id WHERE issues.id = ?", issue
    )
    by_status = "[tracker.statuses]" in settings
    assert after == [("In QA",)] if by_status else [("New",)]
    assert site.rows("SELECT count(*) FROM journals WHERE journalized_id = ? AND notes != ''", issue) == [
        (1,)
    ]
    if by_status:
        ann.change(issue, status="QA passed")
    else:
        ann.change(issue, field={"QA result": "passed"})
    code, out, _ = inv_here(folder, "find", "judge")
    assert code == 0
    assert "deploy r2" in out
