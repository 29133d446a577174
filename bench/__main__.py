"""`python -m bench`: everything, one claim a line."""

from __future__ import annotations

from bench import browser, checks, find, forges, init, jira, launchpad, mails, page, routine, rules, startup


def main() -> None:
    for each in (rules, page, browser, startup, routine, find, init, launchpad, jira, forges, checks, mails):
        each.main()


if __name__ == "__main__":
    main()
