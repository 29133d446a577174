"""People of messages through `.mailmap`, whatever their names."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shepherd.git.mailmap import through_mailmap
from shepherd.git.repository import open_repository
from tests.gitrepo import Repo

MAILMAP = "Ann Lee <ann@example.org> <ann@old.example>\n"


def test_the_mapped_and_all_others_as_they_were(repo: Repo) -> None:
    repo.commit("names", files={".mailmap": MAILMAP})
    blob = repo.git("rev-parse", "HEAD:.mailmap")
    people = [("ann", "ann@old.example"), ("", "ann@old.example"), ("Bob", "b@example.org"), ("Cy", "")]
    mapped = through_mailmap(open_repository(str(repo.path)), blob, people)
    lee = ("Ann Lee", "ann@example.org")
    assert mapped == dict(zip(people, [lee, lee, *people[2:]], strict=True))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=5))
def test_no_name_disturbs_another(repo: Repo, odd: list[tuple[str, str]]) -> None:
    blob = repo.git("hash-object", "-w", "--stdin", input=MAILMAP.encode())
    asked = [*odd, ("ann", "ann@old.example")]
    mapped = through_mailmap(open_repository(str(repo.path)), blob, asked)
    assert mapped["ann", "ann@old.example"] == ("Ann Lee", "ann@example.org")
    assert mapped.keys() == set(asked)
