"""Django's SQLite backend, whose tables have no hidden row numbers.

A SQLite table whose primary key is not its row number has both: rows are numbered in the order in which they came,
and a copy of the file has the numbers. Where the key is a hash, the table is made WITHOUT ROWID and stands in the order
of the hashes.

Not so a table of rows of some kilobytes, which would be spread over pages of their own. It is rewritten in the order
of its keys instead, row numbers and all, as are the others whose pages would tell (``web.database.row_order``).
"""

from __future__ import annotations

from typing import Any, Final

from django.db.backends.sqlite3 import base, features, schema
from django.db.models import AutoField, Model

LARGE: Final = frozenset({"signing_pending"})
"""Tables of large rows: a signature costs a sixth more without row numbers."""


def is_numbered(model: type[Model]) -> bool:
    """Whether a model's table has row numbers."""
    # BigAutoField and SmallAutoField too: AutoField's metaclass says so. "new__": how Django makes a table anew.
    return isinstance(model._meta.pk, AutoField) or model._meta.db_table.removeprefix("new__") in LARGE


class DatabaseFeatures(features.DatabaseFeatures):
    """What this SQLite can do."""

    # Django 6 asks the library how many parameters a statement may have, with ``getlimit``, which pysqlite3 has not
    # got. Every SQLite accepts 999, and so do Django 5.2's statements: both divide rows the same way.
    max_query_params = 999


class SchemaEditor(schema.DatabaseSchemaEditor):
    """Makes tables, also those it makes anew for a migration."""

    def table_sql(self, model: type[Model]) -> tuple[str, list[Any]]:
        """CREATE TABLE, and its parameters."""
        statement, parameters = super().table_sql(model)
        return (statement if is_numbered(model) else f"{statement} WITHOUT ROWID"), parameters


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection."""

    SchemaEditorClass = SchemaEditor
    features_class = DatabaseFeatures
