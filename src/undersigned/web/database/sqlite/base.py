"""Django's SQLite backend with WITHOUT ROWID tables, so that no hidden row number tells the order of insertion.

A SQLite table whose primary key is not the rowid has a hidden rowid as well: it numbers rows in the order of insertion,
and a copy of the file contains it. Where the key is a hash, the table is created WITHOUT ROWID, and its rows are stored
in the order of the hashes.

Tables with rows of several kilobytes keep their rowid, because WITHOUT ROWID would store each in overflow pages. They
are rewritten in the order of their keys instead, rowids included, like others whose pages would tell an order
(``web.database.row_order``).
"""

from __future__ import annotations

from typing import Any, Final

from django.db.backends.sqlite3 import base, features, schema
from django.db.models import AutoField, Model

LARGE: Final = frozenset({"signing_pending"})
"""Tables with large rows: without rowids a signature would cost a sixth more."""


def is_numbered(model: type[Model]) -> bool:
    """Whether a model's table has rowids."""
    # AutoField's metaclass covers BigAutoField and SmallAutoField. Django recreates a table under the name "new__...".
    return isinstance(model._meta.pk, AutoField) or model._meta.db_table.removeprefix("new__") in LARGE


class DatabaseFeatures(features.DatabaseFeatures):
    """Features of this SQLite library."""

    # Django 6 queries the maximum number of parameters with ``getlimit``, which pysqlite3 lacks. Every SQLite accepts
    # 999, which is also Django 5.2's limit: both versions split statements the same way.
    max_query_params = 999


class SchemaEditor(schema.DatabaseSchemaEditor):
    """Creates tables, including those that it recreates for a migration."""

    def table_sql(self, model: type[Model]) -> tuple[str, list[Any]]:
        """The CREATE TABLE statement, and its parameters."""
        statement, parameters = super().table_sql(model)
        return (statement if is_numbered(model) else f"{statement} WITHOUT ROWID"), parameters


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection."""

    SchemaEditorClass = SchemaEditor
    features_class = DatabaseFeatures
