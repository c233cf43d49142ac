"""Exceptions for operators: one sentence that says what failed, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error as DatabaseError

from undersigned.languages.library import IcuError
from undersigned.web.config.datadir import DataDir, DataError, ForeignDirectoryError
from undersigned.web.database.postgresql.server import UnreadableUrlError
from undersigned.web.database.sqlite_library import UnsafeDatabaseError
from undersigned.web.operator.database_errors import explain_database_error


class OperatorError(Exception):
    """Something failed that an operator can fix; the message says what and how."""


class MisuseError(OperatorError):
    """The arguments are wrong, whatever the site's state."""


@contextmanager
def explained(data: DataDir) -> Iterator[None]:
    """Converts every expected exception inside to an OperatorError."""
    try:
        yield
    except ForeignDirectoryError as error:
        raise MisuseError(str(error)) from None
    except (DataError, UnsafeDatabaseError, UnreadableUrlError, IcuError) as error:
        raise OperatorError(str(error)) from None
    except DatabaseError as error:
        raise OperatorError(explain_database_error(error)) from None
    except OSError as error:
        # A full disk, a read-only mount, another user's directory: a traceback would not help.
        raise OperatorError(_explain_file_error(data, error)) from None


def _explain_file_error(data: DataDir, error: OSError) -> str:
    where = error.filename or data.root
    why = (error.strerror or str(error)).lower()
    what_to_do = f"Choose another place with --data, or let the user who runs this write to {data.root}"
    return f"cannot use {where}: {why}. {what_to_do}"
