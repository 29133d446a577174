"""The login name, also of a user id that the system has no name for, as in a container
(docs/containers.md#which-user)."""

from __future__ import annotations


def login() -> str:
    """The login name of the user who runs this, `user id 12345` if there is none."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return user_name()


def user_name(uid: int | None = None) -> str:
    """The name of a user (default: of this process, whatever the environment says), `user id 12345` if the
    system has none for it."""
    import os
    import pwd

    number = os.geteuid() if uid is None else uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user id {number}"
