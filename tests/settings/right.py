"""The least settings that load."""

from __future__ import annotations

RIGHT = """\
state_dir = "var"
[branches.stable]
repository = "/srv/git/launchpad.git"
ref = "stable"
deployed = { ref = "production" }
"""
