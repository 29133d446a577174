"""docs/conventions.md from tests/cases/conventions.toml: `python -m tests.conventions.table` writes it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from shepherd.words import item_name
from tests.inv import ROOT
from tests.reading_order import linked

CASES = ROOT / "tests" / "cases" / "conventions.toml"
PAGE = ROOT / "docs" / "conventions.md"

_HEAD = """\
# How teams land

Does the shepherd understand how your project lands? Look for the way below; a project may use several of them
at once. Each row is a history that a test makes and reads with `inv init` and `inv find judge report`.
`python -m tests.conventions.table` makes this page from
[tests/cases/conventions.toml](../tests/cases/conventions.toml), which has what must come out; a test keeps
them equal.

In all of them a revert that is announced or exact is recognised. It counts by itself if its content proves it
byte for byte ([rules.md](rules.md#proved-by-content)). If not, for example because a conflict was solved by
hand, the landing shows a hint with the command `inv cover`, by which a person confirms it.

## What is read in a landing

"Recognised by" is what its message or the clone shows. "Person" is whose landing it is, and who gets mail
about it: the setting `person` chooses otherwise, and `robots` names programs ([settings.md](settings.md)).
The request carries the labels, if the tracker is read; `inv explain '#12'` finds the landing by it, and
`inv explain BRANCH` by its branch.

| way to land | recognised by | person | request | reverts |
|---|---|---|---|---|
"""
_INIT = """
## What `inv init` writes

For a clone without a token. The tracker is then `none`: people give verdicts on landings. "Offered" is the
tracker that stands in comments, with what is needed to read it. "Robots" are the programs among the authors,
as the patterns of `robots` match them. "In QA" is what the history of the test has after production.

| way to land | clone of | tracker | offered | marks | robots | production | in QA |
|---|---|---|---|---|---|---|---|
"""
_PRODUCTION = """
## What names production

`inv init` lists what may name it, with the number of landings that each would leave in QA, and asks; without
a terminal it takes the first and says so in a comment. `inv init --deployed REV` says it yourself.

| what there is | what counts | `deployed =` | in QA |
|---|---|---|---|
"""
_ANSWER = """
## What the answer shows

`basket` and the others are the landings of the tests. "Undoes" is proved; "hint" comes with the command.

| way to land | landings |
|---|---|
"""


def rows() -> list[dict[str, Any]]:
    """Return the rows of the file; those without `landings` are about what names production."""
    return list(tomllib.loads(CASES.read_text(encoding="utf-8"))["convention"])


def table() -> str:
    """Return the page as it has to be."""
    ways = [row for row in rows() if "landings" in row]
    others = [row for row in rows() if "landings" not in row]
    read = ("name", "recognised", "person", "request", "reverts")
    return linked(
        PAGE.name,
        "".join(
            [
                _HEAD,
                *(_line(row[key] for key in read) for row in ways),
                _INIT,
                *(_line([row["name"], *_written(row)]) for row in ways),
                _PRODUCTION,
                *(_line([row["name"], row["recognised"], *_written(row)[-2:]]) for row in others),
                _ANSWER,
                *(_line([row["name"], "<br>".join(map(_landing, row["landings"]))]) for row in ways),
            ]
        ),
    )


def _written(row: dict[str, Any]) -> list[str]:
    init = row["init"]
    return [
        f"`{row['origin']}`" if "origin" in row else "–",
        f"`{init['tracker']}`",
        ", ".join(init["offers"]) or "–",
        ", ".join(init["marks"]) or "none",
        ", ".join(init["robots"]) or "–",
        f"`{init['deployed']}`",
        str(init["window"]),
    ]


def _landing(said: dict[str, Any]) -> str:
    """One landing, in half a line."""
    items = [*said.get("requests", ()), *(item_name(str(bug)) for bug in said.get("bugs", ()))]
    parts = [
        said.get("person") or "nobody",
        *([f"merged by {said['merged_by']}"] if "merged_by" in said else []),
        *([f"with {' and '.join(said['co_authors'])}"] if "co_authors" in said else []),
        *([", ".join(items)] if items else []),
        *([f"branch {said['branch']}"] if "branch" in said else []),
        *([f"closes {', '.join(f'#{issue}' for issue in said['closes'])}"] if "closes" in said else []),
        *([f"link {said['link']}"] if "link" in said else []),
        *(f"undoes `{name}`" for name in said.get("undoes", ())),
        *(f"hint: undoes `{name}`" for name in said.get("hinted", ())),
    ]
    return f"`{said['landing']}`: {'; '.join(parts)}"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    PAGE.write_text(table(), encoding="utf-8")
