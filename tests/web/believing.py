"""A deliberately broken site: it takes PostgreSQL's COMMIT at its word, as Django does by itself. A control for R7."""

from __future__ import annotations

from django.db.backends.postgresql import base

from undersigned.web.database.postgresql.base import DatabaseWrapper

# Django's own: a commit that came with a warning is a commit.
DatabaseWrapper._commit = base.DatabaseWrapper._commit  # type: ignore[method-assign]

from undersigned.web.edge.asgi import application  # noqa: E402

__all__ = ["application"]
