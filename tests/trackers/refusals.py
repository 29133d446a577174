"""What a resolver of a local GraphQL server raises, without graphql, which only the real tests have."""

from __future__ import annotations

from typing import Any


class RefusedError(Exception):
    """A resolver raises it: the field is null, and an error of this type stands beside the data."""

    def __init__(self, kind: str, message: str = "", **extensions: Any) -> None:
        super().__init__(message or kind)
        self.kind = kind
        self.extensions = extensions
