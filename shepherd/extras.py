"""How the package of an extra that is not installed is got (docs/settings.md#deploy)."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


def how_to_install(extra: str, root: Path = _ROOT) -> str:
    """What to do, for the end of a sentence.

    Args:
        root: the folder that this code is in: a clone, a release that `fab deploy` made, or neither.
    """
    if (root / "release.json").is_file():
        # whatever is installed into a release is not in the next one
        return f'add "{extra}" to deploy.extras where fab runs, and deploy again'
    if (root / "requirements").is_dir():
        return f".venv/bin/pip install --require-hashes -r requirements/{extra}.txt"
    return f"pip install 'qa-shepherd[{extra}]', where qa-shepherd is installed"
