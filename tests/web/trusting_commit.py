"""A deliberately broken site: it takes PostgreSQL's COMMIT at its word, as Django does by itself. A control for R7."""

from __future__ import annotations

from undersigned.web.database.postgresql.base import DatabaseWrapper

# Django's own: a commit that came with a warning is a commit.
del DatabaseWrapper._commit

from undersigned.web.edge.asgi import application  # noqa: E402

__all__ = ["application"]
