"""A deliberately broken site: its database says "stored" and leaves the disk for later. A control for power cuts."""

from __future__ import annotations

from undersigned.web import database

# Before Django opens its first connection.
database.INIT_COMMAND = database.INIT_COMMAND.replace("synchronous=FULL", "synchronous=OFF")  # type: ignore[misc]

from undersigned.web.asgi import application  # noqa: E402

__all__ = ["application"]
