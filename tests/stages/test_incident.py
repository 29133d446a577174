"""The incident of August 2011 (docs/rules.md#answer), in its full size: 13,777 landings, three named bad.

The numbers are Launchpad's; the messages here are ours.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.gitrepo import Repo
from tests.inv import inv

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""

BAD = (13728, 13755, 13766)
ROLLBACKS = {13760: 13728, 13773: 13755, 13777: 13766}


def history(folder: Path, tip: int) -> None:
    repo = Repo(folder / "launchpad.git")
    stream = []
    for revno in range(1, tip + 1):
        target = ROLLBACKS.get(revno)
        message = f"[rollback={target}] Out" if target else f"[bug={800000 + revno}] Change {revno}"
        stream.append(
            f"commit refs/heads/stable\nmark :{revno}\n"
            f"committer Ann <ann@example.org> {1300000000 + revno} +0000\n"
            f"data {len(message)}\n{message}\nM 100644 inline part.txt\ndata {len(str(revno))}\n{revno}\n"
        )
    stream.append("reset refs/heads/production\nfrom :13700\n")
    repo.git("fast-import", "--quiet", input="".join(stream).encode())
    bugs = {str(800000 + revno): {"tags": ["qa-ok"]} for revno in range(13600, tip + 1)}
    for number, revno in enumerate(BAD):
        bugs[str(900000 + number)] = {"tags": [f"bad-commit-{revno}"]}
    (folder / "bugs.json").write_text(json.dumps({"bugs": bugs}))
    (folder / "shepherd.toml").write_text(
        '[branches.stable]\nrepository = "launchpad.git"\nref = "stable"\ndeployed = { ref = "production" }\n'
        '[tracker]\ntype = "file"\npath = "bugs.json"\n'
    )


@pytest.mark.real
@pytest.mark.parametrize(
    ("tip", "answer", "blockers"),
    [
        (13776, 13727, [{"revno": 13766, "waiting": 11, "tip_if_cleared": 13776, "frees": 49}]),
        (13777, 13777, []),
    ],
)
def test_the_incident(tmp_path: Path, tip: int, answer: int, blockers: list[dict[str, int]]) -> None:
    history(tmp_path, tip)
    assert inv(tmp_path, "find", "judge", "report").code == 0
    document = json.loads(inv(tmp_path, "status", "--json").out)
    assert document["deployable"]["revno"] == answer
    told = [
        {key: b[key] for key in ("revno", "waiting", "tip_if_cleared", "frees")} for b in document["blockers"]
    ]
    assert told == blockers
    page = (tmp_path / "var" / "report" / "stable.html").read_text()
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert heading is not None
    assert re.sub(r"<[^>]+>", "", heading[1]).split()[:2] == ["deploy", f"r{answer}"]
