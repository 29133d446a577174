"""What commands print with `--json` is as the published schemas say (docs/interfaces.md#commands)."""

from __future__ import annotations

import json
import sqlite3

import pytest
from jsonschema import Draft202012Validator

from tests.inv import inv_here
from tests.project import Project
from tests.promoting import PROMOTE, promote, ready
from tests.schemas_document import PRINTED, published, schema_of


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """r3 promoted, r4 and r5 wait, r4 in the web."""
    branch = f'{PROMOTE}\ncomponents = {{ web = ["landed/"] }}'
    made, _ = ready(tmp_path_factory.mktemp("project"), branch)
    promote(made)
    made.verdict("r4", "bad")
    made.look()
    return made


@pytest.mark.parametrize("name", PRINTED)
def test_it_is_made_of_what_is_printed(name: str) -> None:
    Draft202012Validator.check_schema(published(name))
    assert published(name) == schema_of(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("audit", "audit promoted"),
        ("history", "history"),
        ("history", "history --rev r4"),
        ("notes", "notes --to r3 --format json"),
        ("verify", "audit --verify"),
        ("waits", "waits"),
        ("whatif", "whatif --ok r4 --deploy r3"),
    ],
)
def test_what_is_printed(project: Project, name: str, words: str) -> None:
    asked = words.split() if "json" in words else [*words.split(), "--json"]
    done = inv_here(project.folder, *asked)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document
    Draft202012Validator(published(name)).validate(document)


def test_a_chain_that_does_not_hold(project: Project) -> None:
    database = project.state / "shepherd.db"
    before = database.read_bytes()
    journal = sqlite3.connect(database)
    with journal:
        journal.execute("UPDATE journal SET why = 'x' WHERE seq = 3")
    journal.close()
    done = inv_here(project.folder, "audit", "--verify", "--json")
    database.write_bytes(before)
    assert done.code == 8
    document = json.loads(done.out)
    assert document["findings"]
    Draft202012Validator(published("verify")).validate(document)
