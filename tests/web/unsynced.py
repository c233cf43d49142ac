"""A deliberately broken site: its database acknowledges a commit without a sync. A control for power cuts."""

from __future__ import annotations

from undersigned.web.database import sqlite_library

# Before Django opens its first connection.
sqlite_library.INIT_COMMAND = sqlite_library.INIT_COMMAND.replace("synchronous=FULL", "synchronous=OFF")  # type: ignore[misc]

from undersigned.web.edge.asgi import application  # noqa: E402

__all__ = ["application"]
