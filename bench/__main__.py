"""`python -m bench`: everything, one claim a line."""

from __future__ import annotations

from bench import browser, find, launchpad, page, routine, rules, startup


def main() -> None:
    for each in (rules, page, browser, startup, routine, find, launchpad):
        each.main()


if __name__ == "__main__":
    main()
