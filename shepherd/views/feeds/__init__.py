"""What programs read: one module a feed. The same data give the same bytes (docs/feeds.md)."""

from __future__ import annotations

from shepherd.views.feeds.as_json import landings_pieces as landings_pieces
from shepherd.views.feeds.as_json import named as named
from shepherd.views.feeds.as_json import plain_json as plain_json
from shepherd.views.feeds.as_json import snapshot_json as snapshot_json
from shepherd.views.feeds.as_json import snapshot_pieces as snapshot_pieces
