"""What is kept of what a source said of a check (docs/rules.md#checks)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shepherd.check_results import check_result, is_check_url
from shepherd.conditions import CheckResult


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (check_result("a\x1b[31m\nb", "failed"), CheckResult("a [31m b", "failed")),
        (check_result("n" * 999, "failed"), CheckResult("n" * 255, "failed")),
        (check_result("a", "failed", url="javascript:alert(1)"), CheckResult("a", "failed")),
        (check_result("a", "pending", datetime(1, 1, 1, tzinfo=UTC)), CheckResult("a", "pending")),
        (check_result("a", "pending", datetime(9999, 1, 1, tzinfo=UTC)), CheckResult("a", "pending")),
        (
            check_result("a", "failed", datetime(2011, 8, 1, tzinfo=UTC), "https://x/7"),
            CheckResult("a", "failed", 1_312_156_800, "https://x/7"),
        ),
    ],
)
def test_what_cannot_be_shown_or_cannot_be_true_is_left_out(sent: CheckResult, shown: CheckResult) -> None:
    assert sent == shown


@pytest.mark.parametrize(
    "url",
    ["https://ci.example.org", "http://127.0.0.1:8080/job/7?tab=log#end", "HTTPS://[::1]/x", "https://a.b?c"],
)
def test_where_people_may_be_sent(url: str) -> None:
    assert is_check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "//ci.example.org/",
        "ftp://ci.example.org/",
        "https://me:secret@ci.example.org/",
        "https://:secret@ci.example.org/",
        "https://",
        "https://ci.example.org/a b",
        "https://ci.example.org/\n",
        " https://ci.example.org/",
        "https://ci.example.org/" + "x" * 2_000,
    ],
)
def test_where_nobody_is_sent(url: str) -> None:
    assert not is_check_url(url)
